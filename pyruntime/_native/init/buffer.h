/* SPDX-License-Identifier: Apache-2.0 */
/* Text put together piece by piece in a fixed room; what does not fit is cut, and noted. */
#ifndef PYR_BUFFER_H
#define PYR_BUFFER_H

#include "mem.h"
#include <stdbool.h>
#include <stdint.h>

/* room: bytes of data, at least 1, the NUL included. */
struct buffer {
  char *data;
  size_t room;
  size_t len;
  bool cut;
};

static inline void buffer_bytes(struct buffer *b, const char *bytes, size_t len) {
  size_t left = b->room - 1 - b->len;
  if (len > left) {
    len = left;
    b->cut = true;
  }
  memcpy(b->data + b->len, bytes, len);
  b->len += len;
  b->data[b->len] = '\0';
}

static inline void buffer_add(struct buffer *b, const char *more) {
  buffer_bytes(b, more, strlen(more));
}

static inline void buffer_number(struct buffer *b, uint64_t value, unsigned radix) {
  char digits[20]; /* 2^64-1 has 20 decimal digits */
  size_t first = sizeof digits;
  do {
    digits[--first] = "0123456789abcdef"[value % radix];
    value /= radix;
  } while (value != 0);
  buffer_bytes(b, digits + first, sizeof digits - first);
}

static inline void buffer_decimal(struct buffer *b, int64_t value) {
  if (value < 0)
    buffer_add(b, "-");
  buffer_number(b, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}

#endif
