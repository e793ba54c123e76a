/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls that Python has no word for. Every function returns >= 0 or -errno. */
#ifndef PYR_SHIM_H
#define PYR_SHIM_H

#include <stddef.h>
#include <stdint.h>

/* How to start the init; descriptors are borrowed and stay open. */
struct pyr_spawn {
  int init_fd;      /* the init's executable */
  uint64_t flags;   /* CLONE_NEW* of the clone itself */
  int pidns_fd;     /* PID namespace to be born in, -1: the runtime's */
  int cgroup_fd;    /* directory of the cgroup2 group to be born in, -1: the runtime's */
  const int *slots; /* nslots descriptors; -1 leaves a slot closed */
  uint32_t nslots;
  uint32_t preserve; /* how many descriptors from 3 on the caller passes through */
  const int *given;  /* 3 + preserve descriptors that become 0.., NULL: those with the numbers */
};

/*
 * Starts the init and waits until it is executed. The slots become base.. = 3 + preserve..,
 * everything else is closed. Gives the pid in the caller's namespace and a pidfd. Of a process
 * with threads only the calling one waits, and only its children's pid namespace changes.
 */
int pyr_spawn(const struct pyr_spawn *how, int *pid, int *pidfd);

/* A program of the host: its directory, descriptors for its standard streams. */
struct pyr_program {
  const char *path;
  const char *const *args; /* both end with NULL */
  const char *const *env;
  const char *cwd;
  int stdin_fd;
  int output_fd; /* for standard output and error */
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
 * The verifier's words go to log, which ends in NUL. Programs of others that are attached to
 * the same cgroup are taken away once the new one is there; those we may not are left.
 */
int pyr_bpf_device(int cgroup_fd, const void *insns, uint32_t n, char *log, uint32_t log_size);

#endif
