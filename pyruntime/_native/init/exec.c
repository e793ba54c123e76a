/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a plan: find the program inside the container, clear the table, execve. */
#include "exec.h"
#include "buffer.h"
#include "run.h"
#include "signals.h"
#include "sync.h"
#include "text.h"
#include "vector.h"
#include <linux/close_range.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#define ACCESS_EXECUTE 1

/*
 * Whether `path` is a program that this process may execute. *what tells the failed check:
 * "stat" or "access". The rights are the effective ones: CAP_DAC_OVERRIDE counts.
 */
static int program_check(const char *path, const char **what) {
  struct statx st;
  *what = "stat";
  long ret = sys(statx, AT_FDCWD, path, 0, STATX_TYPE, &st);
  if (ret < 0)
    return (int)ret;
  *what = "access";
  if ((st.stx_mode & S_IFMT) == S_IFDIR)
    return -EISDIR;
  return (int)sys(faccessat2, AT_FDCWD, path, ACCESS_EXECUTE, AT_EACCESS);
}

static bool has_slash(const char *file) {
  for (; *file != '\0'; file++)
    if (*file == '/')
      return true;
  return false;
}

/* Leaves the first directory's program in c->exec_path. An empty entry of PATH is no entry. */
static bool path_search(struct ctx *c, const char *file, const char *path) {
  while (*path != '\0') {
    size_t len = 0;
    while (path[len] != '\0' && path[len] != ':')
      len++;
    struct buffer found = {.data = c->exec_path, .room = sizeof c->exec_path};
    buffer_bytes(&found, path, len);
    buffer_add(&found, "/");
    buffer_add(&found, file);
    const char *what;
    if (len > 0 && !found.cut && program_check(c->exec_path, &what) == 0)
      return true;
    path += path[len] == ':' ? len + 1 : len;
  }
  return false;
}

/* Fails with what = "lookup" (not in PATH), "stat" or "access", and the name as it was given. */
int op_exec_lookup(struct ctx *c, const struct step *s) {
  const char *file = str(c, s, S_exec_lookup_file), *what;
  if (*file != '\0' && !has_slash(file))
    return path_search(c, file, str(c, s, S_exec_lookup_path)) ? 0
                                                               : fail(c, -ENOENT, "lookup", file);
  struct buffer given = {.data = c->exec_path, .room = sizeof c->exec_path};
  buffer_add(&given, file);
  if (given.cut)
    return fail(c, -ENAMETOOLONG, "stat", file);
  int err = program_check(c->exec_path, &what);
  return err < 0 ? fail(c, err, what, file) : 0;
}

/* Into an ordered list. */
static void insert(int *list, int *count, int number) {
  int at = (*count)++;
  for (; at > 0 && list[at - 1] > number; at--)
    list[at] = list[at - 1];
  list[at] = number;
}

/* Closes all but the standard streams, the caller's descriptors, the one to report on and, if
 * asked to, the one that `start` will call and the namespaces' that it may ask for: who may
 * look into a waiting init finds nothing else. */
int op_fds_close(struct ctx *c, const struct step *s) {
  unsigned first = 3 + (unsigned)s->n[N_fds_close_keep];
  int kept[2 + NS_HELD], count = 0;
  if (s->n[N_fds_close_namespaces] != 0)
    namespaces_hold(c);
  insert(kept, &count, c->report);
  if (s->n[N_fds_close_start] != 0)
    insert(kept, &count, slot_fd(c, SLOT_START));
  for (uint32_t i = 0; i < c->nheld; i++)
    insert(kept, &count, c->held[i].fd);
  long ret = 0;
  for (int i = 0; ret >= 0 && i < count; i++) {
    if (kept[i] < (int)first)
      continue;
    if (kept[i] > (int)first)
      ret = sys(close_range, first, kept[i] - 1, 0);
    first = (unsigned)kept[i] + 1;
  }
  if (ret >= 0)
    ret = sys(close_range, first, ~0U, 0);
  if (ret < 0)
    return fail(c, (int)ret, "close_range", NULL);
  c->procfs = c->rootfs = c->nullfd = c->maskfd = -1;
  return 0;
}

/* The environment; HOME as the `home` step found it when there is none, or an empty one. */
static const char **environment_make(const struct ctx *c, const struct step *s) {
  const char **env = vector_map(list_count(c, s, S_execve_env) + 1);
  if (env == NULL)
    return NULL;
  bool home = c->home[0] == '\0';
  uint32_t count = 0;
  for (const char *at = NULL; (at = list_next(c, s, S_execve_env, at));) {
    bool empty_home = text_equal(at, "HOME=") && c->home[0] != '\0';
    if (empty_home)
      continue;
    home = home || text_begins(at, "HOME=");
    env[count++] = at;
  }
  if (!home)
    env[count++] = c->home;
  env[count] = NULL;
  return env;
}

int exec_prepare(struct ctx *c, const struct step *s) {
  if (c->args != NULL)
    return 0;
  c->args = vector_make(c, s, S_execve_args);
  c->env = environment_make(c, s);
  if (c->args == NULL || c->env == NULL)
    return fail(c, -ENOMEM, "mmap", NULL);
  /* Ignored signals and the mask outlive an exec; the program gets neither from us. */
  int err = signals_reset();
  return err < 0 ? fail(c, err, "rt_sigaction", NULL) : 0;
}

int op_execve(struct ctx *c, const struct step *s) {
  int err = exec_prepare(c, s);
  if (err < 0)
    return err;
  const char *path = c->exec_path[0] != '\0' || c->args[0] == NULL ? c->exec_path : c->args[0];
  return fail(c, (int)sys(execve, path, c->args, c->env), "execve", path);
}
