/* SPDX-License-Identifier: Apache-2.0 */
/* The change of root, and what is set on the new one. */
#include "fd.h"
#include "hostproc.h"
#include "run.h"
#include "tree.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

static int enter_rootfs(struct ctx *c) {
  long err = sys(fchdir, c->rootfs);
  return err ? fail(c, (int)err, "chdir to the rootfs", NULL) : 0;
}

static int change_root(struct ctx *c) {
  long err = sys(chroot, ".");
  if (err)
    return fail(c, (int)err, "chroot", NULL);
  err = sys(chdir, "/");
  return err ? fail(c, (int)err, "chdir", "/") : 0;
}

/* The old root ends up mounted over the new one at ".", and leaves from there: no directory
 * in the rootfs is needed. Made a slave first, so that the host sees nothing of the unmount. */
int op_pivot_root(struct ctx *c, const struct step *s) {
  (void)s;
  FD_AUTO old = (int)sys(openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (old < 0)
    return fail(c, old, "open", "/");
  int err = enter_rootfs(c);
  if (err)
    return err;
  err = (int)sys(pivot_root, ".", ".");
  if (err)
    return fail(c, err, "pivot_root", NULL);
  err = (int)sys(fchdir, old);
  if (err)
    return fail(c, err, "chdir to the old root", NULL);
  err = (int)sys(mount, "", ".", 0, MS_SLAVE | MS_REC, 0);
  if (err)
    return fail(c, err, "set propagation of the old root", NULL);
  err = (int)sys(umount2, ".", UMOUNT_DETACH);
  if (err)
    return fail(c, err, "unmount the old root", NULL);
  err = (int)sys(chdir, "/");
  return err ? fail(c, err, "chdir", "/") : 0;
}

/* For a root that cannot be pivoted (an initramfs). */
int op_move_root(struct ctx *c, const struct step *s) {
  (void)s;
  int err = hostproc_hide(c);
  if (err)
    return err;
  err = enter_rootfs(c);
  if (err)
    return err;
  FD_AUTO root = (int)sys(openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (root < 0)
    return fail(c, root, "open", "/");
  err = tree_attach(c->rootfs, root);
  return err ? fail(c, err, "move the rootfs to /", NULL) : change_root(c);
}

int op_chroot(struct ctx *c, const struct step *s) {
  (void)s;
  int err = enter_rootfs(c);
  return err ? err : change_root(c);
}

int op_root_propagation(struct ctx *c, const struct step *s) {
  int err = tree_propagation(c->rootfs, s->n[N_root_propagation_flags]);
  return err ? fail(c, err, "set propagation", "/") : 0;
}

int op_root_readonly(struct ctx *c, const struct step *s) {
  (void)s;
  int err = tree_setattr(c->rootfs, 0, MOUNT_ATTR_RDONLY, 0);
  return err ? fail(c, err, "make read-only", "/") : 0;
}
