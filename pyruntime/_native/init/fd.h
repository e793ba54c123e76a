/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that close themselves at the end of their scope. */
#ifndef PYR_FD_H
#define PYR_FD_H

#include "../sys.h"

static inline void fd_close(const int *fd) {
  if (*fd >= 0)
    (void)sys(close, *fd);
}
#define FD_AUTO __attribute__((cleanup(fd_close), unused)) int

/* The value of a descriptor that somebody else owns from now on. */
static inline int fd_give(int *fd) {
  int given = *fd;
  *fd = -1;
  return given;
}

#endif
