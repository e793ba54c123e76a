/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts as descriptors: cloned or created detached, given their attributes where nobody can
 * reach them, and only then attached, to a descriptor. All return >= 0 or -errno.
 */
#ifndef PYR_TREE_H
#define PYR_TREE_H

#include "../sys.h"

#include <linux/fcntl.h>
#include <linux/mount.h>

#define TREE_RECURSIVE AT_RECURSIVE

/* A detached copy of the mount at dir/path; an empty path is dir itself. flags: TREE_RECURSIVE. */
static inline int tree_clone(int dir, const char *path, unsigned flags) {
  unsigned all = flags | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_NO_AUTOMOUNT;
  if (!*path)
    all |= AT_EMPTY_PATH;
  return (int)sys(open_tree, dir, path, all);
}

static inline int tree_attach(int tree, int target) {
  return (int)sys(move_mount, tree, "", target, "",
                  MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/* mount_setattr(2) on the mount itself. An atime mode is a number, not a bit: setting one
 * means clearing the whole field, or the kernel would see a mix. */
static inline int tree_setattr(int tree, unsigned flags, uint64_t set, uint64_t clear) {
  if (set & MOUNT_ATTR__ATIME)
    clear |= MOUNT_ATTR__ATIME;
  struct mount_attr attr = {.attr_set = set, .attr_clr = clear};
  if (!set && !clear)
    return 0;
  return (int)sys(mount_setattr, tree, "", AT_EMPTY_PATH | flags, &attr, sizeof attr);
}

/* how: MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, with MS_REC for the whole tree. */
static inline int tree_propagation(int tree, uint64_t how) {
  struct mount_attr attr = {.propagation = how & ~(uint64_t)MS_REC};
  unsigned flags = how & MS_REC ? AT_RECURSIVE : 0;
  if (!attr.propagation)
    return 0;
  return (int)sys(mount_setattr, tree, "", AT_EMPTY_PATH | flags, &attr, sizeof attr);
}

/* Shows the ids of a detached mount's files as the user namespace maps them. */
static inline int tree_idmap(int tree, int userns, unsigned flags) {
  struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint32_t)userns};
  return (int)sys(mount_setattr, tree, "", AT_EMPTY_PATH | flags, &attr, sizeof attr);
}

static inline int tree_stat(int fd, struct statx *st) {
  return (int)sys(statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, st);
}

#endif
