/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls that Python has no word for. Every function returns >= 0 or -errno. What a
 * start uses takes numbers and bytes alone: bound without cffi, it costs nothing to load
 * (tools/bind_shim.py).
 */
#ifndef PYR_SHIM_H
#define PYR_SHIM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Starts the init and waits until it is executed. Gives the pid in the caller's namespace and,
 * in the upper half, a pidfd; or -errno. Descriptors are borrowed and stay open:
 *
 * init_fd: the init's executable. flags: CLONE_NEW* of the clone itself. cgroup_fd: directory
 * of the cgroup2 group to be born in, -1: the runtime's. slots: nslots of them (ints) that
 * become 3 + preserve and up; -1 leaves one closed. given: 3 + preserve of them that become 0
 * and up, ngiven 0: those that have the numbers. All else is closed. Of a process with threads
 * only the calling one waits.
 */
int64_t pyr_spawn(int init_fd, uint64_t flags, int cgroup_fd, const void *slots, uint32_t nslots,
                  const void *given, uint32_t ngiven, uint32_t preserve);

/* A program of the host: its directory, descriptors for its standard streams. */
struct pyr_program {
  const char *path;
  const char *const *args; /* both end with NULL */
  const char *const *env;
  const char *cwd;
  int stdin_fd;
  int output_fd;
  int error_fd;
};

/* Starts the program, with default signals and no other descriptor, as pyr_spawn does. */
int pyr_program(const struct pyr_program *how, int *pid, int *pidfd);

/* A child in a new user namespace, which does nothing until it is killed or the caller ends. */
int pyr_user_namespace(int *pid, int *pidfd);

/* A sealed memfd with these bytes; executable: nonzero when it is to be executed. */
int pyr_memfd(const char *name, const void *data, size_t size, int executable);

/* A sealed, executable memfd with the contents of the file `path`. */
int pyr_init_image(const char *path);

int pyr_setns(int fd, int nstype);
int pyr_unshare(int flags);

/* The CLONE_NEW* bit of a namespace's descriptor; -ENOTTY: not a namespace. */
int pyr_ns_type(int fd);
int pyr_subreaper(void);

/* Blocks these signals (bit 0 is number 1) and gives a descriptor to read them from. */
int pyr_signals(uint64_t set);

/* An O_PATH descriptor of a directory that is at or below `dir`; no symbolic links. */
int pyr_open_beneath(int dir, const char *path);

/* Whether the kernel knows all of these SECCOMP_FILTER_FLAG_*; nothing is loaded. */
int pyr_seccomp_knows(unsigned flags);

/*
 * 0 when the kernel has the system call of this name (one of those in probe.c); -ENOSYS when it
 * has not, -EPERM when it, or a filter before it, does not let the caller, -ENODATA for a name
 * that is not known here.
 */
int pyr_call_exists(const char *name);

/* Runs a plan in this process and reports to descriptor base (base < 0: to nobody). */
int pyr_plan_run(const void *plan, size_t size, int base);

/* Checks a plan's encoding. Returns 0 or -EINVAL; *step is the bad one, UINT32_MAX the header. */
int pyr_plan_check(const void *plan, size_t size, uint32_t *step);

/*
 * Loads n instructions as a BPF_PROG_TYPE_CGROUP_DEVICE program and makes it the cgroup's.
 * The verifier's words about one that it refuses go to the file log_fd, -1 for none. Programs of
 * others that are attached to the same cgroup are taken away once the new one is there; those
 * we may not are left.
 */
int pyr_bpf_device(int cgroup_fd, const void *insns, uint32_t n, int log_fd);

#endif
