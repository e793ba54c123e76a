/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CLONE_VM | CLONE_VFORK: a start costs no copy of the interpreter's page tables. Only the
 * calling thread waits; others go on, and what they change is not the child's business: it has
 * a stack, a descriptor table and signal dispositions of its own.
 */
#include "vfork.h"
#include "init/clone.h"
#include "init/mem.h"
#include "init/signals.h"
#include <linux/errno.h>
#include <linux/wait.h>

#define STACK_SIZE 16384 /* a part of the caller's, which may be a thread with a small one */
#define EXIT_NOT_STARTED 127

/* The dispositions before the mask: a handler of the caller's must not run in the child. */
static void child_main(void *arg) {
  struct vfork *v = arg;
  v->err = signals_reset();
  if (v->err == 0)
    v->err = v->run(v->arg);
  for (;;)
    sys(exit_group, EXIT_NOT_STARTED);
}

void vfork_end(int pid, int pidfd) {
  sys(pidfd_send_signal, pidfd, SIGNAL_KILL, NULL, 0);
  while (sys(wait4, pid, NULL, __WALL, NULL) == -EINTR)
    ;
  sys(close, pidfd);
}

int vfork_run(struct vfork *v, int *pid, int *pidfd) {
  _Alignas(16) char stack[STACK_SIZE];
  int fd = -1;
  uint64_t old = 0;
  struct clone_args args = {
      .flags = v->flags | CLONE_VM | CLONE_VFORK | CLONE_PIDFD,
      .pidfd = (uint64_t)(uintptr_t)&fd,
      .exit_signal = SIGNAL_CHILD,
      .stack = (uint64_t)(uintptr_t)stack,
      .stack_size = sizeof stack,
  };
  if (v->cgroup_fd >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = (uint32_t)v->cgroup_fd;
  }
  v->err = 0;
  int err = signals_mask(~0ull, &old);
  if (err < 0)
    return err;
  long ret = clone_run(&args, child_main, v);
  err = signals_mask(old, NULL);
  if (ret < 0)
    return (int)ret;
  if (err == 0)
    err = v->err;
  if (err < 0) {
    vfork_end((int)ret, fd);
    return err;
  }
  *pid = (int)ret;
  *pidfd = fd;
  return 0;
}
