/* SPDX-License-Identifier: Apache-2.0 */
#include "hostproc.h"
#include "buffer.h"
#include "fd.h"
#include "fs.h"
#include "path.h"
#include "text.h"
#include "tree.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/openat2.h>

#define TEXT_ROOM (8u << 20) /* of mountinfo; the kernel's default limit is 100000 mounts */
#define LINES_MAX 65536u

/* One line of mountinfo, cut at its blanks; see proc_pid_mountinfo(5). */
struct line {
  uint64_t id;
  char *root, *path, *fstype;
};

static uint64_t number(const char *s) {
  uint64_t value = 0;
  for (; *s >= '0' && *s <= '9'; s++)
    value = value * 10 + (uint64_t)(*s - '0');
  return value;
}

static bool is_octal(char digit) { return digit >= '0' && digit <= '7'; }

/* Blanks and backslashes are written in octal: "\040". */
static void unescape(char *s) {
  char *to = s;
  while (*s) {
    if (s[0] == '\\' && is_octal(s[1]) && is_octal(s[2]) && is_octal(s[3])) {
      *to++ = (char)(((s[1] - '0') << 6) | ((s[2] - '0') << 3) | (s[3] - '0'));
      s += 4;
    } else {
      *to++ = *s++;
    }
  }
  *to = '\0';
}

static char *cut_word(char **at) {
  char *word = *at;
  while (**at && **at != ' ')
    (*at)++;
  if (**at)
    *(*at)++ = '\0';
  return word;
}

/* "id parent major:minor root path options [tags...] - fstype source options" */
static bool parse_line(char *text, struct line *l) {
  l->id = number(cut_word(&text));
  (void)cut_word(&text);
  (void)cut_word(&text);
  l->root = cut_word(&text);
  l->path = cut_word(&text);
  while (*text && !text_equal(cut_word(&text), "-"))
    ;
  l->fstype = cut_word(&text);
  unescape(l->path);
  return *l->fstype != '\0';
}

static bool is_full(const struct line *l) {
  return text_equal(l->root, "/") &&
         (text_equal(l->fstype, "proc") || text_equal(l->fstype, "sysfs"));
}

/* An empty, unreadable directory over what may not be unmounted (a locked mount). */
static int cover(struct ctx *c, int mount, const char *path) {
  FD_AUTO fs = fs_open(c, "tmpfs", path);
  if (fs < 0)
    return fs;
  FD_AUTO tree = fs_mount(c, fs, MOUNT_ATTR_RDONLY, path);
  if (tree < 0)
    return tree;
  int err = tree_attach(tree, mount);
  return err ? fail(c, err, "cover", path) : 0;
}

/* path is one of the host's, but what it leads to must be the mount of that line. */
static int hide(struct ctx *c, const struct line *l) {
  FD_AUTO mount = path_openat2(AT_FDCWD, l->path, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
  if (mount == -ENOENT || mount == -ENOTDIR)
    return 0; /* went with a mount above it */
  if (mount < 0)
    return fail(c, mount, "open", l->path);
  struct statx st;
  int err = tree_stat(mount, &st);
  if (err)
    return fail(c, err, "stat", l->path);
  if (st.stx_mnt_id != l->id)
    return 0; /* below another mount: out of reach */
  err = tree_propagation(mount, MS_SLAVE | MS_REC);
  if (!err)
    err = (int)sys(fchdir, mount);
  if (err)
    return fail(c, err, "set propagation", l->path);
  err = (int)sys(umount2, ".", UMOUNT_DETACH);
  if (err == -EINVAL || err == -EPERM)
    return cover(c, mount, l->path);
  return err ? fail(c, err, "unmount", l->path) : 0;
}

/* Not on the stack: its pages are there only as far as they are used. */
struct table {
  size_t count;
  struct line lines[LINES_MAX];
  char text[TEXT_ROOM];
};

static int read_text(struct ctx *c, struct table *t) {
  FD_AUTO file = path_openat2(c->procfs, "self/mountinfo", O_RDONLY, RESOLVE_NO_MAGICLINKS);
  if (file < 0)
    return fail(c, file, "open", "/proc/self/mountinfo");
  size_t size = 0;
  long got;
  while ((got = sys(read, file, t->text + size, TEXT_ROOM - 1 - size)) > 0)
    size += (size_t)got;
  if (got < 0)
    return fail(c, (int)got, "read", "/proc/self/mountinfo");
  if (size == TEXT_ROOM - 1)
    return fail(c, -E2BIG, "read", "/proc/self/mountinfo");
  t->text[size] = '\0';
  return 0;
}

static int read_table(struct ctx *c, struct table *t) {
  int err = read_text(c, t);
  char *at = t->text;
  while (!err && *at) {
    char *start = at;
    while (*at && *at != '\n')
      at++;
    if (*at)
      *at++ = '\0';
    if (t->count == LINES_MAX)
      return fail(c, -E2BIG, "read", "/proc/self/mountinfo");
    if (parse_line(start, &t->lines[t->count]))
      t->count++;
  }
  return err;
}

static bool is_below(const char *path, const char *dir) {
  if (!text_begins(path, dir))
    return false;
  char after = path[strlen(dir)];
  return after == '\0' || after == '/';
}

/* From the last line to the first, so that of mounts on one path the upper goes first. */
static int hide_all(struct ctx *c, const struct table *t) {
  struct statx st;
  const char *rootfs = NULL;
  int err = tree_stat(c->rootfs, &st);
  for (size_t i = 0; !err && i < t->count; i++)
    if (t->lines[i].id == st.stx_mnt_id)
      rootfs = t->lines[i].path;
  if (err || !rootfs)
    return fail(c, err ? err : -ENOENT, "find the rootfs in mountinfo", NULL);
  for (size_t i = t->count; !err && i-- > 0;)
    if (is_full(&t->lines[i]) && !is_below(t->lines[i].path, rootfs))
      err = hide(c, &t->lines[i]);
  return err;
}

int hostproc_hide(struct ctx *c) {
  long at = sys(mmap, 0, sizeof(struct table), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
  if (at < 0 && at > -4096)
    return fail(c, (int)at, "mmap", NULL);
  struct table *t = (struct table *)at;
  int err = read_table(c, t);
  if (!err)
    err = hide_all(c, t);
  sys(munmap, at, sizeof *t);
  return err;
}
