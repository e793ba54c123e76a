/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filesystem contexts (fsopen(2) and its kin). Unlike mount(2), the kernel says in words what
 * it dislikes: those words become the text of the failure. `where` is the mount's target, for
 * the report alone. Functions return >= 0 or -errno and have called fail().
 */
#ifndef PYR_FS_H
#define PYR_FS_H

#include "context.h"

#define FS_VALUE_LIMIT 255 /* bytes; fsconfig(2) takes no longer string */

int fs_open(struct ctx *c, const char *fstype, const char *where);
int fs_pick(struct ctx *c, int mount, const char *where);
/* option: "key" or "key=value". */
int fs_option(struct ctx *c, int fs, const char *option, const char *where);
int fs_string(struct ctx *c, int fs, const char *key, const char *value, const char *where);
/* Every string of the step's list argument. */
int fs_options(struct ctx *c, int fs, const struct step *s, unsigned list, const char *where);
/* Whether the list holds key, with or without a value. */
bool fs_has_option(const struct ctx *c, const struct step *s, unsigned list, const char *key);
int fs_reconfigure(struct ctx *c, int fs, const char *where);
/* Creates the superblock and a detached mount of it with these attributes. */
int fs_mount(struct ctx *c, int fs, uint64_t attr, const char *where);

#endif
