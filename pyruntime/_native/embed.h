/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter in the program: how it starts, and how it goes on from a snapshot. */
#ifndef PYR_EMBED_H
#define PYR_EMBED_H

#include <Python.h>

#include <stdbool.h>

/* The directory that holds the package, PATH_MAX bytes. */
extern char site[];

/* seed: of the hashes of strings; 0 for a random one. */
PyStatus interpreter_start(int argc, char **argv, unsigned long seed);

/*
 * Runs pyruntime/_boot.py, the image's first part. It leaves by os._exit; or, for a snapshot,
 * loads all it can, also from the directories. False after an error, which was printed.
 */
bool image_run(int argc, char **argv, const char *directories);

/* Then, of _boot.py's: called with a command's list of arguments it makes a rehearsal of it. */
extern PyObject *arrange;

/* A list of strings. NULL with an exception set. */
PyObject *arguments(int argc, char **argv);

/* From a snapshot on: runs the command and leaves. It returns after an error, which was printed. */
void snapshot_run(int argc, char **argv);

/* Prints the exception that is set. */
void error_print(void);

/* make.c: what the build asks of a program without a snapshot. -1 when it is not asked. */
int make_run(int argc, char **argv);

#endif
