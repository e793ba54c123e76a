/* SPDX-License-Identifier: Apache-2.0 */
#include "copyup.h"
#include "fd.h"
#include "node.h"
#include "path.h"
#include "text.h"
#include "tree.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>

#define DEPTH_LIMIT 64
#define ENTRIES_ROOM 2048 /* on the stack once a level: 128 KiB at most */
#define CHUNK 16384       /* on the stack of the last level: see noinline */

/* As getdents64(2) fills it. */
struct entry {
  uint64_t ino;
  int64_t off;
  uint16_t size;
  uint8_t type;
  char name[];
};

static int copy_directory(int from, int to, unsigned depth);

/* Owner before mode: a change of owner clears the set-user-id bits. */
static int set_owner_and_mode(int to, const char *name, const struct statx *st, unsigned keep) {
  long err = 0;
  if (!(keep & COPYUP_KEEP_OWNER))
    err = sys(fchownat, to, name, st->stx_uid, st->stx_gid, AT_SYMLINK_NOFOLLOW);
  if (!err && !(keep & COPYUP_KEEP_MODE) && !S_ISLNK(st->stx_mode))
    err = sys(fchmodat, to, name, st->stx_mode & 07777);
  return (int)err;
}

__attribute__((noinline)) static int copy_bytes(int in, int out) {
  char chunk[CHUNK];
  for (;;) {
    long got = sys(read, in, chunk, sizeof chunk);
    if (got == -EINTR)
      continue;
    if (got <= 0)
      return (int)got;
    for (long put = 0; put < got;) {
      long n = sys(write, out, chunk + put, got - put);
      if (n < 0 && n != -EINTR)
        return (int)n;
      put += n > 0 ? n : 0;
    }
  }
}

/* The name may mean something else by now: what is opened for reading must be what was seen. */
static int copy_file(int from, int to, const char *name, const struct statx *seen) {
  FD_AUTO in = (int)sys(openat, from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
  if (in < 0)
    return in;
  struct statx st;
  int err = tree_stat(in, &st);
  if (err)
    return err;
  if (st.stx_ino != seen->stx_ino || st.stx_mnt_id != seen->stx_mnt_id)
    return -ESTALE;
  FD_AUTO out =
      (int)sys(openat, to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  return out < 0 ? out : copy_bytes(in, out);
}

__attribute__((noinline)) static int copy_link(int link, int to, const char *name) {
  char text[PATH_LIMIT];
  long len = sys(readlinkat, link, "", text, sizeof text - 1);
  if (len < 0)
    return (int)len;
  text[len] = '\0';
  return (int)sys(symlinkat, text, to, name);
}

static int copy_subdirectory(int from, int to, const char *name, unsigned depth) {
  int err = path_mkdirat(to, name, 0700);
  if (err)
    return err;
  FD_AUTO in = path_openat2(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
                            RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
  if (in == -EXDEV)
    return 0; /* a mount point: what is mounted there is not the directory's own */
  if (in < 0)
    return in;
  FD_AUTO out = (int)sys(openat, to, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
  return out < 0 ? out : copy_directory(in, out, depth);
}

static int copy_entry(int from, int to, const char *name, unsigned depth) {
  FD_AUTO seen = (int)sys(openat, from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
  if (seen < 0)
    return seen == -ENOENT ? 0 : seen;
  struct statx st;
  int err = tree_stat(seen, &st);
  if (err)
    return err;
  switch (st.stx_mode & S_IFMT) {
  case S_IFDIR:
    err = copy_subdirectory(from, to, name, depth);
    break;
  case S_IFREG:
    err = copy_file(from, to, name, &st);
    break;
  case S_IFLNK:
    err = copy_link(seen, to, name);
    break;
  default:
    err = path_mknodat(to, name, st.stx_mode, node_number(st.stx_rdev_major, st.stx_rdev_minor));
  }
  return err ? err : set_owner_and_mode(to, name, &st, 0);
}

static int copy_directory(int from, int to, unsigned depth) {
  char room[ENTRIES_ROOM] __attribute__((aligned(8)));
  if (depth >= DEPTH_LIMIT)
    return -ELOOP;
  for (;;) {
    long got = sys(getdents64, from, room, sizeof room);
    if (got <= 0)
      return (int)got;
    for (long at = 0; at < got;) {
      const struct entry *e = (const struct entry *)(room + at);
      at += e->size;
      if (text_equal(e->name, ".") || text_equal(e->name, ".."))
        continue;
      int err = copy_entry(from, to, e->name, depth + 1);
      if (err)
        return err;
    }
  }
}

int copyup_tree(int from, int to, unsigned keep) {
  struct statx st;
  int err = tree_stat(from, &st);
  if (err)
    return err;
  FD_AUTO in = (int)sys(openat, from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (in < 0)
    return in;
  err = copy_directory(in, to, 0);
  return err ? err : set_owner_and_mode(to, ".", &st, keep);
}
