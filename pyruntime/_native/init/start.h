/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYR_START_H
#define PYR_START_H

/* What a freestanding program defines; its result is the exit status. */
int program_main(int argc, char **argv, char **envp);

#endif
