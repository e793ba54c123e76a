/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's terminal, made in the container's own devpts after the change of root.
 *
 * No name in /dev is trusted: the multiplexer is verified by file system and device number,
 * the terminal is got from the multiplexer and not by its name, and it is bound on
 * /dev/console from one descriptor to another.
 */
#include "buffer.h"
#include "path.h"
#include "report.h"
#include "run.h"
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/stat.h>

#include <asm/ioctls.h>
#include <asm/statfs.h>
#include <asm/termios.h>

#define PTMX "/dev/pts/ptmx"
#define CONSOLE "/dev/console"
#define PTMX_MAJOR 5
#define PTMX_MINOR 2

/* The multiplexer's descriptor or -errno; anything else in its place is refused. */
static int ptmx_open(struct ctx *c) {
  int fd = path_openat2(AT_FDCWD, PTMX, O_RDWR | O_NOCTTY | O_NOFOLLOW, RESOLVE_NO_MAGICLINKS);
  if (fd < 0)
    return fail(c, fd, "open", PTMX);
  struct statfs fs;
  struct statx st;
  long ret = sys(fstatfs, fd, &fs);
  if (ret >= 0)
    ret = sys(statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &st);
  if (ret < 0) {
    sys(close, fd);
    return fail(c, (int)ret, "stat", PTMX);
  }
  bool device = (st.stx_mode & S_IFMT) == S_IFCHR && st.stx_rdev_major == PTMX_MAJOR &&
                st.stx_rdev_minor == PTMX_MINOR;
  if (fs.f_type != DEVPTS_SUPER_MAGIC || !device) {
    sys(close, fd);
    return fail(c, -ENXIO, "not the terminal multiplexer of a devpts", PTMX);
  }
  return fd;
}

/* Unlocks the master and gives its other end, or -errno. */
static int terminal_open(struct ctx *c, int master, const struct step *s) {
  int unlocked = 0;
  long ret = sys(ioctl, master, TIOCSPTLCK, &unlocked);
  if (ret < 0)
    return fail(c, (int)ret, "ioctl TIOCSPTLCK", PTMX);
  struct winsize size = {.ws_row = (unsigned short)s->n[N_console_open_rows],
                         .ws_col = (unsigned short)s->n[N_console_open_columns]};
  if (size.ws_row != 0 || size.ws_col != 0) {
    ret = sys(ioctl, master, TIOCSWINSZ, &size);
    if (ret < 0)
      return fail(c, (int)ret, "ioctl TIOCSWINSZ", PTMX);
  }
  ret = sys(ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  return ret < 0 ? fail(c, (int)ret, "ioctl TIOCGPTPEER", PTMX) : (int)ret;
}

/* A descriptor of /dev/console as a place to mount on: a plain file or a device, never a link. */
static int console_target(struct ctx *c) {
  long made =
      sys(openat, AT_FDCWD, CONSOLE, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0600);
  if (made >= 0)
    sys(close, made);
  else if (made != -EEXIST)
    return fail(c, (int)made, "create", CONSOLE);
  int fd = path_openat2(AT_FDCWD, CONSOLE, O_PATH | O_NOFOLLOW, RESOLVE_NO_MAGICLINKS);
  if (fd < 0)
    return fail(c, fd, "open", CONSOLE);
  struct statx st;
  long ret = sys(statx, fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_TYPE, &st);
  unsigned type = ret < 0 ? 0 : st.stx_mode & S_IFMT;
  if (type == S_IFREG || type == S_IFCHR)
    return fd;
  sys(close, fd);
  return ret < 0 ? fail(c, (int)ret, "stat", CONSOLE)
                 : fail(c, -ELOOP, "not a plain file or device", CONSOLE);
}

static int console_bind(struct ctx *c, int terminal) {
  int target = console_target(c);
  if (target < 0)
    return target;
  long tree = sys(open_tree, terminal, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
  long ret = tree;
  const char *what = "open_tree";
  if (tree >= 0) {
    what = "move_mount";
    ret = sys(move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
    sys(close, tree);
  }
  sys(close, target);
  return ret < 0 ? fail(c, (int)ret, what, CONSOLE) : 0;
}

static int terminal_take(struct ctx *c, int terminal) {
  long ret = sys(ioctl, terminal, TIOCSCTTY, 0);
  return ret < 0 ? fail(c, (int)ret, "ioctl TIOCSCTTY", NULL) : 0;
}

static int terminal_place(struct ctx *c, int terminal) {
  for (int fd = 0; fd <= 2; fd++) {
    long ret = sys(dup3, terminal, fd, 0);
    if (ret < 0)
      return fail(c, (int)ret, "dup3", NULL);
  }
  return 0;
}

static int master_send(struct ctx *c, int master) {
  static const char name[] = "console";
  struct message m = {.kind = MSG_FD, .step = c->current, .len = sizeof name - 1};
  int err = message_send(c->report, &m, name, master);
  return err < 0 ? fail(c, err, "sendmsg", "console") : 0;
}

int op_console_open(struct ctx *c, const struct step *s) {
  int master = ptmx_open(c);
  if (master < 0)
    return master;
  int terminal = terminal_open(c, master, s);
  int err = terminal < 0 ? terminal : 0;
  if (err == 0 && (s->n[N_console_open_flags] & CONSOLE_DEV_CONSOLE) != 0)
    err = console_bind(c, terminal);
  if (err == 0 && (s->n[N_console_open_flags] & CONSOLE_LEAVE) == 0)
    err = terminal_take(c, terminal);
  if (err == 0)
    err = terminal_place(c, terminal);
  if (err == 0)
    err = master_send(c, master);
  if (terminal > 2)
    sys(close, terminal);
  sys(close, master);
  return err;
}

/* A terminal belongs to one session, which ends with its leader: the init's second process has
 * a session of its own. */
int op_console_take(struct ctx *c, const struct step *s) {
  (void)s;
  return terminal_take(c, 0);
}
