/* SPDX-License-Identifier: Apache-2.0 */
/* The working directory, inside the container and nowhere else. */
#include "buffer.h"
#include "path.h"
#include "run.h"
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>

/* Magic links (/proc/self/fd/N) lead out of the container, hence to the host's files. */
#define CWD_RESOLVE RESOLVE_NO_MAGICLINKS
#define CWD_FLAGS (O_PATH | O_DIRECTORY)

/* Cuts the next component off `path` into `name`; the rest, or NULL at the end. */
static const char *component_next(const char *path, char name[NAME_LIMIT], int *err) {
  size_t len = 0;
  while (*path == '/')
    path++;
  for (; path[len] != '\0' && path[len] != '/'; len++) {
    if (len + 1 >= NAME_LIMIT) {
      *err = -ENAMETOOLONG;
      return NULL;
    }
    name[len] = path[len];
  }
  name[len] = '\0';
  return len == 0 ? NULL : path + len;
}

/* mkdir -p: a descriptor of the directory, or -errno. */
static int cwd_make(const char *path) {
  char name[NAME_LIMIT];
  int err = 0;
  int dir = path_openat2(AT_FDCWD, "/", CWD_FLAGS, CWD_RESOLVE);
  while (dir >= 0 && (path = component_next(path, name, &err))) {
    int next = path_openat2(dir, name, CWD_FLAGS, CWD_RESOLVE);
    if (next == -ENOENT) {
      /* EEXIST: somebody else was faster, or it is a dangling link: the open tells. */
      long ret = sys(mkdirat, dir, name, 0755);
      next = ret < 0 && ret != -EEXIST ? (int)ret : path_openat2(dir, name, CWD_FLAGS, CWD_RESOLVE);
    }
    sys(close, dir);
    dir = next;
  }
  if (err < 0 && dir >= 0) {
    sys(close, dir);
    return err;
  }
  return dir;
}

/* The kernel's own word for where we are starts with "/" only below the process's root. */
static int cwd_check(struct ctx *c, const char *path) {
  char where[4096];
  long ret = sys(getcwd, where, sizeof where);
  if (ret == -ERANGE || ret == -ENAMETOOLONG)
    return fail(c, (int)ret, "getcwd", path);
  if (ret < 0)
    return fail(c, (int)ret, "cwd outside the container", path);
  return where[0] == '/' ? 0 : fail(c, -EPERM, "cwd outside the container", path);
}

int op_cwd(struct ctx *c, const struct step *s) {
  const char *path = str(c, s, S_cwd_path);
  uint64_t flags = s->n[N_cwd_flags];
  bool there = c->cwd[0] != '\0';
  int dir = path_openat2(AT_FDCWD, path, CWD_FLAGS, CWD_RESOLVE);
  if (dir == -ENOENT && (flags & CWD_CREATE) != 0)
    dir = cwd_make(path);
  const char *what = "open cwd";
  long ret = dir;
  if (dir >= 0) {
    what = "chdir";
    ret = sys(fchdir, dir);
    sys(close, dir);
  }
  /* A directory only root may enter: the step before the switch has entered it. */
  if (ret == -EACCES && there && (flags & CWD_STAY) != 0)
    return cwd_check(c, path);
  c->cwd[0] = '\0';
  /* A directory only the user may enter (root squash): the step after the switch decides. */
  if (ret == -EACCES && (flags & CWD_MAY_FAIL_EACCES) != 0)
    return 0;
  if (ret < 0)
    return fail(c, (int)ret, what, path);
  struct buffer kept = {.data = c->cwd, .room = sizeof c->cwd};
  buffer_add(&kept, path);
  return cwd_check(c, path);
}
