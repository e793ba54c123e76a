/* SPDX-License-Identifier: Apache-2.0 */
/* The handshake: phases with the runtime, then the wait for `start`. */
#include "sync.h"
#include "fd.h"
#include "mem.h"
#include "ownproc.h"
#include "path.h"
#include "report.h"
#include "run.h"
#include "signals.h"
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/time_types.h>

#define SOCK_CLOEXEC_FLAG 02000000

int life_bind(struct ctx *c) {
  if (c->released)
    return 0;
  /* A change of ids sets dumpable to what fs.suid_dumpable says, which may be 1. */
  long ret = sys(prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (ret < 0)
    return fail(c, (int)ret, "prctl PR_SET_DUMPABLE", NULL);
  ret = sys(prctl, PR_SET_PDEATHSIG, SIGNAL_KILL, 0, 0, 0);
  if (ret < 0)
    return fail(c, (int)ret, "prctl PR_SET_PDEATHSIG", NULL);
  if (c->report < 0)
    return 0;
  /* Who died before the call sends no signal any more; the socket tells. */
  struct pollfd peer = {.fd = c->report, .events = POLLIN};
  struct __kernel_timespec now = {0};
  do
    ret = sys(ppoll, &peer, 1, &now, NULL, 0);
  while (ret == -EINTR);
  if (ret < 0)
    return fail(c, (int)ret, "ppoll", NULL);
  if (peer.revents & (POLLHUP | POLLERR | POLLNVAL))
    sys(exit_group, 1);
  return 0;
}

/* The runtime is gone: there is nobody to report to, and nothing to go on for. */
static int peer_lost(struct ctx *c, int err, const char *what) {
  if (err == -EPIPE)
    sys(exit_group, 1);
  return fail(c, err, what, NULL);
}

/* Tells the runtime of the phase and waits until it has done its part. */
static int phase_wait(struct ctx *c, uint32_t phase) {
  struct message m = {.kind = MSG_SYNC, .step = c->current, .len = sizeof phase};
  int err = message_send(c->report, &m, &phase, -1);
  if (err < 0)
    return peer_lost(c, err, "sendmsg");
  err = message_receive(c->report, &m);
  if (err < 0)
    return peer_lost(c, err, "recv");
  return m.kind == MSG_GO ? 0 : fail(c, -EBADMSG, "recv", "sync socket");
}

/* An ordinary user's runtime can write the mappings of a dumpable process alone. */
static int userns_wait(struct ctx *c) {
  int err = ownproc_dumpable(true);
  if (err < 0)
    return fail(c, err, "prctl PR_SET_DUMPABLE", NULL);
  err = phase_wait(c, PHASE_USERNS);
  int off = ownproc_dumpable(false);
  return err == 0 && off < 0 ? fail(c, off, "prctl PR_SET_DUMPABLE", NULL) : err;
}

int op_sync(struct ctx *c, const struct step *s) {
  uint32_t phase = (uint32_t)s->n[N_sync_phase];
  if (phase == PHASE_READY) {
    /* From here on the container outlives the runtime's `create`. */
    long ret = sys(prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0);
    if (ret < 0)
      return fail(c, (int)ret, "prctl PR_SET_PDEATHSIG", NULL);
    c->released = true;
  }
  return phase == PHASE_USERNS ? userns_wait(c) : phase_wait(c, phase);
}

static const char *const ns_names[NS_HELD] = {"self/ns/user", "self/ns/mnt",   "self/ns/pid",
                                              "self/ns/net",  "self/ns/ipc",   "self/ns/uts",
                                              "self/ns/time", "self/ns/cgroup"};

/* One that can't be had is missed by who asks for it, which tells enough. */
void namespaces_hold(struct ctx *c) {
  for (int i = 0; i < NS_HELD; i++) {
    int fd = path_openat2(c->procfs, ns_names[i], O_RDONLY, 0);
    if (fd >= 0)
      c->held[c->nheld++] = (struct held){.name = (uint32_t)i, .fd = fd};
  }
}

static void namespaces_give(struct ctx *c, int conn) {
  if (c->nheld == 0 && c->procfs >= 0)
    namespaces_hold(c); /* the descriptors were left open, for hooks */
  for (uint32_t i = 0; i < c->nheld; i++) {
    const char *name = ns_names[c->held[i].name] + sizeof "self/ns/" - 1;
    struct message m = {.kind = MSG_FD, .step = c->current, .len = (uint32_t)strlen(name)};
    if (message_send(conn, &m, name, c->held[i].fd) < 0)
      return;
  }
}

static void namespaces_drop(struct ctx *c) {
  for (; c->nheld > 0; c->nheld--)
    sys(close, c->held[c->nheld - 1].fd);
}

/* The connection that said GO, or -errno. One that says nothing is a probe for our life. */
static int start_accept(struct ctx *c, int listener) {
  for (;;) {
    long conn = sys(accept4, listener, NULL, NULL, SOCK_CLOEXEC_FLAG);
    if (conn == -EINTR || conn == -ECONNABORTED)
      continue;
    if (conn < 0)
      return fail(c, (int)conn, "accept", "start socket");
    struct message m;
    if (message_receive((int)conn, &m) == 0) {
      if (m.kind == MSG_GO) {
        c->traced = m.step == GO_TRACED;
        return (int)conn;
      }
      if (m.kind == MSG_NAMESPACES)
        namespaces_give(c, (int)conn);
    }
    sys(close, conn);
  }
}

static void end_by_signal(int number) { sys(exit_group, 128 + number); }

/* The first process of a pid namespace does not hear what it has no handler for: `kill` must
 * end a container that was not started yet. execve takes the handlers away. */
static int end_on_signals(struct ctx *c) {
  static const int numbers[] = {SIGNAL_HUP, SIGNAL_INT, SIGNAL_QUIT, SIGNAL_TERM};
  for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    int err = signal_catch(numbers[i], end_by_signal);
    if (err < 0)
      return fail(c, err, "rt_sigaction", NULL);
  }
  return 0;
}

int op_wait_start(struct ctx *c, const struct step *s) {
  (void)s;
  int err = end_on_signals(c);
  if (err < 0)
    return err;
  int listener = slot_fd(c, SLOT_START);
  sys(close, c->report);
  c->report = -1;
  int conn = start_accept(c, listener);
  if (conn < 0)
    return conn;
  namespaces_drop(c);
  c->report = conn;
  /* Closed before the program runs, so that a connection is refused from then on. */
  sys(close, listener);
  return 0;
}
