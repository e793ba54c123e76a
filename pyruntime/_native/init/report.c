/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the init tells the runtime: messages, failures, warnings.
 *
 * A failure is a record (step, errno, what, path, text); its sentence is made by the
 * runtime, which knows the step and the field of config.json that it came from.
 */
#include "report.h"
#include "buffer.h"
#include <linux/errno.h>
#include <linux/uio.h>

/* The kernel's own layouts: <linux/socket.h> does not export them. */
struct kernel_msghdr {
  void *name;
  int namelen;
  struct iovec *iov;
  size_t iovlen;
  void *control;
  size_t controllen;
  unsigned int flags;
};

struct fd_control {
  size_t len;
  int level;
  int type;
  int fd;
  int padding;
};

#define SOL_SOCKET_LEVEL 1
#define SCM_RIGHTS_TYPE 1
#define MSG_NOSIGNAL_FLAG 0x4000
#define FD_CONTROL_LEN (offsetof(struct fd_control, padding))

#define WHAT_SHOWN 128
#define PATH_SHOWN 1024

int message_send(int sock, const struct message *m, const void *data, int fd) {
  struct iovec iov[2] = {
      {.iov_base = (void *)m, .iov_len = sizeof *m},
      {.iov_base = (void *)data, .iov_len = m->len},
  };
  struct fd_control control = {
      .len = FD_CONTROL_LEN, .level = SOL_SOCKET_LEVEL, .type = SCM_RIGHTS_TYPE, .fd = fd};
  struct kernel_msghdr h = {.iov = iov, .iovlen = 2};
  if (fd >= 0) {
    h.control = &control;
    h.controllen = sizeof control;
  }
  long ret;
  do
    ret = sys(sendmsg, sock, &h, MSG_NOSIGNAL_FLAG);
  while (ret == -EINTR);
  return ret < 0 ? (int)ret : 0;
}

int message_receive(int sock, struct message *m) {
  long ret;
  do
    ret = sys(recvfrom, sock, m, sizeof *m, 0, NULL, NULL);
  while (ret == -EINTR);
  if (ret == 0 || ret == -ECONNRESET)
    return -EPIPE;
  if (ret < 0)
    return (int)ret;
  return ret == sizeof *m && m->len == 0 ? 0 : -EBADMSG;
}

/* Lays out "what NUL path NUL text" and returns its length. */
static uint32_t detail_write(char *to, const char *what, const char *path, const char *text,
                             size_t len) {
  struct buffer b = {.data = to, .room = WHAT_SHOWN};
  buffer_add(&b, what);
  size_t used = b.len + 1;
  b = (struct buffer){.data = to + used, .room = PATH_SHOWN};
  buffer_add(&b, path ? path : "");
  used += b.len + 1;
  b = (struct buffer){.data = to + used, .room = DETAIL_MAX - used};
  b.data[0] = '\0';
  buffer_bytes(&b, text, len);
  return (uint32_t)(used + b.len);
}

int fail_text(struct ctx *c, int err, const char *what, const char *path, const char *text,
              size_t len) {
  c->detail_len = detail_write(c->detail, what, path, text, len);
  return err;
}

int fail(struct ctx *c, int err, const char *what, const char *path) {
  return fail_text(c, err, what, path, "", 0);
}

void warn(struct ctx *c, int err, const char *what, const char *path) {
  char detail[DETAIL_MAX];
  struct message m = {.kind = MSG_WARN, .step = c->current, .err = -err};
  m.len = detail_write(detail, what, path, "", 0);
  /* Nobody to tell is no reason to stop: the next step that waits finds the peer gone. */
  (void)message_send(c->report, &m, detail, -1);
}

void report_error(struct ctx *c, int err) {
  struct message m = {.kind = MSG_ERROR, .step = c->current, .err = -err, .len = c->detail_len};
  (void)message_send(c->report, &m, c->detail, -1);
}
