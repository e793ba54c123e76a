/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When each step began, for `--trace`: collected in the context, sent in a few messages.
 *
 * Off (the plan's header does not ask) it is one comparison a step.
 */
#ifndef PYR_TRACE_H
#define PYR_TRACE_H

#include "context.h"

/* The running step begins. What was collected is sent when a step follows that hands over. */
void trace_step(struct ctx *c, uint32_t op);

/* The running step failed: its end counts as the beginning of the next. */
void trace_end(struct ctx *c);

#endif
