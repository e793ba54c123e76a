/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of the container: resolved inside c->rootfs, to a descriptor, once.
 *
 * The rootfs is hostile: its symbolic links mean what they mean inside the container, magic
 * links are never followed, and what a path led to is held by its descriptor from then on.
 * Every function returns a descriptor or -errno, and has called fail() when it fails.
 */
#ifndef PYR_PATH_H
#define PYR_PATH_H

#include "context.h"

#define PATH_LIMIT 4096
#define NAME_LIMIT 256

enum {
  PATH_DIR = 1,         /* what is missing is made as a directory, else as a file */
  PATH_NO_SYMLINKS = 2, /* no component may be a symbolic link; the last must be a directory */
};

/* An O_PATH descriptor of what path leads to; open_flags: O_NOFOLLOW, O_DIRECTORY.
 * -ENOENT and -ENOTDIR are answers as well as failures: callers may ignore them. */
int path_open(struct ctx *c, const char *path, uint64_t open_flags);

/* A mount point: made with what it lacks, parents 0755, a file 0644. Never the root itself.
 * *created (may be NULL) tells whether the last component was made. */
int path_target(struct ctx *c, const char *path, unsigned flags, bool *created);

/* The directory that path's last component is in, made if missing; the component in name. */
int path_parent(struct ctx *c, const char *path, char name[NAME_LIMIT]);

/* openat2(2) that is tried again when it is interrupted or raced by a rename. */
int path_openat2(int dir, const char *path, uint64_t flags, uint64_t resolve);

/* Whether fd is the very root of the container (same mount, same inode); or -errno. */
int path_is_root(const struct ctx *c, int fd);

/* mkdirat and mknodat with exactly this mode, whatever the umask is. */
int path_mkdirat(int dir, const char *name, uint32_t mode);
int path_mknodat(int dir, const char *name, uint32_t mode, uint32_t dev);

#endif
