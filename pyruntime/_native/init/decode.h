/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYR_DECODE_H
#define PYR_DECODE_H

#include "context.h"

/*
 * Checks a whole plan of `size` bytes before any step runs. Pure: no system call, nothing
 * written but *step (the index of the bad step, UINT32_MAX for the header) and *what (a
 * constant text). Returns 0 or -EINVAL. `plan` needs no alignment.
 */
int plan_check(const uint8_t *plan, size_t size, uint32_t *step, const char **what);

/* The header of a checked plan. */
void plan_header_read(const uint8_t *plan, struct plan_header *header);

/* The i-th step of a checked plan, i < nsteps. */
void plan_step_read(const uint8_t *plan, uint32_t i, struct step *step);

/*
 * Walks a list argument: NULL starts, NULL ends. `at` is the last answer.
 *   for (const char *arg = NULL; (arg = list_next(c, s, S_execve_args, arg));) ...
 */
const char *list_next(const struct ctx *c, const struct step *s, unsigned i, const char *at);
uint32_t list_count(const struct ctx *c, const struct step *s, unsigned i);

#endif
