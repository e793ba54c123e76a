/* SPDX-License-Identifier: Apache-2.0 */
/* Entering namespaces and cgroups, and the names that a UTS namespace holds. */
#include "run.h"
#include "sync.h"
#include "tree.h"
#include "userns.h"
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/sched.h>

/* The kernel lets nobody join the user namespace that he is in, which is no failure. */
static bool is_own_userns(int fd) {
  struct statx joined, own;
  long ret = sys(statx, AT_FDCWD, "/proc/self/ns/user", 0, STATX_INO, &own);
  return ret == 0 && tree_stat(fd, &joined) == 0 && joined.stx_ino == own.stx_ino &&
         joined.stx_dev_major == own.stx_dev_major && joined.stx_dev_minor == own.stx_dev_minor;
}

int op_ns_join(struct ctx *c, const struct step *s) {
  int fd = slot_fd(c, s->n[N_ns_join_slot]);
  uint64_t nstype = s->n[N_ns_join_nstype], flags = s->n[N_ns_join_flags];
  if ((flags & NS_REST) && (c->joined & nstype))
    return 0;
  long ret = sys(setns, fd, nstype);
  /* It belongs to a user namespace that is still to be entered. */
  if (ret == -EPERM && (flags & NS_TRY))
    return 0;
  bool own = ret == -EINVAL && nstype == CLONE_NEWUSER && is_own_userns(fd);
  if (ret < 0 && !own)
    return fail(c, (int)ret, "setns", NULL);
  c->joined |= nstype;
  sys(close, fd); /* nothing of the host's stays open longer than it is needed */
  return nstype == CLONE_NEWUSER && !own ? userns_root(c) : 0;
}

int op_ns_unshare(struct ctx *c, const struct step *s) {
  uint64_t flags = s->n[N_ns_unshare_flags];
  long ret = sys(unshare, flags);
  if (ret < 0)
    return fail(c, (int)ret, "unshare", NULL);
  return flags & CLONE_NEWUSER ? life_bind(c) : 0;
}

int op_cgroup_join(struct ctx *c, const struct step *s) {
  const char *path = str(c, s, S_cgroup_join_path);
  long fd = sys(openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0)
    return fail(c, (int)fd, "open", path);
  long ret = sys(write, fd, "0", 1); /* "0" is the writer itself */
  sys(close, fd);
  return ret < 0 ? fail(c, (int)ret, "write", path) : 0;
}

int op_hostname(struct ctx *c, const struct step *s) {
  const char *name = str(c, s, S_hostname_name);
  long ret = sys(sethostname, name, str_len(s, S_hostname_name));
  return ret < 0 ? fail(c, (int)ret, "sethostname", name) : 0;
}

int op_domainname(struct ctx *c, const struct step *s) {
  const char *name = str(c, s, S_domainname_name);
  long ret = sys(setdomainname, name, str_len(s, S_domainname_name));
  return ret < 0 ? fail(c, (int)ret, "setdomainname", name) : 0;
}
