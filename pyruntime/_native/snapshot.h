/* SPDX-License-Identifier: Apache-2.0 */
/* The started interpreter as a part of the program's file: written by the build, mapped at a start.
 */
#ifndef PYR_SNAPSHOT_H
#define PYR_SNAPSHOT_H

#include <stdbool.h>

/*
 * Puts this program's variables and its heap into the state that snapshot_write saved. False,
 * with nothing changed, when the file holds none or its place in memory is taken.
 */
bool snapshot_restore(void);

/* Whether the file holds one already. */
bool snapshot_exists(void);

/* Writes both to the file: the variables, then from a page's start the heap's hot part, then
 * the other; behind all that the sizes of the two, 64 bits each. */
bool snapshot_write(const char *path);

#endif
