/* SPDX-License-Identifier: Apache-2.0 */
/* Which system calls there are, asked of the kernel with arguments that change nothing. */
#include "init/mem.h"
#include "shim.h"
#include "sys.h"
#include <linux/errno.h>

#define NO_FD (-1)

/* The kernel's answer to a call that cannot succeed. */
static long call_try(const char *name) {
#define TRY(call, ...)                                                                             \
  do {                                                                                             \
    if (strlen(name) == sizeof #call - 1 && memcmp(name, #call, sizeof #call) == 0)                \
      return sys(call, __VA_ARGS__);                                                               \
  } while (0)
  TRY(openat2, NO_FD, "", NULL, 0);
  TRY(clone3, NULL, 0);
  TRY(open_tree, NO_FD, NULL, 0);
  TRY(move_mount, NO_FD, NULL, NO_FD, NULL, 0);
  TRY(fsopen, NULL, 0);
  TRY(fsmount, NO_FD, 0, 0);
  TRY(mount_setattr, NO_FD, NULL, 0, NULL, 0);
  TRY(close_range, ~0U, 0, 0);
  TRY(pidfd_open, -1, 0);
  TRY(pidfd_send_signal, NO_FD, 0, NULL, 0);
  TRY(seccomp, ~0U, 0, NULL);
  TRY(bpf, ~0U, NULL, 0);
  TRY(keyctl, ~0U, 0, 0, 0, 0);
#undef TRY
  return -ENODATA;
}

int pyr_call_exists(const char *name) {
  long ret = call_try(name);
  return ret == -ENOSYS || ret == -EPERM || ret == -ENODATA ? (int)ret : 0;
}
