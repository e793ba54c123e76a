/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed memory files: the plan, and the copy of the init that containers execute. */
#include "init/signals.h"
#include "shim.h"
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/stat.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* since Linux 6.3 */
#define MFD_EXEC 0x0010U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* No init of ours is near this; it bounds what a wrong path can make us copy. */
#define IMAGE_MAX (16 << 20)

static int memfd_make(const char *name, int executable) {
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  long fd = sys(memfd_create, name, flags | (executable ? MFD_EXEC : MFD_NOEXEC_SEAL));
  if (fd == -EINVAL) /* before Linux 6.3 every one is executable */
    fd = sys(memfd_create, name, flags);
  return (int)fd;
}

/* Nobody, the owner included, can change the contents (or, since 6.3, the mode) any more. */
static int memfd_seal(int fd) {
  long ret = sys(fcntl, fd, F_ADD_SEALS, SEALS | F_SEAL_EXEC);
  if (ret == -EINVAL)
    ret = sys(fcntl, fd, F_ADD_SEALS, SEALS);
  return (int)ret;
}

static int memfd_finish(int fd, int err) {
  if (err == 0)
    err = memfd_seal(fd);
  if (err == 0)
    return fd;
  sys(close, fd);
  return err;
}

int pyr_memfd(const char *name, const void *data, size_t size, int executable) {
  int fd = memfd_make(name, executable);
  if (fd < 0)
    return fd;
  const char *at = data;
  int err = 0;
  while (size > 0 && err == 0) {
    long done = sys(write, fd, at, size);
    if (done == -EINTR)
      continue;
    if (done <= 0) {
      err = done < 0 ? (int)done : -EIO;
      break;
    }
    at += done;
    size -= (size_t)done;
  }
  return memfd_finish(fd, err);
}

static int file_copy(int to, int from, uint64_t size) {
  while (size > 0) {
    long done = sys(sendfile, to, from, NULL, size);
    if (done == -EINTR)
      continue;
    if (done <= 0)
      return done < 0 ? (int)done : -EIO;
    size -= (uint64_t)done;
  }
  return 0;
}

int pyr_init_image(const char *path) {
  struct statx st;
  long from = sys(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (from < 0)
    return (int)from;
  long err = sys(statx, from, "", AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE, &st);
  if (err == 0 && ((st.stx_mode & S_IFMT) != S_IFREG || st.stx_size > IMAGE_MAX))
    err = -EINVAL;
  int fd = err == 0 ? memfd_make("pyruntime-init", 1) : (int)err;
  if (fd >= 0)
    fd = memfd_finish(fd, file_copy(fd, (int)from, st.stx_size));
  sys(close, from);
  return fd;
}
