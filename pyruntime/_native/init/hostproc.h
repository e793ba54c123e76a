/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PYR_HOSTPROC_H
#define PYR_HOSTPROC_H

#include "context.h"

#define UMOUNT_DETACH 2   /* MNT_DETACH: no kernel header exports it */
#define UMOUNT_NOFOLLOW 8 /* nor this */

/*
 * Takes every full procfs and sysfs outside the rootfs out of this mount namespace; one that
 * cannot go is covered. Without pivot_root(2) they would stay behind the new root, and the
 * kernel, seeing them, would let the container mount unmasked ones of its own.
 */
int hostproc_hide(struct ctx *c);

#endif
