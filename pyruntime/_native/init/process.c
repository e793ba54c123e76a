/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of the process that are neither ids nor namespaces. */
#include "buffer.h"
#include "ownproc.h"
#include "path.h"
#include "run.h"
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/stat.h>

#include <asm/statfs.h>

/* More than any machine has; the kernel takes what it knows of. */
#define CPUS_MAX 8192

/* The right to search, for the key's owner: keyctl_setperm(3) names it KEY_USR_SEARCH. */
#define KEY_USER_SEARCH 0x00080000u

int op_setsid(struct ctx *c, const struct step *s) {
  (void)s;
  long ret = sys(setsid);
  /* EPERM: already the leader of its group, hence of a session nobody else is in. */
  return ret < 0 ? fail(c, (int)ret, "setsid", NULL) : 0;
}

/* /proc/self/oom_score_adj of the trusted procfs, else of the host's before any other step. */
static int oom_score_open(struct ctx *c) {
  if (c->procfs >= 0)
    return ownproc_open(c, "self/oom_score_adj");
  long fd = sys(openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return (int)fd;
  struct statfs fs;
  long ret = sys(fstatfs, fd, &fs);
  if (ret >= 0 && fs.f_type != PROC_SUPER_MAGIC)
    ret = -EXDEV;
  if (ret >= 0)
    return (int)fd;
  sys(close, fd);
  return (int)ret;
}

int op_oom_score_adj(struct ctx *c, const struct step *s) {
  char digits[24];
  struct buffer value = {.data = digits, .room = sizeof digits};
  buffer_decimal(&value, (int64_t)s->n[N_oom_score_adj_value]);
  int fd = oom_score_open(c);
  if (fd < 0)
    return fail(c, fd, "open", "/proc/self/oom_score_adj");
  long ret = sys(write, fd, digits, value.len);
  sys(close, fd);
  return ret < 0 ? fail(c, (int)ret, "write", "/proc/self/oom_score_adj") : 0;
}

/* The permission word of "type;uid;gid;perm;description", -1 when there is none. */
static int64_t key_permissions(const char *text) {
  for (int fields = 3; fields > 0; text++) {
    if (*text == '\0')
      return -1;
    if (*text == ';')
      fields--;
  }
  int64_t value = 0;
  for (; *text != ';' && *text != '\0'; text++) {
    char digit = *text;
    if (value > UINT32_MAX)
      return -1;
    if (digit >= '0' && digit <= '9')
      value = value * 16 + (digit - '0');
    else if (digit >= 'a' && digit <= 'f')
      value = value * 16 + (digit - 'a' + 10);
    else
      return -1;
  }
  return value;
}

int op_keyring_join(struct ctx *c, const struct step *s) {
  const char *name = str(c, s, S_keyring_join_name);
  long key = sys(keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
  if (key == -ENOSYS)
    return 0; /* a kernel without keys has none that could leak */
  if (key < 0)
    return fail(c, (int)key, "keyctl join session keyring", name);
  char text[512];
  long ret = sys(keyctl, KEYCTL_DESCRIBE, key, text, sizeof text - 1);
  if (ret < 0)
    return fail(c, (int)ret, "keyctl describe", name);
  text[ret < (long)sizeof text ? ret : (long)sizeof text - 1] = '\0';
  int64_t permissions = key_permissions(text);
  if (permissions < 0)
    return fail(c, -EBADMSG, "keyctl describe", name);
  ret = sys(keyctl, KEYCTL_SETPERM, key, permissions | KEY_USER_SEARCH);
  return ret < 0 ? fail(c, (int)ret, "keyctl setperm", name) : 0;
}

int op_rlimit(struct ctx *c, const struct step *s) {
  struct rlimit64 limit = {.rlim_cur = s->n[N_rlimit_soft], .rlim_max = s->n[N_rlimit_hard]};
  long ret = sys(prlimit64, 0, s->n[N_rlimit_resource], &limit, NULL);
  return ret < 0 ? fail(c, (int)ret, "prlimit", NULL) : 0;
}

/* A hard limit above the present one takes a right of the host's, which is gone by the time
 * that the rlimit step comes; where it is lacking, that step says so. */
int op_rlimit_raise(struct ctx *c, const struct step *s) {
  uint64_t hard = s->n[N_rlimit_raise_hard];
  struct rlimit64 limit;
  long ret = sys(prlimit64, 0, s->n[N_rlimit_raise_resource], NULL, &limit);
  if (ret < 0)
    return fail(c, (int)ret, "prlimit", NULL);
  if (hard <= limit.rlim_max)
    return 0;
  limit.rlim_max = hard;
  ret = sys(prlimit64, 0, s->n[N_rlimit_raise_resource], &limit, NULL);
  return ret < 0 && ret != -EPERM ? fail(c, (int)ret, "prlimit", NULL) : 0;
}

int op_affinity_reset(struct ctx *c, const struct step *s) {
  (void)s;
  uint8_t mask[CPUS_MAX / 8];
  memset(mask, 0xff, sizeof mask);
  long ret = sys(sched_setaffinity, 0, sizeof mask, mask);
  if (ret == -EINVAL || ret == -EPERM)
    warn(c, (int)ret, "sched_setaffinity", NULL);
  else if (ret < 0)
    return fail(c, (int)ret, "sched_setaffinity", NULL);
  return 0;
}

/* The whole group, which setsid made the process's own: the same as ioprio_set(2) by pgid. */
int op_io_priority(struct ctx *c, const struct step *s) {
  int kind = (int)s->n[N_io_priority_kind], level = (int)s->n[N_io_priority_priority];
  uint64_t priority = (uint64_t)IOPRIO_PRIO_VALUE(kind, level);
  long ret = sys(ioprio_set, IOPRIO_WHO_PGRP, 0, priority);
  return ret < 0 ? fail(c, (int)ret, "ioprio_set", NULL) : 0;
}

int op_umask(struct ctx *c, const struct step *s) {
  uint64_t mask = s->n[N_umask_mask];
  sys(umask, mask == UMASK_CALLER ? c->caller_umask : mask); /* can't fail */
  return 0;
}

int op_no_new_privs(struct ctx *c, const struct step *s) {
  (void)s;
  long ret = sys(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return ret < 0 ? fail(c, (int)ret, "prctl PR_SET_NO_NEW_PRIVS", NULL) : 0;
}

/* The one device that everybody has and nobody owns. */
static bool is_null_device(const struct statx *st) {
  return (st->stx_mode & S_IFMT) == S_IFCHR && st->stx_rdev_major == 1 && st->stx_rdev_minor == 3;
}

/*
 * The caller's null device becomes the container's own: the host's file would be a way out of its
 * mounts, and one that no checkpoint can name. Where /dev/null is missing or is something else,
 * the stream stays as it is.
 */
static int null_take(struct ctx *c, int fd) {
  int own =
      path_openat2(AT_FDCWD, "/dev/null", O_RDWR | O_NOFOLLOW | O_NOCTTY, RESOLVE_NO_MAGICLINKS);
  if (own < 0)
    return 0;
  struct statx st;
  long ret = sys(statx, own, "", AT_EMPTY_PATH, STATX_TYPE, &st);
  if (ret >= 0 && is_null_device(&st))
    ret = sys(dup3, own, fd, 0);
  sys(close, own);
  return ret < 0 ? fail(c, (int)ret, "dup3", "standard stream") : 0;
}

int op_stdio_owner(struct ctx *c, const struct step *s) {
  uint32_t uid = (uint32_t)s->n[N_stdio_owner_uid];
  for (int fd = 0; fd <= 2; fd++) {
    struct statx st;
    long ret = sys(statx, fd, "", AT_EMPTY_PATH, STATX_UID | STATX_TYPE, &st);
    if (ret == -EBADF)
      continue;
    if (ret < 0)
      return fail(c, (int)ret, "statx", "standard stream");
    if (is_null_device(&st)) {
      int err = null_take(c, fd);
      if (err)
        return err;
      continue;
    }
    if (st.stx_uid == uid)
      continue;
    ret = sys(fchown, fd, uid, -1);
    /* A read-only file system, an owner that is not ours or has no number here: what the
       user can't have of its streams, it does without. */
    if (ret < 0 && ret != -EPERM && ret != -EROFS && ret != -EINVAL && ret != -EOVERFLOW)
      return fail(c, (int)ret, "fchown", "standard stream");
  }
  return 0;
}
