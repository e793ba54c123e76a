/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYR_SYNC_H
#define PYR_SYNC_H

#include "context.h"

/*
 * While the container is being set up, the init dies with the runtime. The kernel forgets
 * that on a change of credentials, so whoever changes them calls this again; it also sees
 * whether the runtime died in between. No-op once READY was reached. Returns 0 or -errno.
 */
int life_bind(struct ctx *c);

#endif
