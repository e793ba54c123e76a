/* SPDX-License-Identifier: Apache-2.0 */
#include "path.h"
#include "buffer.h"
#include "text.h"
#include "tree.h"

#include <asm/statfs.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>

#define LINK_LIMIT 40
#define STEP_LIMIT 8192
#define RETRY_LIMIT 128

/* What a walk needs: where it is, how it came there, and what is left to go. */
struct walk {
  int root;          /* borrowed */
  int dir;           /* owned; where the walk is */
  unsigned links;    /* symbolic links followed */
  unsigned steps;    /* components taken, of links and ".." too */
  bool created;      /* the last component taken was made by us */
  struct buffer way; /* the components that led to dir, free of links: what ".." shortens */
  char way_room[PATH_LIMIT];
  const char *rest; /* what is left, in rest_room */
  char rest_room[PATH_LIMIT];
};

int path_openat2(int dir, const char *path, uint64_t flags, uint64_t resolve) {
  struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = resolve};
  unsigned tries = 0;
  for (;;) {
    long fd = sys(openat2, dir, path, &how, sizeof how);
    if (fd == -EINTR)
      continue;
    /* The kernel could not prove that ".." stayed inside, since something was renamed. */
    if (fd == -EAGAIN && ++tries < RETRY_LIMIT)
      continue;
    return (int)fd;
  }
}

static int open_component(int dir, const char *name) {
  long fd;
  do
    fd = sys(openat, dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
  while (fd == -EINTR);
  return (int)fd;
}

int path_is_root(const struct ctx *c, int fd) {
  struct statx a, b;
  int err = tree_stat(fd, &a);
  if (!err)
    err = tree_stat(c->rootfs, &b);
  if (err)
    return err;
  return a.stx_ino == b.stx_ino && a.stx_mnt_id == b.stx_mnt_id;
}

int path_mkdirat(int dir, const char *name, uint32_t mode) {
  long mask = sys(umask, 0);
  long err = sys(mkdirat, dir, name, mode);
  sys(umask, mask);
  return (int)err;
}

int path_mknodat(int dir, const char *name, uint32_t mode, uint32_t dev) {
  long mask = sys(umask, 0);
  long err = sys(mknodat, dir, name, mode, dev);
  sys(umask, mask);
  return (int)err;
}

/* Takes the first component off rest into name; its length, 0 when none is left, or -errno. */
static int next_component(struct walk *w, char name[NAME_LIMIT]) {
  int len = 0;
  while (*w->rest == '/')
    w->rest++;
  for (; *w->rest && *w->rest != '/'; w->rest++) {
    if (len + 1 >= NAME_LIMIT)
      return -ENAMETOOLONG;
    name[len++] = *w->rest;
  }
  name[len] = '\0';
  return len;
}

static bool is_last(const struct walk *w) {
  const char *s = w->rest;
  while (*s == '/')
    s++;
  return !*s;
}

static int back_to_root(struct walk *w) {
  int fd = open_component(w->root, ".");
  if (fd < 0)
    return fd;
  sys(close, w->dir);
  w->dir = fd;
  w->way.len = 0;
  w->way_room[0] = '\0';
  return 0;
}

/* Puts text and a slash before what is left to go. */
static int go_first(struct walk *w, const char *text) {
  char joined[PATH_LIMIT];
  struct buffer b = {.data = joined, .room = sizeof joined};
  buffer_add(&b, text);
  buffer_add(&b, "/");
  buffer_add(&b, w->rest);
  if (b.cut)
    return -ENAMETOOLONG;
  memcpy(w->rest_room, joined, b.len + 1);
  w->rest = w->rest_room;
  return 0;
}

/*
 * ".." is never given to the kernel, which would look for the parent of a directory that
 * somebody may have moved out of the rootfs: the walk starts anew, one component shorter.
 */
static int leave_directory(struct walk *w) {
  while (w->way.len && w->way_room[w->way.len - 1] != '/')
    w->way.len--;
  if (w->way.len)
    w->way.len--;
  w->way_room[w->way.len] = '\0';
  int err = go_first(w, w->way_room);
  return err ? err : back_to_root(w);
}

static int follow_link(struct walk *w, int link) {
  char text[PATH_LIMIT];
  if (++w->links > LINK_LIMIT)
    return -ELOOP;
  long len = sys(readlinkat, link, "", text, sizeof text - 1);
  if (len < 0)
    return (int)len;
  if (len == 0)
    return -ENOENT;
  text[len] = '\0';
  int err = go_first(w, text);
  if (!err && text[0] == '/')
    err = back_to_root(w);
  return err;
}

static int enter(struct walk *w, int fd, const char *name) {
  if (w->way.len)
    buffer_add(&w->way, "/");
  buffer_add(&w->way, name);
  sys(close, w->dir);
  w->dir = fd;
  return w->way.cut ? -ENAMETOOLONG : 0;
}

/* Opens one component, making it if it is missing: a directory, or a file at the end. */
static int open_or_make(struct walk *w, const char *name, bool make, bool as_dir) {
  w->created = false;
  for (unsigned tries = 0; tries < RETRY_LIMIT; tries++) {
    int fd = open_component(w->dir, name);
    if (fd != -ENOENT || !make)
      return fd;
    int err =
        as_dir ? path_mkdirat(w->dir, name, 0755) : path_mknodat(w->dir, name, S_IFREG | 0644, 0);
    if (!err)
      w->created = true;
    else if (err != -EEXIST) /* somebody else made it: as good */
      return err;
  }
  return -EAGAIN;
}

static int take_component(struct walk *w, const char *name, unsigned flags, bool make) {
  bool last = is_last(w);
  int fd = open_or_make(w, name, make, !last || (flags & PATH_DIR));
  if (fd < 0)
    return fd;
  struct statx st;
  int err = tree_stat(fd, &st);
  if (!err && S_ISLNK(st.stx_mode)) {
    err = flags & PATH_NO_SYMLINKS ? -ELOOP : follow_link(w, fd);
    sys(close, fd);
    return err;
  }
  if (!err && !last && !S_ISDIR(st.stx_mode))
    err = -ENOTDIR;
  if (err) {
    sys(close, fd);
    return err;
  }
  return enter(w, fd, name);
}

/* Goes to path component by component, each held by a descriptor; the end's descriptor. */
static int walk_path(struct ctx *c, const char *path, unsigned flags, bool make, bool *created) {
  struct walk w;
  struct buffer rest = {.data = w.rest_room, .room = sizeof w.rest_room};
  buffer_add(&rest, path);
  if (rest.cut)
    return -ENAMETOOLONG;
  w.rest = w.rest_room;
  w.root = c->rootfs;
  w.links = w.steps = 0;
  w.created = false;
  w.way = (struct buffer){.data = w.way_room, .room = sizeof w.way_room};
  w.dir = open_component(w.root, ".");
  if (w.dir < 0)
    return w.dir;
  int err = 0;
  while (!err) {
    char name[NAME_LIMIT];
    err = next_component(&w, name);
    if (err <= 0)
      break;
    err = ++w.steps > STEP_LIMIT ? -ELOOP : 0;
    if (err || text_equal(name, "."))
      continue;
    if (text_equal(name, ".."))
      err = leave_directory(&w);
    else
      err = take_component(&w, name, flags, make);
  }
  if (err) {
    sys(close, w.dir);
    return err;
  }
  if (created)
    *created = w.created;
  return w.dir;
}

int path_open(struct ctx *c, const char *path, uint64_t open_flags) {
  int fd =
      path_openat2(c->rootfs, path, O_PATH | open_flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  if (fd < 0)
    return fail(c, fd, "open", path);
  return fd;
}

static int refuse_root(struct ctx *c, int fd, const char *path) {
  int root = path_is_root(c, fd);
  if (root == 0)
    return fd;
  sys(close, fd);
  if (root < 0)
    return fail(c, root, "stat", path);
  return fail(c, -EINVAL, "resolve: the target is the root itself", path);
}

/* The config says what may lie over /proc; a link of the image must not add to that. */
static int refuse_link_into_proc(struct ctx *c, int fd, const char *path) {
  struct statfs fs;
  int err = (int)sys(fstatfs, fd, &fs);
  if (!err && fs.f_type == PROC_SUPER_MAGIC) {
    int straight = path_openat2(c->rootfs, path, O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
    if (straight < 0)
      err = straight;
    else
      sys(close, straight);
  }
  if (!err)
    return fd;
  sys(close, fd);
  return fail(c, err, "resolve: a link leads into a procfs", path);
}

int path_target(struct ctx *c, const char *path, unsigned flags, bool *created) {
  uint64_t resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  uint64_t open_flags = O_PATH;
  if (flags & PATH_NO_SYMLINKS) {
    resolve |= RESOLVE_NO_SYMLINKS;
    open_flags |= O_DIRECTORY | O_NOFOLLOW;
  }
  if (created)
    *created = false;
  int fd = path_openat2(c->rootfs, path, open_flags, resolve);
  if (fd == -ENOENT)
    fd = walk_path(c, path, flags, true, created);
  if ((fd == -ELOOP || fd == -ENOTDIR) && (flags & PATH_NO_SYMLINKS))
    return fail(c, fd, "resolve: must be an ordinary directory, reached without a link", path);
  if (fd < 0)
    return fail(c, fd, "resolve", path);
  fd = refuse_root(c, fd, path);
  return fd < 0 ? fd : refuse_link_into_proc(c, fd, path);
}

int path_parent(struct ctx *c, const char *path, char name[NAME_LIMIT]) {
  char parent[PATH_LIMIT];
  size_t end = strlen(path);
  while (end && path[end - 1] == '/')
    end--;
  size_t start = end;
  while (start && path[start - 1] != '/')
    start--;
  if (end - start >= NAME_LIMIT || start >= sizeof parent)
    return fail(c, -ENAMETOOLONG, "resolve", path);
  memcpy(parent, path, start);
  parent[start] = '\0';
  memcpy(name, path + start, end - start);
  name[end - start] = '\0';
  if (!*name || text_equal(name, ".") || text_equal(name, ".."))
    return fail(c, -EINVAL, "resolve: no name at the end", path);
  const char *where = *parent ? parent : "/";
  int fd =
      path_openat2(c->rootfs, where, O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  if (fd == -ENOENT)
    fd = walk_path(c, where, PATH_DIR, true, NULL);
  if (fd < 0)
    return fail(c, fd, "resolve the directory of", path);
  return fd;
}
