/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of config.json, each built detached and attached to a resolved descriptor. */
#include "buffer.h"
#include "copyup.h"
#include "fd.h"
#include "fs.h"
#include "hostproc.h"
#include "mount2.h"
#include "path.h"
#include "run.h"
#include "tree.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mount.h>

static unsigned target_flags(uint64_t flags) {
  return (flags & MOUNT_CREATE_FILE ? 0 : PATH_DIR) |
         (flags & MOUNT_NO_SYMLINKS ? PATH_NO_SYMLINKS : 0);
}

/* Kernels say EINVAL, of which there are many, when only one of the two is a directory. */
static bool kinds_differ(int tree, int target) {
  struct statx a, b;
  return tree_stat(tree, &a) == 0 && tree_stat(target, &b) == 0 &&
         S_ISDIR(a.stx_mode) != S_ISDIR(b.stx_mode);
}

/* Puts a finished detached mount in its place. Propagation is set last: set before, the
 * target's mount would pass it on only to lose it by attaching. */
static int place(struct ctx *c, int tree, int target, uint64_t propagation, const char *where) {
  int err = tree_attach(tree, target);
  if (err == -EINVAL && kinds_differ(tree, target))
    err = -ENOTDIR;
  if (err)
    return fail(c, err, "move_mount", where);
  err = tree_propagation(tree, propagation);
  return err ? fail(c, err, "set propagation", where) : 0;
}

/* A tmpfs takes the mode of the directory that it covers, unless the config gives one. */
static int keep_mode(struct ctx *c, int fs, int target, const char *where) {
  struct statx st;
  char octal[16];
  int err = tree_stat(target, &st);
  if (err)
    return fail(c, err, "stat", where);
  struct buffer b = {.data = octal, .room = sizeof octal};
  buffer_number(&b, st.stx_mode & 07777, 8);
  return fs_string(c, fs, "mode", octal, where);
}

static bool given(const struct ctx *c, const struct step *s, const char *key) {
  return fs_has_option(c, s, S_mount_fs_options, key);
}

static int copy_up(struct ctx *c, const struct step *s, int tree, int target) {
  unsigned keep = given(c, s, "mode") ? COPYUP_KEEP_MODE : 0;
  if (given(c, s, "uid") || given(c, s, "gid"))
    keep |= COPYUP_KEEP_OWNER;
  int err = copyup_tree(target, tree, keep);
  return err ? fail(c, err, "copy what the target holds", str(c, s, S_mount_fs_target)) : 0;
}

/* The detached mount with all that it holds at first. */
static int make_fs(struct ctx *c, const struct step *s, int target, bool created) {
  uint64_t flags = s->n[N_mount_fs_flags];
  uint64_t attr = s->n[N_mount_fs_attr_set];
  const char *where = str(c, s, S_mount_fs_target);
  const char *source = str(c, s, S_mount_fs_source);
  FD_AUTO fs = fs_open(c, str(c, s, S_mount_fs_fstype), where);
  if (fs < 0)
    return fs;
  int err = *source ? fs_string(c, fs, "source", source, where) : 0;
  if (!err)
    err = fs_options(c, fs, s, S_mount_fs_options, where);
  if (!err && (flags & MOUNT_SB_RDONLY))
    err = fs_option(c, fs, "ro", where);
  if (!err && (flags & MOUNT_KEEP_MODE) && !created && !given(c, s, "mode"))
    err = keep_mode(c, fs, target, where);
  if (err)
    return err;
  uint64_t late = flags & MOUNT_COPY_UP ? attr & MOUNT_ATTR_RDONLY : 0;
  FD_AUTO tree = fs_mount(c, fs, attr & ~late, where);
  if (tree < 0)
    return tree;
  err = flags & MOUNT_COPY_UP ? copy_up(c, s, tree, target) : 0;
  if (err)
    return err;
  err = tree_setattr(tree, 0, late, 0);
  return err ? fail(c, err, "mount_setattr", where) : fd_give(&tree);
}

int op_mount_fs(struct ctx *c, const struct step *s) {
  const char *where = str(c, s, S_mount_fs_target);
  bool created;
  FD_AUTO target = path_target(c, where, target_flags(s->n[N_mount_fs_flags]), &created);
  if (target < 0)
    return target;
  if (mount2_needed(c, s))
    return mount2_fs(c, s, target);
  FD_AUTO tree = make_fs(c, s, target, created);
  if (tree < 0)
    return tree;
  return place(c, tree, target, s->n[N_mount_fs_propagation], where);
}

/* The source's detached copy. A slot holds either a descriptor of the source or, where only
 * the runtime could reach it, a detached tree, which is taken as it is. */
static int bind_source(struct ctx *c, const struct step *s) {
  uint64_t flags = s->n[N_mount_bind_flags];
  unsigned recursive = flags & MOUNT_RECURSIVE ? TREE_RECURSIVE : 0;
  const char *source = str(c, s, S_mount_bind_source);
  if (flags & MOUNT_FROM_SLOT) {
    int given = slot_fd(c, s->n[N_mount_bind_slot]);
    int tree = tree_clone(given, "", recursive);
    if (tree == -EINVAL)
      return given;
    sys(close, given); /* with many mounts the numbers would run out */
    return tree < 0 ? fail(c, tree, "open_tree", source) : tree;
  }
  int tree = tree_clone(AT_FDCWD, source, recursive);
  return tree < 0 ? fail(c, tree, "open bind source", source) : tree;
}

/* Opened with the rights of the host, for a mount_bind step with MOUNT_FROM_SLOT. */
int op_source_open(struct ctx *c, const struct step *s) {
  const char *source = str(c, s, S_source_open_source);
  uint64_t flags = s->n[N_source_open_flags];
  int number = slot_fd(c, s->n[N_source_open_slot]);
  FD_AUTO tree = tree_clone(AT_FDCWD, source, flags & SOURCE_RECURSIVE ? TREE_RECURSIVE : 0);
  if (tree < 0)
    return fail(c, tree, "open bind source", source);
  if (flags & SOURCE_IDMAP) {
    int userns = slot_fd(c, s->n[N_source_open_idmap_slot]);
    int err = tree_idmap(tree, userns, flags & SOURCE_IDMAP_ALL ? TREE_RECURSIVE : 0);
    if (err)
      return fail(c, err, "map the ids of the mount", source);
  }
  /* What is copied from the host's mount namespace is a peer of the original: what is mounted
   * in it later would appear on the host. Our own namespace's copies are cut off all at once
   * (op_propagation), which does not reach a detached one. */
  int err = tree_propagation(tree, s->n[N_source_open_propagation]);
  if (err)
    return fail(c, err, "set propagation", source);
  if (tree == number) {
    (void)fd_give(&tree);
    return 0;
  }
  if (sys(fcntl, number, F_GETFD, 0) != -EBADF)
    return fail(c, -EBUSY, "place the source's descriptor", source);
  long placed = sys(dup3, tree, number, O_CLOEXEC);
  return placed < 0 ? fail(c, (int)placed, "dup3", source) : 0;
}

/* What is locked was the host's to decide: attributes that may not be lifted stay, as does
 * the access time mode; what is to be set is set. */
static int attributes(int tree, unsigned flags, uint64_t set, uint64_t clear) {
  int err = tree_setattr(tree, flags, set, clear);
  if (err != -EPERM || !(clear || (set & MOUNT_ATTR__ATIME)))
    return err;
  for (uint64_t bit = 1; bit <= clear; bit <<= 1)
    if ((clear & bit) && !(MOUNT_ATTR__ATIME & bit)) {
      err = tree_setattr(tree, flags, 0, bit);
      if (err < 0 && err != -EPERM)
        return err;
    }
  return tree_setattr(tree, flags, set & ~(uint64_t)MOUNT_ATTR__ATIME, 0);
}

static int bind_attributes(struct ctx *c, const struct step *s, int tree) {
  const char *where = str(c, s, S_mount_bind_target);
  int err =
      attributes(tree, TREE_RECURSIVE, s->n[N_mount_bind_rec_set], s->n[N_mount_bind_rec_clr]);
  if (!err)
    err = attributes(tree, 0, s->n[N_mount_bind_attr_set], s->n[N_mount_bind_attr_clr]);
  return err ? fail(c, err, "mount_setattr", where) : 0;
}

int op_mount_bind(struct ctx *c, const struct step *s) {
  const char *where = str(c, s, S_mount_bind_target);
  uint64_t flags = s->n[N_mount_bind_flags];
  FD_AUTO source = bind_source(c, s);
  if (source < 0)
    return source;
  struct statx st;
  int err = tree_stat(source, &st);
  if (err)
    return fail(c, err, "stat", where);
  err = bind_attributes(c, s, source);
  if (err)
    return err;
  unsigned as =
      (S_ISDIR(st.stx_mode) ? PATH_DIR : 0) | (flags & MOUNT_NO_SYMLINKS ? PATH_NO_SYMLINKS : 0);
  FD_AUTO target = path_target(c, where, as, NULL);
  if (target < 0)
    return target;
  return place(c, source, target, s->n[N_mount_bind_propagation], where);
}

static int reconfigure(struct ctx *c, const struct step *s, int mount, const char *where) {
  FD_AUTO fs = fs_pick(c, mount, where);
  if (fs < 0)
    return fs;
  int err = fs_options(c, fs, s, S_mount_remount_options, where);
  if (!err && (s->n[N_mount_remount_flags] & MOUNT_SB_RDONLY))
    err = fs_option(c, fs, "ro", where);
  return err ? err : fs_reconfigure(c, fs, where);
}

int op_mount_remount(struct ctx *c, const struct step *s) {
  const char *where = str(c, s, S_mount_remount_target);
  uint64_t flags = s->n[N_mount_remount_flags];
  FD_AUTO mount = path_open(c, where, 0);
  if (mount < 0)
    return mount;
  if ((flags & MOUNT_SB_RDONLY) || str_len(s, S_mount_remount_options)) {
    int err = reconfigure(c, s, mount, where);
    if (err)
      return err;
  }
  int err = tree_setattr(mount, flags & MOUNT_RECURSIVE ? TREE_RECURSIVE : 0,
                         s->n[N_mount_remount_attr_set], s->n[N_mount_remount_attr_clr]);
  if (err)
    return fail(c, err, "mount_setattr", where);
  err = tree_propagation(mount, s->n[N_mount_remount_propagation]);
  return err ? fail(c, err, "set propagation", where) : 0;
}

/* What lies on top at the path, with all that is mounted below; who has files of it open keeps
 * them. The last component is looked up in a directory that is held, and not followed. */
int op_unmount(struct ctx *c, const struct step *s) {
  const char *where = str(c, s, S_unmount_target);
  char above[PATH_LIMIT];
  size_t last = strlen(where);
  while (last > 0 && where[last - 1] != '/')
    last--;
  if (last >= sizeof above)
    return fail(c, -ENAMETOOLONG, "umount2", where);
  memcpy(above, where, last);
  above[last] = '\0';
  FD_AUTO dir = path_open(c, above, O_DIRECTORY);
  if (dir < 0)
    return dir;
  int err = (int)sys(fchdir, dir);
  if (!err)
    err = (int)sys(umount2, where + last, UMOUNT_DETACH | UMOUNT_NOFOLLOW);
  return err ? fail(c, err, "umount2", where) : 0;
}

int op_mount_attr(struct ctx *c, const struct step *s) {
  const char *where = str(c, s, S_mount_attr_target);
  unsigned recursive = s->n[N_mount_attr_flags] & MOUNT_RECURSIVE ? TREE_RECURSIVE : 0;
  FD_AUTO mount = path_open(c, where, 0);
  if (mount < 0)
    return mount;
  int err =
      tree_setattr(mount, recursive, s->n[N_mount_attr_attr_set], s->n[N_mount_attr_attr_clr]);
  return err ? fail(c, err, "mount_setattr", where) : 0;
}
