/* SPDX-License-Identifier: Apache-2.0 */
/* Which blocks of the heap a rehearsal touches: for the build alone. */
#ifndef PYR_WATCH_H
#define PYR_WATCH_H

#include "heap.h"

/*
 * From here on the first use of what was given to a number sets HEAP_LOG_HOT in the log, which
 * other processes may share. laid_out: as heap_laid_out gave it, with a log and owners. False
 * when that can't be done.
 */
bool watch_heap(const struct heap_layout *laid_out);

#endif
