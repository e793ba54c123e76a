/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons of NUL-terminated strings. */
#ifndef PYR_TEXT_H
#define PYR_TEXT_H

#include <stdbool.h>

static inline bool text_equal(const char *a, const char *b) {
  while (*a && *a == *b) {
    a++;
    b++;
  }
  return *a == *b;
}

static inline bool text_begins(const char *s, const char *prefix) {
  while (*prefix && *s == *prefix) {
    s++;
    prefix++;
  }
  return !*prefix;
}

#endif
