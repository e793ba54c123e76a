/* SPDX-License-Identifier: Apache-2.0 */
/* The loop over a plan's steps. */
#include "run.h"
#include "decode.h"
#include "mem.h"
#include "report.h"
#include "trace.h"

typedef int handler(struct ctx *c, const struct step *s);

#define HANDLER(name) [OP_##name] = op_##name,
static handler *const handlers[OP_END] = {PYR_FOR_EACH_OP(HANDLER)};

void ctx_init(struct ctx *c, int base) {
  memset(c, 0, sizeof *c);
  c->current = UINT32_MAX;
  c->base = base;
  c->report = base < 0 ? -1 : base + SLOT_SYNC;
  c->procfs = c->rootfs = c->nullfd = c->maskfd = -1;
}

int plan_run(struct ctx *c, const uint8_t *plan, size_t size) {
  const char *what;
  int err = plan_check(plan, size, &c->current, &what);
  if (err < 0) {
    fail_text(c, err, "read plan", NULL, what, strlen(what));
    report_error(c, err);
    return err;
  }
  struct plan_header h;
  plan_header_read(plan, &h);
  c->plan = plan;
  c->total = h.total;
  c->nsteps = h.nsteps;
  c->traced = (h.flags & PLAN_TRACED) != 0;
  for (c->current = 0; c->current < c->nsteps; c->current++) {
    struct step s;
    plan_step_read(plan, c->current, &s);
    c->detail_len = 0;
    trace_step(c, s.op);
    err = handlers[s.op](c, &s);
    if (err < 0) {
      trace_end(c);
      report_error(c, err);
      return err;
    }
  }
  return 0;
}
