/* SPDX-License-Identifier: Apache-2.0 */
/* Entering namespaces and cgroups, and the names that a UTS namespace holds. */
#include "run.h"
#include "sync.h"
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/sched.h>

int op_ns_join(struct ctx *c, const struct step *s) {
  int fd = slot_fd(c, s->n[N_ns_join_slot]);
  uint64_t nstype = s->n[N_ns_join_nstype];
  long ret = sys(setns, fd, nstype);
  if (ret < 0)
    return fail(c, (int)ret, "setns", NULL);
  sys(close, fd); /* nothing of the host's stays open longer than it is needed */
  if (nstype != CLONE_NEWUSER)
    return 0;
  /* Root of the joined namespace, so that what it makes belongs to somebody there. */
  ret = sys(setresgid, 0, 0, 0);
  if (ret < 0)
    return fail(c, (int)ret, "setresgid", NULL);
  ret = sys(setresuid, 0, 0, 0);
  if (ret < 0)
    return fail(c, (int)ret, "setresuid", NULL);
  return life_bind(c);
}

int op_ns_unshare(struct ctx *c, const struct step *s) {
  long ret = sys(unshare, s->n[N_ns_unshare_flags]);
  return ret < 0 ? fail(c, (int)ret, "unshare", NULL) : 0;
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
