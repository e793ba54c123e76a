/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYR_MOUNT2_H
#define PYR_MOUNT2_H

#include "context.h"

/*
 * mount(2), for what fsconfig(2) cannot carry: a value of more than 255 bytes, as the many
 * layers of an overlay make it. The mount cannot be made detached: it appears at target, a
 * resolved directory, with its flags already set.
 */

/* Whether an option of this mount_fs step is too long for fsconfig(2). */
bool mount2_needed(const struct ctx *c, const struct step *s);

int mount2_fs(struct ctx *c, const struct step *s, int target);

#endif
