/* SPDX-License-Identifier: Apache-2.0 */
/* HOME for a process that was given none: from the container's /etc/passwd. */
#include "buffer.h"
#include "run.h"
#include "text.h"
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

/* The container's file is as long as the image likes: where reading it ends. */
#define PASSWD_MAX (8u << 20)

struct passwd_line {
  char text[2048];
  size_t len;
  bool too_long;
};

/* The field-th of the line's fields (from 0) ends in `end`; NULL when there are fewer. */
static const char *field_find(const struct passwd_line *line, int field, const char **end) {
  const char *at = line->text, *last = line->text + line->len;
  for (; field > 0; at++) {
    if (at == last)
      return NULL;
    if (*at == ':')
      field--;
  }
  for (*end = at; *end < last && **end != ':';)
    ++*end;
  return at;
}

static bool uid_matches(const char *at, const char *end, uint64_t uid) {
  uint64_t value = 0;
  if (at == end)
    return false;
  for (; at < end; at++) {
    if (*at < '0' || *at > '9' || value > UINT32_MAX)
      return false;
    value = value * 10 + (uint64_t)(*at - '0');
  }
  return value == uid;
}

/* Fills c->home when the line is the user's: name:password:uid:gid:comment:home:shell */
static bool line_take(struct ctx *c, const struct passwd_line *line, uint64_t uid) {
  const char *end, *at = field_find(line, 2, &end);
  if (line->too_long || at == NULL || !uid_matches(at, end, uid))
    return false;
  at = field_find(line, 5, &end);
  size_t len = at ? (size_t)(end - at) : 0;
  if (len == 0 || len + sizeof "HOME=" > sizeof c->home)
    return false;
  struct buffer home = {.data = c->home, .room = sizeof c->home};
  buffer_add(&home, "HOME=");
  buffer_bytes(&home, at, len);
  return true;
}

static bool passwd_search(struct ctx *c, int fd, uint64_t uid) {
  struct passwd_line line = {.len = 0};
  char block[4096];
  for (size_t total = 0; total < PASSWD_MAX;) {
    long got = sys(read, fd, block, sizeof block);
    if (got == -EINTR)
      continue;
    if (got <= 0)
      break;
    total += (size_t)got;
    for (long i = 0; i < got; i++) {
      if (block[i] == '\n') {
        if (line_take(c, &line, uid))
          return true;
        line.len = 0;
        line.too_long = false;
      } else if (line.len < sizeof line.text) {
        line.text[line.len++] = block[i];
      } else {
        line.too_long = true;
      }
    }
  }
  return line_take(c, &line, uid);
}

/* An image without the file, or with something odd in its place, has no home but "/". */
int op_home(struct ctx *c, const struct step *s) {
  uint64_t uid = s->n[N_home_uid];
  struct buffer home = {.data = c->home, .room = sizeof c->home};
  struct statx st;
  /* Non-blocking: it may be a FIFO. */
  long fd = sys(openat, AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  bool found = false;
  if (fd >= 0) {
    long ret = sys(statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &st);
    if (ret >= 0 && (st.stx_mode & S_IFMT) == S_IFREG)
      found = passwd_search(c, (int)fd, uid);
    sys(close, fd);
  }
  if (!found)
    buffer_add(&home, "HOME=/");
  return 0;
}
