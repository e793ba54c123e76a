/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"
#include "report.h"
#include <linux/time.h>
#include <linux/time_types.h>

/* The one clock that a time namespace leaves as it is: both sides of the trace read it. */
static uint64_t now(void) {
  struct __kernel_timespec t = {0};
  sys(clock_gettime, CLOCK_REALTIME, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void stamps_send(struct ctx *c) {
  if (c->nstamps == 0)
    return;
  struct message m = {
      .kind = MSG_TRACE, .step = c->first_stamp, .len = c->nstamps * (uint32_t)sizeof *c->stamps};
  /* A trace that is lost is no reason to stop. */
  (void)message_send(c->report, &m, c->stamps, -1);
  c->nstamps = 0;
}

static void stamp(struct ctx *c, uint32_t step) {
  if (c->nstamps == 0)
    c->first_stamp = step;
  c->stamps[c->nstamps++] = now();
  if (c->nstamps == STAMPS_MAX)
    stamps_send(c);
}

void trace_step(struct ctx *c, uint32_t op) {
  if (!c->traced)
    return;
  stamp(c, c->current);
  if (op == OP_sync || op == OP_wait_start || op == OP_seccomp || op == OP_execve)
    stamps_send(c);
  /* `start` is another invocation, whose GO may ask anew. A filter may forbid every call that
   * it takes to go on. */
  if (op == OP_wait_start || op == OP_seccomp)
    c->traced = false;
}

void trace_end(struct ctx *c) {
  if (!c->traced)
    return;
  stamp(c, c->current + 1);
  stamps_send(c);
}
