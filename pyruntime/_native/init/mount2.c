/* SPDX-License-Identifier: Apache-2.0 */
#include "mount2.h"
#include "buffer.h"
#include "decode.h"
#include "fd.h"
#include "fs.h"
#include "path.h"
#include "text.h"
#include "tree.h"

#include <linux/errno.h>

#define DATA_ROOM 4096 /* mount(2) reads a page */
#define LABEL "context="

struct flag_name {
  const char *option;
  unsigned long flag;
};

/* Superblock flags, which fsconfig(2) takes by name. */
static const struct flag_name superblock[] = {
    {"ro", MS_RDONLY},
    {"sync", MS_SYNCHRONOUS},
    {"dirsync", MS_DIRSYNC},
    {"lazytime", MS_LAZYTIME},
    {"mand", MS_MANDLOCK},
    {"silent", MS_SILENT},
    {"rw", 0},
    {"loud", 0},
};

bool mount2_needed(const struct ctx *c, const struct step *s) {
  for (const char *at = NULL; (at = list_next(c, s, S_mount_fs_options, at));) {
    const char *value = at;
    while (*value && *value != '=')
      value++;
    if (*value && strlen(value + 1) > FS_VALUE_LIMIT)
      return true;
  }
  return false;
}

static unsigned long flags_of_attr(uint64_t attr) {
  unsigned long flags = 0;
  flags |= attr & MOUNT_ATTR_RDONLY ? MS_RDONLY : 0;
  flags |= attr & MOUNT_ATTR_NOSUID ? MS_NOSUID : 0;
  flags |= attr & MOUNT_ATTR_NODEV ? MS_NODEV : 0;
  flags |= attr & MOUNT_ATTR_NOEXEC ? MS_NOEXEC : 0;
  flags |= attr & MOUNT_ATTR_NODIRATIME ? MS_NODIRATIME : 0;
  flags |= attr & MOUNT_ATTR_NOSYMFOLLOW ? MS_NOSYMFOLLOW : 0;
  flags |= attr & MOUNT_ATTR_NOATIME ? MS_NOATIME : 0;
  flags |= attr & MOUNT_ATTR_STRICTATIME ? MS_STRICTATIME : 0;
  return flags;
}

/* True when option is a superblock's flag, which then is in *flags. */
static bool take_flag(const char *option, unsigned long *flags) {
  for (size_t i = 0; i < sizeof superblock / sizeof *superblock; i++) {
    if (text_equal(option, superblock[i].option)) {
      *flags |= superblock[i].flag;
      return true;
    }
  }
  return false;
}

/* By the working directory, as mount(2) has no other way to name a directory once resolved. */
static int mount_here(struct ctx *c, const struct step *s, int target, unsigned long flags,
                      const char *data) {
  const char *where = str(c, s, S_mount_fs_target);
  FD_AUTO cwd = (int)sys(openat, AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (cwd < 0)
    return fail(c, cwd, "open the working directory", NULL);
  long err = sys(fchdir, target);
  if (err)
    return fail(c, (int)err, "chdir", where);
  long mounted =
      sys(mount, str(c, s, S_mount_fs_source), ".", str(c, s, S_mount_fs_fstype), flags, data);
  err = sys(fchdir, cwd);
  if (mounted)
    return fail(c, (int)mounted, "mount", where);
  return err ? fail(c, (int)err, "chdir back", NULL) : 0;
}

/* The mount has no descriptor yet: it is looked for at its target, inside the rootfs. */
static int set_propagation(struct ctx *c, uint64_t how, const char *where) {
  if (!how)
    return 0;
  FD_AUTO mount = path_open(c, where, 0);
  if (mount < 0)
    return mount;
  int err = tree_propagation(mount, how);
  return err ? fail(c, err, "set propagation", where) : 0;
}

int mount2_fs(struct ctx *c, const struct step *s, int target) {
  char room[DATA_ROOM];
  struct buffer data = {.data = room, .room = sizeof room};
  room[0] = '\0';
  unsigned long flags = flags_of_attr(s->n[N_mount_fs_attr_set]);
  for (const char *at = NULL; (at = list_next(c, s, S_mount_fs_options, at));) {
    if (take_flag(at, &flags))
      continue;
    if (data.len)
      buffer_add(&data, ",");
    if (text_begins(at, LABEL)) {
      /* It may hold commas, which mount(2) takes within quotes. */
      buffer_add(&data, LABEL "\"");
      buffer_add(&data, at + sizeof LABEL - 1);
      buffer_add(&data, "\"");
    } else {
      buffer_add(&data, at);
    }
  }
  const char *where = str(c, s, S_mount_fs_target);
  if (data.cut)
    return fail(c, -E2BIG, "mount: more options than fit in a page", where);
  int err = mount_here(c, s, target, flags, room);
  return err ? err : set_propagation(c, s->n[N_mount_fs_propagation], where);
}
