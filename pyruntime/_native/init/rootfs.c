/* SPDX-License-Identifier: Apache-2.0 */
/* The rootfs as a mount of its own, held by c->rootfs from here on. */
#include "fd.h"
#include "path.h"
#include "run.h"
#include "tree.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

int op_propagation(struct ctx *c, const struct step *s) {
  long err = sys(mount, "", "/", 0, s->n[N_propagation_flags], 0);
  return err ? fail(c, (int)err, "set propagation", "/") : 0;
}

/*
 * Sets the propagation of the mount that dir lies on, from its root, found by going up until
 * the kernel agrees that it is one. The mount must not stay shared: pivot_root(2) refuses
 * that, and what is attached below would appear on the host.
 */
static int leave_group(int dir, uint64_t how) {
  FD_AUTO at = (int)sys(openat, dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  struct statx here, above;
  int err = at < 0 ? at : tree_stat(at, &here);
  while (!err) {
    err = tree_propagation(at, how);
    if (err != -EINVAL)
      return err;
    int up = (int)sys(openat, at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (up < 0)
      return up;
    fd_close(&at);
    at = up;
    err = tree_stat(at, &above);
    if (!err && above.stx_ino == here.stx_ino && above.stx_mnt_id == here.stx_mnt_id)
      return -EINVAL; /* "/" is no mount's root: a chroot */
    here = above;
  }
  return err;
}

/* A container without a mount namespace: nothing may be mounted or changed on the host. */
static int open_in_place(struct ctx *c, int *dir) {
  fd_close(&c->rootfs);
  c->rootfs = fd_give(dir);
  return 0;
}

/* Done with the rights of the host, since the container's root may lack those to search the
 * directories above. A new mount namespace keeps the working directory, as its copy. */
int op_rootfs_enter(struct ctx *c, const struct step *s) {
  const char *path = str(c, s, S_rootfs_enter_path);
  FD_AUTO dir = path_openat2(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
  if (dir < 0)
    return fail(c, dir, "open rootfs", path);
  int err = (int)sys(fchdir, dir);
  return err ? fail(c, err, "chdir", path) : 0;
}

/* Shared and unbindable come after the change of root (root_propagation): until then the
 * mount must be neither. A slave hears of the host's mounts, anything else does not. */
int op_rootfs_open(struct ctx *c, const struct step *s) {
  const char *path = str(c, s, S_rootfs_open_path);
  uint64_t how = s->n[N_rootfs_open_propagation] & MS_SLAVE ? MS_SLAVE : MS_PRIVATE;
  bool entered = s->n[N_rootfs_open_flags] & ROOTFS_ENTERED;
  FD_AUTO dir = path_openat2(AT_FDCWD, entered ? "." : path, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
  if (dir < 0)
    return fail(c, dir, "open rootfs", path);
  if (s->n[N_rootfs_open_flags] & ROOTFS_IN_PLACE)
    return open_in_place(c, &dir);
  int err = entered ? 0 : leave_group(dir, how);
  if (err)
    return fail(c, err, "set propagation of the mount below", path);
  FD_AUTO tree = tree_clone(dir, "", TREE_RECURSIVE);
  if (tree < 0)
    return fail(c, tree, "open_tree", path);
  err = tree_propagation(tree, how | MS_REC);
  if (err)
    return fail(c, err, "set propagation", path);
  err = tree_attach(tree, dir);
  if (err)
    return fail(c, err, "move_mount", path);
  fd_close(&c->rootfs);
  c->rootfs = fd_give(&tree);
  return 0;
}
