/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of the security modules: of the process, by /proc/thread-self/attr, and of a file. */
#include "fd.h"
#include "mem.h"
#include "path.h"
#include "run.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>

#define ATTR "thread-self/attr"
#define LABEL_XATTR "security.selinux"

/* Of the trusted procfs: an image could have put a harmless file in place of this one. */
static int attr_open(struct ctx *c, const char *name) {
  uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  FD_AUTO dir = path_openat2(c->procfs, ATTR, O_PATH | O_DIRECTORY, resolve);
  return dir < 0 ? dir : path_openat2(dir, name, O_WRONLY, resolve | RESOLVE_NO_SYMLINKS);
}

int op_process_attr(struct ctx *c, const struct step *s) {
  const char *name = str(c, s, S_process_attr_name);
  const char *value = str(c, s, S_process_attr_value);
  bool optional = s->n[N_process_attr_flags] & ATTR_OPTIONAL;
  FD_AUTO file = attr_open(c, name);
  if (file == -ENOENT && optional)
    return 0; /* a kernel without the module */
  if (file < 0)
    return fail(c, file, "open", name);
  size_t size = strlen(value);
  long put = sys(write, file, value, size); /* the kernel takes the whole of it, or nothing */
  if (put == -EINVAL && optional)
    return 0; /* the module is there, but not in use */
  if (put < 0)
    return fail(c, (int)put, "write", name);
  return (size_t)put == size ? 0 : fail(c, -EIO, "write", name);
}

/* For a filesystem that takes no label as a mount option. */
int op_file_label(struct ctx *c, const struct step *s) {
  const char *path = str(c, s, S_file_label_path);
  const char *label = str(c, s, S_file_label_label);
  FD_AUTO file = path_open(c, path, O_NOFOLLOW | O_DIRECTORY);
  if (file < 0)
    return file;
  /* setxattr takes no O_PATH descriptor; opened again, without another walk. */
  FD_AUTO dir = (int)sys(openat, file, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (dir < 0)
    return fail(c, dir, "open", path);
  long ret = sys(fsetxattr, dir, LABEL_XATTR, label, strlen(label) + 1, 0);
  return ret < 0 ? fail(c, (int)ret, "fsetxattr " LABEL_XATTR, path) : 0;
}
