/* SPDX-License-Identifier: Apache-2.0 */
/* Children of the runtime that are no init: a host's program, and the holder of a namespace. */
#include "init/signals.h"
#include "shim.h"
#include "vfork.h"
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/sched.h>

/* One that the caller has in the place of a stream would be overwritten before it is used. */
static long fd_above_streams(int *fd) {
  long ret = *fd < 3 ? sys(fcntl, *fd, F_DUPFD_CLOEXEC, 3) : *fd;
  *fd = (int)ret;
  return ret;
}

/* In the child. Its directory is its own: posix_spawn would need the caller's to change. */
static int program_run(void *arg) {
  struct pyr_program *p = arg;
  long ret = sys(close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (ret >= 0)
    ret = fd_above_streams(&p->stdin_fd);
  if (ret >= 0)
    ret = fd_above_streams(&p->output_fd);
  if (ret >= 0)
    ret = fd_above_streams(&p->error_fd);
  const int streams[] = {p->stdin_fd, p->output_fd, p->error_fd};
  for (int i = 0; ret >= 0 && i < 3; i++)
    ret = sys(dup3, streams[i], i, 0);
  if (ret >= 0)
    ret = sys(chdir, p->cwd);
  return (int)(ret < 0 ? ret : sys(execve, p->path, p->args, p->env));
}

int pyr_program(const struct pyr_program *how, int *pid, int *pidfd) {
  struct pyr_program copy = *how;
  struct vfork v = {.cgroup_fd = -1, .run = program_run, .arg = &copy};
  return vfork_run(&v, pid, pidfd);
}

/* Holds no descriptor: pipes of other threads must not stay open by it. */
static void hold(long parent) {
  sys(close_range, 0, ~0U, 0);
  sys(prctl, PR_SET_PDEATHSIG, SIGNAL_KILL, 0, 0, 0);
  while (sys(getppid) == parent)
    sys(ppoll, NULL, 0, NULL, NULL, 0);
  for (;;)
    sys(exit_group, 1);
}

int pyr_user_namespace(int *pid, int *pidfd) {
  int fd = -1;
  uint64_t old = 0;
  struct clone_args args = {.flags = CLONE_NEWUSER | CLONE_PIDFD,
                            .pidfd = (uint64_t)(uintptr_t)&fd,
                            .exit_signal = SIGNAL_CHILD};
  long parent = sys(getpid);
  /* Blocked for good in the child, whose memory is a copy in which handlers make no sense. */
  int err = signals_mask(~0ull, &old);
  if (err < 0)
    return err;
  long ret = sys(clone3, &args, sizeof args);
  if (ret == 0)
    hold(parent);
  err = signals_mask(old, NULL);
  if (ret < 0)
    return (int)ret;
  if (err < 0) {
    vfork_end((int)ret, fd);
    return err;
  }
  *pid = (int)ret;
  *pidfd = fd;
  return 0;
}
