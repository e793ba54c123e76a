/* SPDX-License-Identifier: Apache-2.0 */
/* User, groups and capabilities. */
#include "creds.h"
#include "buffer.h"
#include "ownproc.h"
#include "run.h"
#include "sync.h"
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/prctl.h>

struct cap_sets {
  uint64_t effective;
  uint64_t permitted;
  uint64_t inheritable;
};

int op_groups(struct ctx *c, const struct step *s) {
  /* The kernel wants them aligned, which they are in the wire format only by luck. */
  static uint32_t gids[65536]; /* NGROUPS_MAX */
  size_t size = str_len(s, S_groups_gids);
  if (size > sizeof gids)
    return fail(c, -EINVAL, "setgroups", NULL);
  memcpy(gids, str(c, s, S_groups_gids), size);
  long ret = sys(setgroups, size / sizeof *gids, gids);
  if (ret == -EPERM && ownproc_setgroups_denied(c))
    /* The kernel keeps an ordinary user from dropping a group that he is refused by. */
    return size == 0 ? 0 : fail(c, -EPERM, "setgroups is denied in this user namespace", NULL);
  return ret < 0 ? fail(c, (int)ret, "setgroups", NULL) : 0;
}

int op_user(struct ctx *c, const struct step *s) {
  uint64_t uid = s->n[N_user_uid], gid = s->n[N_user_gid];
  long ret = sys(setresgid, gid, gid, gid);
  if (ret < 0)
    return fail(c, (int)ret, "setresgid", NULL);
  ret = sys(setresuid, uid, uid, uid);
  if (ret < 0)
    return fail(c, (int)ret, "setresuid", NULL);
  return life_bind(c);
}

int op_caps_keep(struct ctx *c, const struct step *s) {
  long ret = sys(prctl, PR_SET_KEEPCAPS, s->n[N_caps_keep_on], 0, 0, 0);
  return ret < 0 ? fail(c, (int)ret, "prctl PR_SET_KEEPCAPS", NULL) : 0;
}

int op_caps_bounding(struct ctx *c, const struct step *s) {
  uint64_t mask = s->n[N_caps_bounding_mask];
  for (int cap = 0; cap < 64; cap++) {
    long has = sys(prctl, PR_CAPBSET_READ, cap, 0, 0, 0);
    if (has == -EINVAL)
      break; /* the kernel's last one came before */
    if (has < 0)
      return fail(c, (int)has, "prctl PR_CAPBSET_READ", NULL);
    if (has == 0 || (mask >> cap & 1) != 0)
      continue;
    long ret = sys(prctl, PR_CAPBSET_DROP, cap, 0, 0, 0);
    if (ret < 0)
      return fail(c, (int)ret, "prctl PR_CAPBSET_DROP", NULL);
  }
  return 0;
}

static int caps_read(struct cap_sets *sets) {
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
  long ret = sys(capget, &head, data);
  if (ret < 0)
    return (int)ret;
  sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
  sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
  sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
  return 0;
}

static int caps_write(const struct cap_sets *sets) {
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
  for (int word = 0; word < _LINUX_CAPABILITY_U32S_3; word++) {
    data[word].effective = (uint32_t)(sets->effective >> 32 * word);
    data[word].permitted = (uint32_t)(sets->permitted >> 32 * word);
    data[word].inheritable = (uint32_t)(sets->inheritable >> 32 * word);
  }
  return (int)sys(capset, &head, data);
}

int cap_raise(int cap) {
  struct cap_sets sets;
  int err = caps_read(&sets);
  if (err < 0)
    return err;
  sets.effective |= 1ull << cap;
  return caps_write(&sets);
}

/* Says which capabilities could not be had, as a mask in hexadecimal. */
static void warn_missing(struct ctx *c, const char *what, uint64_t missing) {
  char digits[24];
  struct buffer mask = {.data = digits, .room = sizeof digits};
  buffer_add(&mask, "0x");
  buffer_number(&mask, missing, 16);
  warn(c, -EPERM, what, digits);
}

/* What can't be granted is left out with a warning, as the specification of `process` asks. */
int op_caps_set(struct ctx *c, const struct step *s) {
  struct cap_sets have = {0};
  struct cap_sets want = {.effective = s->n[N_caps_set_effective],
                          .permitted = s->n[N_caps_set_permitted],
                          .inheritable = s->n[N_caps_set_inheritable]};
  int err = caps_read(&have);
  if (err < 0)
    return fail(c, err, "capget", NULL);
  uint64_t missing = want.permitted & ~have.permitted;
  missing |= want.effective & ~(have.permitted & want.permitted);
  missing |= want.inheritable & ~(have.permitted | have.inheritable);
  if ((missing & ~c->caps_told) != 0)
    warn_missing(c, "capset", missing);
  c->caps_told |= missing;
  want.permitted &= have.permitted;
  want.effective &= want.permitted;
  want.inheritable &= have.permitted | have.inheritable;
  err = caps_write(&want);
  return err < 0 ? fail(c, err, "capset", NULL) : 0;
}

int op_caps_ambient(struct ctx *c, const struct step *s) {
  uint64_t mask = s->n[N_caps_ambient_mask], missing = 0;
  long ret = sys(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (ret < 0)
    return fail(c, (int)ret, "prctl PR_CAP_AMBIENT", NULL);
  for (int cap = 0; cap < 64; cap++)
    if ((mask >> cap & 1) != 0 && sys(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
      missing |= 1ull << cap;
  if (missing != 0)
    warn_missing(c, "prctl PR_CAP_AMBIENT", missing);
  return 0;
}
