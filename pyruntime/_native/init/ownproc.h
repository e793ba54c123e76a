/* SPDX-License-Identifier: Apache-2.0 */
/* The init's own files in the trusted procfs. */
#ifndef PYR_OWNPROC_H
#define PYR_OWNPROC_H

#include "context.h"

/* Opens name ("self/oom_score_adj") for writing. Returns the descriptor or -errno. */
int ownproc_open(struct ctx *c, const char *name);

/* Lets others of this user look at the process, or no longer. Returns 0 or -errno. */
int ownproc_dumpable(bool on);

/* Whether setgroups(2) is denied in the present user namespace; false when that is unknown. */
bool ownproc_setgroups_denied(struct ctx *c);

#endif
