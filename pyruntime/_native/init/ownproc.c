/* SPDX-License-Identifier: Apache-2.0 */
#include "ownproc.h"
#include "fd.h"
#include "path.h"
#include "text.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <linux/prctl.h>

#define STRICT (RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV)

int ownproc_dumpable(bool on) { return (int)sys(prctl, PR_SET_DUMPABLE, on ? 1 : 0, 0, 0, 0); }

/* The files of a process that is not dumpable belong to the host's root: whoever is not that
 * has to be dumpable for the moment of the open. */
int ownproc_open(struct ctx *c, const char *name) {
  int fd = path_openat2(c->procfs, name, O_WRONLY, STRICT);
  if (fd != -EACCES)
    return fd;
  int err = ownproc_dumpable(true);
  if (err < 0)
    return err;
  fd = path_openat2(c->procfs, name, O_WRONLY, STRICT);
  err = ownproc_dumpable(false);
  if (err == 0 || fd < 0)
    return fd;
  sys(close, fd);
  return err;
}

bool ownproc_setgroups_denied(struct ctx *c) {
  FD_AUTO file = path_openat2(c->procfs, "self/setgroups", O_RDONLY, STRICT);
  char word[16];
  if (file < 0)
    return false;
  long got = sys(read, file, word, sizeof word - 1);
  if (got < 0)
    return false;
  word[got] = '\0';
  return text_begins(word, "deny");
}
