/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYR_COPYUP_H
#define PYR_COPYUP_H

#include "../sys.h"

enum { COPYUP_KEEP_MODE = 1, COPYUP_KEEP_OWNER = 2 }; /* of the new mount's own root */

/*
 * Copies what directory `from` holds into `to`, the root of a mount that is not attached yet:
 * mode, owner, links as links, device nodes; neither times, nor what is mounted below.
 * `from` is hostile, `to` is ours alone. Returns 0 or -errno; nothing is undone.
 */
int copyup_tree(int from, int to, unsigned keep);

#endif
