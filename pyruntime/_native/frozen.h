/* SPDX-License-Identifier: Apache-2.0 */
/* Code objects that are data of the embedding program, written by tools/freeze_modules.py. */
#ifndef PYR_FROZEN_H
#define PYR_FROZEN_H

#include <Python.h>

struct pyr_frozen {
  const char *name; /* of the module; NULL ends the list */
  int is_package;
  PyObject *code;
};

extern const struct pyr_frozen pyr_frozen[];

/* Makes the constants that can't be data. Returns 0, or -1 with an exception set. */
int pyr_frozen_fix(void);

#endif
