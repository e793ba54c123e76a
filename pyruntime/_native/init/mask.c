/* SPDX-License-Identifier: Apache-2.0 */
/* Read-only and masked paths, after the change of root. A missing path is none to protect. */
#include "fd.h"
#include "fs.h"
#include "node.h"
#include "path.h"
#include "run.h"
#include "tree.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

#define NULL_MAJOR 1
#define NULL_MINOR 3
#define MASK_ATTR (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static bool is_missing(int err) { return err == -ENOENT || err == -ENOTDIR; }

static bool same_file(const struct statx *a, const struct statx *b) {
  return a->stx_dev_major == b->stx_dev_major && a->stx_dev_minor == b->stx_dev_minor &&
         a->stx_ino == b->stx_ino;
}

/* A read-only copy of what is mounted there goes over it; the root is set read-only itself. */
int op_readonly_path(struct ctx *c, const struct step *s) {
  const char *path = str(c, s, S_readonly_path_path);
  FD_AUTO target = path_open(c, path, 0);
  if (target < 0)
    return is_missing(target) ? 0 : target;
  int root = path_is_root(c, target);
  if (root < 0)
    return fail(c, root, "stat", path);
  FD_AUTO tree = root ? fd_give(&target) : tree_clone(target, "", TREE_RECURSIVE);
  if (tree < 0)
    return fail(c, tree, "open_tree", path);
  int err = tree_setattr(tree, TREE_RECURSIVE, MOUNT_ATTR_RDONLY, 0);
  if (err)
    return fail(c, err, "mount_setattr", path);
  err = root ? 0 : tree_attach(tree, target);
  return err ? fail(c, err, "move_mount", path) : 0;
}

/* An empty directory that nothing can be made in; kernels differ in how many inodes the
 * root itself takes. */
static int make_empty(struct ctx *c, const char *inodes, const char *label, const char *path) {
  FD_AUTO fs = fs_open(c, "tmpfs", path);
  if (fs < 0)
    return fs;
  int err = fs_string(c, fs, "source", "tmpfs", path);
  if (!err)
    err = fs_string(c, fs, "nr_blocks", "1", path);
  if (!err)
    err = fs_string(c, fs, "nr_inodes", inodes, path);
  if (!err)
    err = fs_string(c, fs, "mode", "755", path);
  if (!err && *label)
    err = fs_string(c, fs, "context", label, path);
  return err ? err : fs_mount(c, fs, MASK_ATTR, path);
}

/* One tmpfs serves all directories. It is attached for the first and cloned for the others,
 * as older kernels do not clone a mount that is attached nowhere. */
static int mask_directory(struct ctx *c, const struct step *s, int target,
                          const struct statx *seen) {
  const char *path = str(c, s, S_masked_path_path);
  const char *label = str(c, s, S_masked_path_label);
  if (c->maskfd < 0) {
    int tree = make_empty(c, "1", label, path);
    if (tree == -EINVAL || tree == -ENOSPC)
      tree = make_empty(c, "2", label, path);
    if (tree < 0)
      return tree;
    c->maskfd = tree;
    int err = tree_attach(tree, target);
    return err ? fail(c, err, "move_mount", path) : 0;
  }
  struct statx mask;
  int err = tree_stat(c->maskfd, &mask);
  if (err)
    return fail(c, err, "stat", path);
  if (same_file(&mask, seen))
    return 0;
  FD_AUTO tree = tree_clone(c->maskfd, "", 0);
  if (tree < 0)
    return fail(c, tree, "open_tree", path);
  err = tree_attach(tree, target);
  return err ? fail(c, err, "move_mount", path) : 0;
}

/* The container's /dev/null, which the rootfs may have replaced: held, then looked at. */
static int open_null(struct ctx *c) {
  if (c->nullfd >= 0)
    return 0;
  FD_AUTO null = path_open(c, "/dev/null", O_NOFOLLOW);
  if (null < 0)
    return null;
  struct statx st;
  int err = tree_stat(null, &st);
  if (err)
    return fail(c, err, "stat", "/dev/null");
  if (!node_matches(&st, S_IFCHR, NULL_MAJOR, NULL_MINOR))
    return fail(c, -ENODEV, "mask: not the null device", "/dev/null");
  c->nullfd = fd_give(&null);
  return 0;
}

static int mask_file(struct ctx *c, int target, const struct statx *seen, const char *path) {
  if (node_matches(seen, S_IFCHR, NULL_MAJOR, NULL_MINOR))
    return 0;
  int err = open_null(c);
  if (err)
    return err;
  FD_AUTO tree = tree_clone(c->nullfd, "", 0);
  if (tree < 0)
    return fail(c, tree, "open_tree", "/dev/null");
  err = tree_setattr(tree, 0, MASK_ATTR & ~MOUNT_ATTR_NODEV, 0);
  if (err)
    return fail(c, err, "mount_setattr", path);
  err = tree_attach(tree, target);
  return err ? fail(c, err, "move_mount", path) : 0;
}

int op_masked_path(struct ctx *c, const struct step *s) {
  const char *path = str(c, s, S_masked_path_path);
  FD_AUTO target = path_open(c, path, 0);
  if (target < 0)
    return is_missing(target) ? 0 : target;
  struct statx st;
  int err = tree_stat(target, &st);
  if (err)
    return fail(c, err, "stat", path);
  int root = path_is_root(c, target);
  if (root)
    return fail(c, root < 0 ? root : -EINVAL, "mask the root itself", path);
  return S_ISDIR(st.stx_mode) ? mask_directory(c, s, target, &st) : mask_file(c, target, &st, path);
}
