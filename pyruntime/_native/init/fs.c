/* SPDX-License-Identifier: Apache-2.0 */
#include "fs.h"
#include "buffer.h"
#include "decode.h"
#include "text.h"

#include <linux/errno.h>
#include <linux/mount.h>

#define KEY_LIMIT 256
#define LOG_LIMIT 1024
#define LOG_MESSAGES 16 /* the kernel keeps eight */

/* Joins what the context's log holds ("e tmpfs: Bad value for 'size'"), without the levels. */
static void read_log(int fs, struct buffer *text) {
  for (int messages = 0; messages < LOG_MESSAGES; messages++) {
    char line[LOG_LIMIT];
    long len = sys(read, fs, line, sizeof line - 1);
    if (len <= 0)
      return;
    if (line[len - 1] == '\n')
      len--;
    line[len] = '\0';
    if (text->len)
      buffer_add(text, "; ");
    buffer_add(text, len > 2 && line[1] == ' ' ? line + 2 : line);
  }
}

static int fs_fail(struct ctx *c, int fs, int err, const char *what, const char *where,
                   const char *otherwise) {
  char room[LOG_LIMIT];
  struct buffer text = {.data = room, .room = sizeof room};
  if (fs >= 0)
    read_log(fs, &text);
  if (!text.len)
    buffer_add(&text, otherwise);
  return fail_text(c, err, what, where, room, text.len);
}

int fs_open(struct ctx *c, const char *fstype, const char *where) {
  int fs = (int)sys(fsopen, fstype, FSOPEN_CLOEXEC);
  if (fs == -ENODEV)
    return fs_fail(c, -1, fs, "fsopen", where, "unknown filesystem type");
  if (fs < 0)
    return fs_fail(c, -1, fs, "fsopen", where, fstype);
  return fs;
}

int fs_pick(struct ctx *c, int mount, const char *where) {
  int fs = (int)sys(fspick, mount, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
  return fs < 0 ? fail(c, fs, "fspick", where) : fs;
}

int fs_string(struct ctx *c, int fs, const char *key, const char *value, const char *where) {
  long err = sys(fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0);
  if (!err)
    return 0;
  return fs_fail(c, fs, (int)err, "fsconfig", where, key);
}

int fs_option(struct ctx *c, int fs, const char *option, const char *where) {
  char key[KEY_LIMIT];
  size_t len = 0;
  while (option[len] && option[len] != '=') {
    if (len + 1 >= sizeof key)
      return fail(c, -EINVAL, "fsconfig: the option's name is too long", where);
    key[len] = option[len];
    len++;
  }
  key[len] = '\0';
  if (option[len] == '=')
    return fs_string(c, fs, key, option + len + 1, where);
  /* How much the kernel logs; there is no such parameter of a context, which never logs. */
  if (text_equal(key, "silent") || text_equal(key, "loud"))
    return 0;
  long err = sys(fsconfig, fs, FSCONFIG_SET_FLAG, key, 0, 0);
  return err ? fs_fail(c, fs, (int)err, "fsconfig", where, key) : 0;
}

int fs_options(struct ctx *c, int fs, const struct step *s, unsigned list, const char *where) {
  for (const char *option = NULL; (option = list_next(c, s, list, option));) {
    int err = fs_option(c, fs, option, where);
    if (err)
      return err;
  }
  return 0;
}

bool fs_has_option(const struct ctx *c, const struct step *s, unsigned list, const char *key) {
  for (const char *option = NULL; (option = list_next(c, s, list, option));) {
    if (!text_begins(option, key))
      continue;
    char after = option[strlen(key)];
    if (after == '\0' || after == '=')
      return true;
  }
  return false;
}

int fs_reconfigure(struct ctx *c, int fs, const char *where) {
  long err = sys(fsconfig, fs, FSCONFIG_CMD_RECONFIGURE, 0, 0, 0);
  return err ? fs_fail(c, fs, (int)err, "reconfigure", where, "") : 0;
}

int fs_mount(struct ctx *c, int fs, uint64_t attr, const char *where) {
  long err = sys(fsconfig, fs, FSCONFIG_CMD_CREATE, 0, 0, 0);
  if (err)
    return fs_fail(c, fs, (int)err, "mount", where, "");
  int mount = (int)sys(fsmount, fs, FSMOUNT_CLOEXEC, attr);
  return mount < 0 ? fs_fail(c, fs, mount, "fsmount", where, "") : mount;
}
