/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYR_USERNS_H
#define PYR_USERNS_H

#include "context.h"

/* User and group 0 of the present user namespace, so that what is made belongs to somebody
 * there. Returns 0, or -errno after fail(). */
int userns_root(struct ctx *c);

#endif
