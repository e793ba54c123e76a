/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces by descriptor, and the init's steps in the caller's own process. */
#include "shim.h"
#include "init/decode.h"
#include "init/path.h"
#include "init/run.h"
#include "init/signals.h"
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/signalfd.h>

int pyr_setns(int fd, int nstype) { return (int)sys(setns, fd, nstype); }

int pyr_unshare(int flags) { return (int)sys(unshare, flags); }

int pyr_subreaper(void) { return (int)sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int pyr_signals(uint64_t set) {
  int fd = (int)sys(signalfd4, -1, &set, sizeof set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0)
    return fd;
  int err = (int)sys(rt_sigprocmask, SIGNALS_BLOCK, &set, NULL, sizeof set);
  if (err < 0)
    sys(close, fd);
  return err < 0 ? err : fd;
}

int pyr_ns_type(int fd) { return (int)sys(ioctl, fd, NS_GET_NSTYPE); }

int pyr_open_beneath(int dir, const char *path) {
  return path_openat2(dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC,
                      RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

int pyr_seccomp_knows(unsigned flags) {
  /* The flags are looked at before the filter, which is not there. */
  long ret = sys(seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL);
  if (ret == -EFAULT)
    return 1;
  return ret == -EINVAL ? 0 : (int)ret;
}

int pyr_plan_run(const void *plan, size_t size, int base) {
  static struct ctx c;
  ctx_init(&c, base);
  return plan_run(&c, plan, size);
}

int pyr_plan_check(const void *plan, size_t size, uint32_t *step) {
  const char *what;
  return plan_check(plan, size, step, &what);
}
