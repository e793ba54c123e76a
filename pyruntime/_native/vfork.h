/* SPDX-License-Identifier: Apache-2.0 */
/* A child that shares the caller's memory until it executes a program. */
#ifndef PYR_VFORK_H
#define PYR_VFORK_H

#include <stdint.h>

/*
 * What the child does: run(arg) makes raw system calls only and writes nothing but its own
 * frames and arg. It returns when no program was executed: -errno.
 */
struct vfork {
  uint64_t flags; /* CLONE_NEW* */
  int cgroup_fd;  /* directory of the cgroup2 group to be born in, -1: the caller's */
  int (*run)(void *arg);
  void *arg;
  int err; /* the child's answer */
};

/* Returns 0 once the program is executed, or -errno; then there is no child any more. */
int vfork_run(struct vfork *v, int *pid, int *pidfd);

/* Kills and reaps a child, and closes its pidfd. */
void vfork_end(int pid, int pidfd);

#endif
