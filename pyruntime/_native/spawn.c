/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clone of the init.
 *
 * The child shares the runtime's memory until it executes (CLONE_VM | CLONE_VFORK), so that
 * a start costs no copy of the interpreter's page tables. It runs on a stack of its own,
 * makes raw system calls only, and writes nothing but its own frames and `attempt.err`.
 */
#include "init/buffer.h"
#include "init/clone.h"
#include "init/signals.h"
#include "shim.h"
#include <linux/close_range.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/wait.h>

#define STACK_SIZE 32768
#define SLOTS_MAX 1024
#define PRESERVE_MAX 65536
#define EXIT_NOT_STARTED 127

struct attempt {
  const struct pyr_spawn *how;
  int base;
  int *slots; /* a copy: the child moves them */
  int init_fd;
  int err; /* the child's answer */
};

/* Moves *fd out of the numbers that slots will take. */
static int fd_clear(int *fd, int first, int top) {
  if (*fd < first || *fd >= top)
    return 0;
  long moved = sys(fcntl, *fd, F_DUPFD_CLOEXEC, top);
  if (moved < 0)
    return (int)moved;
  *fd = (int)moved;
  return 0;
}

/* In the child: every slot to its number. All else is close-on-exec already. */
static int slots_place(struct attempt *a) {
  int base = a->base, top = base + (int)a->how->nslots;
  int err = fd_clear(&a->init_fd, base, top);
  for (uint32_t i = 0; err == 0 && i < a->how->nslots; i++)
    err = fd_clear(&a->slots[i], base, top);
  for (uint32_t i = 0; err == 0 && i < a->how->nslots; i++) {
    if (a->slots[i] < 0)
      continue;
    long ret = sys(dup3, a->slots[i], base + (int)i, 0);
    if (ret < 0)
      err = (int)ret;
  }
  for (int fd = 3; err == 0 && fd < base; fd++)
    err = (int)sys(fcntl, fd, F_SETFD, 0);
  return err;
}

static int child_prepare(struct attempt *a) {
  long ret = sys(close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (ret < 0)
    return (int)ret;
  int err = slots_place(a);
  return err < 0 ? err : signals_reset();
}

static void child_main(void *arg) {
  struct attempt *a = arg;
  char digits[16];
  struct buffer base = {.data = digits, .room = sizeof digits};
  buffer_decimal(&base, a->base);
  const char *const argv[] = {"pyruntime-init", digits, NULL};
  const char *const envp[] = {NULL};
  a->err = child_prepare(a);
  if (a->err == 0)
    a->err = (int)sys(execveat, a->init_fd, "", argv, envp, AT_EMPTY_PATH);
  for (;;)
    sys(exit_group, EXIT_NOT_STARTED);
}

/* The clone, with every signal blocked: a handler of the runtime's must not run in the child. */
static int clone_child(struct attempt *a, int *pid, int *pidfd) {
  _Alignas(16) char stack[STACK_SIZE];
  int fd = -1;
  uint64_t old = 0;
  struct clone_args args = {
      .flags = a->how->flags | CLONE_VM | CLONE_VFORK | CLONE_PIDFD,
      .pidfd = (uint64_t)(uintptr_t)&fd,
      .exit_signal = SIGNAL_CHILD,
      .stack = (uint64_t)(uintptr_t)stack,
      .stack_size = sizeof stack,
  };
  if (a->how->cgroup_fd >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = (uint32_t)a->how->cgroup_fd;
  }
  int err = signals_mask(~0ull, &old);
  if (err < 0)
    return err;
  long ret = clone_run(&args, child_main, a);
  err = signals_mask(old, NULL);
  if (ret < 0)
    return (int)ret;
  if (err == 0)
    err = a->err;
  if (err < 0) {
    sys(pidfd_send_signal, fd, SIGNAL_KILL, NULL, 0);
    while (sys(wait4, ret, NULL, __WALL, NULL) == -EINTR)
      ;
    sys(close, fd);
    return err;
  }
  *pid = (int)ret;
  *pidfd = fd;
  return 0;
}

/* The clone's child is born into what setns chose for children; ours is chosen again after. */
static int clone_in_pidns(struct attempt *a, int *pid, int *pidfd) {
  long own = sys(openat, AT_FDCWD, "/proc/self/ns/pid_for_children", O_RDONLY | O_CLOEXEC);
  if (own < 0)
    return (int)own;
  int err = (int)sys(setns, a->how->pidns_fd, CLONE_NEWPID);
  if (err == 0) {
    err = clone_child(a, pid, pidfd);
    long back = sys(setns, own, CLONE_NEWPID);
    if (back < 0 && err == 0) {
      sys(pidfd_send_signal, *pidfd, SIGNAL_KILL, NULL, 0);
      while (sys(wait4, *pid, NULL, __WALL, NULL) == -EINTR)
        ;
      sys(close, *pidfd);
      err = (int)back;
    }
  }
  sys(close, own);
  return err;
}

/* The caller's numbers are the caller's: what is ours among them would reach the program. */
static bool fds_apart(const struct pyr_spawn *how) {
  int base = 3 + (int)how->preserve;
  if (how->init_fd >= 3 && how->init_fd < base)
    return false;
  for (uint32_t i = 0; i < how->nslots; i++)
    if (how->slots[i] >= 3 && how->slots[i] < base)
      return false;
  return true;
}

int pyr_spawn(const struct pyr_spawn *how, int *pid, int *pidfd) {
  int slots[SLOTS_MAX];
  if (how->nslots > SLOTS_MAX || how->preserve > PRESERVE_MAX)
    return -E2BIG;
  if (!fds_apart(how))
    return -EBADF;
  memcpy(slots, how->slots, how->nslots * sizeof *slots);
  struct attempt a = {
      .how = how, .base = 3 + (int)how->preserve, .slots = slots, .init_fd = how->init_fd};
  return how->pidns_fd >= 0 ? clone_in_pidns(&a, pid, pidfd) : clone_child(&a, pid, pidfd);
}
