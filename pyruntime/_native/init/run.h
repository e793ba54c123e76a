/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYR_RUN_H
#define PYR_RUN_H

#include "context.h"

/* One handler per operation, each in the file of its subject. */
#define PYR_DECLARE_HANDLER(name) int op_##name(struct ctx *c, const struct step *s);
PYR_FOR_EACH_OP(PYR_DECLARE_HANDLER)

/* A context before the first step; the plan may still be NULL. */
void ctx_init(struct ctx *c, int base);

/*
 * Checks the plan and runs its steps in order until one fails or execve does not return.
 * The failure is reported to c->report. Returns 0 or the failed step's -errno.
 */
int plan_run(struct ctx *c, const uint8_t *plan, size_t size);

#endif
