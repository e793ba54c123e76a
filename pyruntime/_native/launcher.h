/* SPDX-License-Identifier: Apache-2.0 */
/* What the launcher and the embedded interpreter share. */
#ifndef PYR_LAUNCHER_H
#define PYR_LAUNCHER_H

#include <stdbool.h>

#define EXIT_NOT_FOUND 127

/* One line on standard error: "pyruntime: " what path. */
void say(const char *what, const char *path);

/* Opens /dev/null on closed standard streams; false when it can't. */
bool streams_open(void);

#endif
