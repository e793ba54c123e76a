/* SPDX-License-Identifier: Apache-2.0 */
/* Device numbers and the check that a descriptor is the device that it should be. */
#ifndef PYR_NODE_H
#define PYR_NODE_H

#include "tree.h"

/* As mknod(2) takes it: 12 bits of major, 20 of minor. */
static inline uint32_t node_number(uint32_t major, uint32_t minor) {
  return (minor & 0xff) | (major << 8) | ((minor & ~0xffu) << 12);
}

/* Whether st is of this type (S_IFCHR, ...) and, for a device, has these numbers. */
static inline bool node_matches(const struct statx *st, uint32_t type, uint32_t major,
                                uint32_t minor) {
  if ((st->stx_mode & S_IFMT) != type)
    return false;
  return type == S_IFIFO || (st->stx_rdev_major == major && st->stx_rdev_minor == minor);
}

#endif
