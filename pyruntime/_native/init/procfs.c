/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trusted procfs: a mount of our own, attached nowhere, so that nobody can put anything
 * over its files. Everything the init reads from or writes to /proc goes through it.
 */
#include "fd.h"
#include "fs.h"
#include "mem.h"
#include "path.h"
#include "run.h"
#include "tree.h"

#include <asm/statfs.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>

#define PROC_ROOT_INODE 1

/* Where the kernel refuses a new instance (a user namespace whose /proc has mounts over it),
 * the present one must do; it has to be the real root of a procfs. */
static int open_present(struct ctx *c) {
  FD_AUTO proc = path_openat2(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
  if (proc < 0)
    return fail(c, proc, "open", "/proc");
  struct statfs fs;
  struct statx st;
  int err = (int)sys(fstatfs, proc, &fs);
  if (!err)
    err = tree_stat(proc, &st);
  if (err)
    return fail(c, err, "stat", "/proc");
  if (fs.f_type != PROC_SUPER_MAGIC || st.stx_ino != PROC_ROOT_INODE)
    return fail(c, -EINVAL, "open procfs: something else is mounted there", "/proc");
  return fd_give(&proc);
}

static int open_detached(struct ctx *c) {
  FD_AUTO fs = fs_open(c, "proc", "/proc");
  if (fs < 0)
    return fs;
  return fs_mount(c, fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, "/proc");
}

int op_procfs_open(struct ctx *c, const struct step *s) {
  (void)s;
  int proc = open_detached(c);
  if (proc == -EPERM)
    proc = open_present(c);
  if (proc < 0)
    return proc;
  fd_close(&c->procfs);
  c->procfs = proc;
  return 0;
}

int op_sysctl(struct ctx *c, const struct step *s) {
  const char *path = str(c, s, S_sysctl_path);
  const char *value = str(c, s, S_sysctl_value);
  uint64_t strict = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  /* In two steps: below `sys`, ".." in path cannot lead to another file of the procfs. */
  FD_AUTO root = path_openat2(c->procfs, "sys", O_PATH | O_DIRECTORY, strict);
  if (root < 0)
    return fail(c, root, "open", "/proc/sys");
  FD_AUTO file = path_openat2(root, path, O_WRONLY, strict);
  if (file < 0)
    return fail(c, file, "open sysctl", path);
  size_t size = strlen(value);
  long put;
  do
    put = sys(write, file, value, size);
  while (put == -EINTR);
  if (put < 0)
    return fail(c, (int)put, "write sysctl", path);
  return (size_t)put == size ? 0 : fail(c, -EIO, "write sysctl: short write", path);
}
