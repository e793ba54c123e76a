/* SPDX-License-Identifier: Apache-2.0 */
/* What Python sees of shim.h. "..." is filled in by the compiler. */
struct pyr_program {
  const char *path;
  const char *const *args;
  const char *const *env;
  const char *cwd;
  int stdin_fd;
  int output_fd;
  int error_fd;
  ...;
};

int64_t pyr_spawn(int init_fd, uint64_t flags, int cgroup_fd, const void *slots, uint32_t nslots,
                  const void *given, uint32_t ngiven, uint32_t preserve);
int pyr_program(const struct pyr_program *how, int *pid, int *pidfd);
int pyr_user_namespace(int *pid, int *pidfd);
int pyr_memfd(const char *name, const void *data, size_t size, int executable);
int pyr_init_image(const char *path);
int pyr_setns(int fd, int nstype);
int pyr_unshare(int flags);
int pyr_ns_type(int fd);
int pyr_subreaper(void);
int pyr_signals(uint64_t set);
int pyr_open_beneath(int dir, const char *path);
int pyr_seccomp_knows(unsigned flags);
int pyr_call_exists(const char *name);
int pyr_plan_run(const void *plan, size_t size, int base);
int pyr_plan_check(const void *plan, size_t size, uint32_t *step);
int pyr_bpf_device(int cgroup_fd, const void *insns, uint32_t n, int log_fd);

#define CLONE_NEWTIME ...
#define CLONE_NEWNS ...
#define CLONE_NEWCGROUP ...
#define CLONE_NEWUTS ...
#define CLONE_NEWIPC ...
#define CLONE_NEWUSER ...
#define CLONE_NEWPID ...
#define CLONE_NEWNET ...
