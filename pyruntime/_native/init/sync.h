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

/*
 * Descriptors of the own namespaces, for who asks the waiting init. /proc is closed to an
 * ordinary user as long as the init is not dumpable: he could not enter what he has made. Who
 * is allowed to start it is given these, and no more.
 */
void namespaces_hold(struct ctx *c);

#endif
