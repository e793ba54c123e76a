/* SPDX-License-Identifier: Apache-2.0 */
/* The clone of the init: its descriptors, its namespaces, its execution. */
#include "init/buffer.h"
#include "shim.h"
#include "sys.h"
#include "vfork.h"
#include <linux/close_range.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/sched.h>

#define SLOTS_MAX 1024
#define PRESERVE_MAX 65536
#define GIVEN_MAX (3 + 256)

/* What pyr_spawn is asked for; given is NULL for none. */
struct how {
  int init_fd;
  uint64_t flags;
  int cgroup_fd;
  const int *slots, *given;
  uint32_t nslots, preserve;
};

struct attempt {
  struct vfork vfork;
  const struct how *how;
  int base;
  /* Copies: the child moves them. */
  int *slots;
  int *given;
  int init_fd;
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

/* Descriptors to numbers from `first` on; -1 leaves one out. */
static int numbers_place(const int *fds, int count, int first) {
  for (int i = 0; i < count; i++) {
    long ret = fds[i] < 0 ? 0 : sys(dup3, fds[i], first + i, 0);
    if (ret < 0)
      return (int)ret;
  }
  return 0;
}

/* In the child: all to their numbers. What is left is close-on-exec already. */
static int all_place(struct attempt *a) {
  int nslots = (int)a->how->nslots, top = a->base + nslots;
  int first = a->given != NULL ? 0 : a->base;
  int err = fd_clear(&a->init_fd, first, top);
  for (int i = 0; err == 0 && i < nslots; i++)
    err = fd_clear(&a->slots[i], first, top);
  for (int i = 0; err == 0 && a->given != NULL && i < a->base; i++)
    err = fd_clear(&a->given[i], first, top);
  if (err == 0)
    err = numbers_place(a->slots, nslots, a->base);
  if (err == 0 && a->given != NULL)
    return numbers_place(a->given, a->base, 0);
  for (int fd = 3; err == 0 && fd < a->base; fd++)
    err = (int)sys(fcntl, fd, F_SETFD, 0);
  return err;
}

static int child_prepare(struct attempt *a) {
  long ret = sys(close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (ret < 0)
    return (int)ret;
  return all_place(a);
}

static int child_main(void *arg) {
  struct attempt *a = arg;
  char digits[16];
  struct buffer base = {.data = digits, .room = sizeof digits};
  buffer_decimal(&base, a->base);
  const char *const argv[] = {"pyruntime-init", digits, NULL};
  const char *const envp[] = {NULL};
  int err = child_prepare(a);
  return err < 0 ? err : (int)sys(execveat, a->init_fd, "", argv, envp, AT_EMPTY_PATH);
}

/* The caller's numbers are the caller's: what is ours among them would reach the program. */
static bool fds_apart(const struct how *how) {
  int base = 3 + (int)how->preserve;
  if (how->given != NULL)
    return true;
  if (how->init_fd >= 3 && how->init_fd < base)
    return false;
  for (uint32_t i = 0; i < how->nslots; i++)
    if (how->slots[i] >= 3 && how->slots[i] < base)
      return false;
  return true;
}

static int spawn(const struct how *how, int *pid, int *pidfd) {
  int slots[SLOTS_MAX], given[GIVEN_MAX];
  if (how->nslots > SLOTS_MAX || how->preserve > PRESERVE_MAX)
    return -E2BIG;
  if (how->given != NULL && how->preserve > GIVEN_MAX - 3)
    return -E2BIG;
  if (!fds_apart(how))
    return -EBADF;
  memcpy(slots, how->slots, how->nslots * sizeof *slots);
  struct attempt a = {
      .vfork = {.flags = how->flags, .cgroup_fd = how->cgroup_fd, .run = child_main, .arg = &a},
      .how = how,
      .base = 3 + (int)how->preserve,
      .slots = slots,
      .init_fd = how->init_fd};
  if (how->given != NULL) {
    memcpy(given, how->given, (size_t)a.base * sizeof *given);
    a.given = given;
  }
  return vfork_run(&a.vfork, pid, pidfd);
}

int64_t pyr_spawn(int init_fd, uint64_t flags, int cgroup_fd, const void *slots, uint32_t nslots,
                  const void *given, uint32_t ngiven, uint32_t preserve) {
  const struct how how = {.init_fd = init_fd,
                          .flags = flags,
                          .cgroup_fd = cgroup_fd,
                          .slots = slots,
                          .given = ngiven > 0 ? given : NULL,
                          .nslots = nslots,
                          .preserve = preserve};
  int pid = -1, pidfd = -1;
  if (preserve > PRESERVE_MAX || (ngiven > 0 && ngiven != 3 + preserve))
    return -E2BIG;
  int err = spawn(&how, &pid, &pidfd);
  return err < 0 ? err : (int64_t)pidfd << 32 | (uint32_t)pid;
}
