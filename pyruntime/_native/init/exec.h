/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYR_EXEC_H
#define PYR_EXEC_H

#include "context.h"

/*
 * All that an execve step needs of the kernel but execve itself; once done, it is done. A
 * filter that is loaded right before the step need not allow it then.
 */
int exec_prepare(struct ctx *c, const struct step *s);

#endif
