/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes and symbolic links of the container, made in a parent directory that is held
 * by its descriptor: a link at their name is never followed, neither here nor on the host.
 */
#include "buffer.h"
#include "fd.h"
#include "node.h"
#include "path.h"
#include "run.h"
#include "text.h"
#include "tree.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

#define REPLACE_LIMIT 16

/* The device that a step asks for. */
struct wanted {
  uint32_t mode, major, minor;
  const char *path;
};

static struct wanted wanted_device(const struct ctx *c, const struct step *s) {
  return (struct wanted){.mode = (uint32_t)s->n[N_device_mode],
                         .major = (uint32_t)s->n[N_device_major],
                         .minor = (uint32_t)s->n[N_device_minor],
                         .path = str(c, s, S_device_path)};
}

static int open_name(int parent, const char *name) {
  return (int)sys(openat, parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
}

static int check_node(struct ctx *c, int node, const struct wanted *want, const char *what) {
  struct statx st;
  int err = tree_stat(node, &st);
  if (err)
    return fail(c, err, "stat", want->path);
  if (!node_matches(&st, want->mode & S_IFMT, want->major, want->minor))
    return fail(c, -EEXIST, what, want->path);
  return 0;
}

/* chmod by descriptor: through the trusted procfs, as an O_PATH descriptor has no fchmod. */
static int change_mode(struct ctx *c, int node, uint32_t mode) {
  char room[32];
  struct buffer b = {.data = room, .room = sizeof room};
  buffer_add(&b, "self/fd/");
  buffer_decimal(&b, node);
  return (int)sys(fchmodat, c->procfs, room, mode & 07777);
}

/* A default ACL of the directory may have taken bits away; a change of owner may too. */
static int own_node(struct ctx *c, int node, const struct wanted *want, uint32_t uid,
                    uint32_t gid) {
  int err = (int)sys(fchownat, node, "", uid, gid, AT_EMPTY_PATH);
  if (err)
    return fail(c, err, "chown", want->path);
  struct statx st;
  err = tree_stat(node, &st);
  if (!err && (st.stx_mode & 07777) != (want->mode & 07777))
    err = change_mode(c, node, want->mode);
  return err ? fail(c, err, "chmod", want->path) : 0;
}

/* The host's node of the same path, if it is this very device, over a file of that name. */
static int bind_node(struct ctx *c, int parent, const char *name, const struct wanted *want) {
  FD_AUTO tree = tree_clone(AT_FDCWD, want->path, 0);
  if (tree < 0)
    return fail(c, tree, "open the host's device", want->path);
  int err = check_node(c, tree, want, "the host's file is not this device");
  if (err)
    return err;
  err = path_mknodat(parent, name, S_IFREG | 0644, 0);
  if (err && err != -EEXIST)
    return fail(c, err, "make mount point", want->path);
  FD_AUTO target = open_name(parent, name);
  if (target < 0)
    return fail(c, target, "open", want->path);
  struct statx st;
  err = tree_stat(target, &st);
  if (!err && S_ISLNK(st.stx_mode))
    err = -ELOOP;
  if (!err)
    err = tree_attach(tree, target);
  return err ? fail(c, err, "bind device", want->path) : 0;
}

int op_device(struct ctx *c, const struct step *s) {
  struct wanted want = wanted_device(c, s);
  char name[NAME_LIMIT];
  FD_AUTO parent = path_parent(c, want.path, name);
  if (parent < 0)
    return parent;
  if (s->n[N_device_flags] & DEVICE_BIND)
    return bind_node(c, parent, name, &want);
  int made = path_mknodat(parent, name, want.mode, node_number(want.major, want.minor));
  /* Without the right to make devices (a user namespace's root) the host's will do. */
  if (made == -EPERM && (want.mode & S_IFMT) != S_IFIFO)
    return bind_node(c, parent, name, &want);
  if (made && made != -EEXIST)
    return fail(c, made, "mknod", want.path);
  FD_AUTO node = open_name(parent, name);
  if (node < 0)
    return fail(c, node, "open", want.path);
  int err = check_node(c, node, &want, "mknod: the path exists and is not this device");
  if (err || made == -EEXIST)
    return err;
  return own_node(c, node, &want, (uint32_t)s->n[N_device_uid], (uint32_t)s->n[N_device_gid]);
}

/* Whether name is a symbolic link with exactly this text. */
static bool is_link_to(int parent, const char *name, const char *target) {
  char text[PATH_LIMIT];
  long len = sys(readlinkat, parent, name, text, sizeof text - 1);
  if (len < 0)
    return false;
  text[len] = '\0';
  return text_equal(text, target);
}

int op_symlink(struct ctx *c, const struct step *s) {
  const char *target = str(c, s, S_symlink_target);
  const char *path = str(c, s, S_symlink_path);
  char name[NAME_LIMIT];
  FD_AUTO parent = path_parent(c, path, name);
  if (parent < 0)
    return parent;
  for (int tries = 0; tries < REPLACE_LIMIT; tries++) {
    int err = (int)sys(symlinkat, target, parent, name);
    if (!err)
      return 0;
    if (err != -EEXIST)
      return fail(c, err, "symlink", path);
    if ((s->n[N_symlink_flags] & SYMLINK_OPTIONAL) || is_link_to(parent, name, target))
      return 0;
    err = (int)sys(unlinkat, parent, name, 0);
    if (err && err != -ENOENT)
      return fail(c, err, "replace with a symlink", path);
  }
  return fail(c, -EEXIST, "symlink", path);
}
