/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way into namespaces that the clone cannot make: a user namespace is entered first, as
 * it gives the rights to make or to join the others; a time namespace and a pid namespace take
 * in only children, so the init goes on as its own child.
 */
#include "userns.h"
#include "buffer.h"
#include "fd.h"
#include "ownproc.h"
#include "report.h"
#include "run.h"
#include "signals.h"
#include "sync.h"

#include <linux/errno.h>
#include <linux/sched.h>

int userns_root(struct ctx *c) {
  /* The caller's groups are none of the container's; where that is denied they stay. */
  long ret = sys(setgroups, 0, NULL);
  if (ret < 0 && ret != -EPERM)
    return fail(c, (int)ret, "setgroups", NULL);
  ret = sys(setresgid, 0, 0, 0);
  if (ret < 0)
    return fail(c, (int)ret, "setresgid", NULL);
  ret = sys(setresuid, 0, 0, 0);
  if (ret < 0)
    return fail(c, (int)ret, "setresuid", NULL);
  return life_bind(c);
}

int op_ns_root(struct ctx *c, const struct step *s) {
  (void)s;
  return userns_root(c);
}

/* "CLOCK SECONDS NANOSECONDS", see time_namespaces(7). */
int op_time_offset(struct ctx *c, const struct step *s) {
  char room[64];
  struct buffer line = {.data = room, .room = sizeof room};
  buffer_decimal(&line, (int64_t)s->n[N_time_offset_clock]);
  buffer_add(&line, " ");
  buffer_decimal(&line, (int64_t)s->n[N_time_offset_secs]);
  buffer_add(&line, " ");
  buffer_decimal(&line, (int64_t)s->n[N_time_offset_nanosecs]);
  FD_AUTO file = ownproc_open(c, "self/timens_offsets");
  if (file < 0)
    return fail(c, file, "open", "/proc/self/timens_offsets");
  long ret = sys(write, file, room, line.len);
  return ret < 0 ? fail(c, (int)ret, "write", "/proc/self/timens_offsets") : 0;
}

/* The runtime learns its new child by a pidfd: only the child's own view has its number. */
static int announce(struct ctx *c) {
  static const char name[] = "init";
  if (c->report < 0)
    return 0;
  FD_AUTO self = (int)sys(pidfd_open, sys(getpid), 0);
  if (self < 0)
    return fail(c, self, "pidfd_open", NULL);
  struct message m = {.kind = MSG_FD, .step = c->current, .len = sizeof name - 1};
  int err = message_send(c->report, &m, name, self);
  return err < 0 ? fail(c, err, "sendmsg", name) : 0;
}

/* A sibling and no child, so that the container's init is the runtime's own to wait for. Not
 * clone3, which a filter can't look into, so that many deny it. */
int op_fork(struct ctx *c, const struct step *s) {
  (void)s;
  long pid = sys(clone, CLONE_PARENT | SIGNAL_CHILD, 0, 0, 0, 0);
  if (pid < 0)
    return fail(c, (int)pid, "clone", NULL);
  if (pid > 0)
    sys(exit_group, 0);
  int err = life_bind(c);
  return err < 0 ? err : announce(c);
}
