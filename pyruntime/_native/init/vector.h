/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of pointers for execve, in memory of their own, which goes with execve. */
#ifndef PYR_VECTOR_H
#define PYR_VECTOR_H

#include "decode.h"
#include <linux/mman.h>

/* Room for `count` pointers and the NULL behind them; NULL when there is no memory. */
static inline const char **vector_map(uint32_t count) {
  long ret = sys(mmap, NULL, (count + 1ul) * sizeof(char *), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return ret < 0 && ret > -4096 ? NULL : (const char **)ret;
}

/* A list argument of a step as a vector; NULL when there is no memory. */
static inline const char **vector_make(const struct ctx *c, const struct step *s, unsigned i) {
  const char **vector = vector_map(list_count(c, s, i));
  if (vector == NULL)
    return NULL;
  uint32_t count = 0;
  for (const char *at = NULL; (at = list_next(c, s, i, at));)
    vector[count++] = at;
  return vector;
}

#endif
