/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a step handler sees: the process-wide context and one decoded step.
 *
 * A handler is `int op_NAME(struct ctx *c, const struct step *s)`. It returns 0 or -errno
 * and, on failure, says what failed with fail(). Handlers never allocate and never touch
 * config.json; every path below the rootfs goes through path.h.
 */
#ifndef PYR_CONTEXT_H
#define PYR_CONTEXT_H

#include "../ops.gen.h"
#include "../sys.h"

#define STEP_NUMS 8
#define STEP_STRS 6

/* Wire format, little endian, fixed size: 8 + 64 + 48 = 120 bytes. */
struct step_string {
  uint32_t offset; /* from the start of the plan; the byte at offset+length is NUL */
  uint32_t length;
};

struct step {
  uint32_t op;
  uint32_t reserved;
  uint64_t n[STEP_NUMS];
  struct step_string s[STEP_STRS];
};

/* Header, 32 bytes, followed by nsteps records and then the string area. */
struct plan_header {
  char magic[8];    /* "PYRPLAN\0" */
  uint32_t version; /* PLAN_VERSION */
  uint32_t total;   /* bytes of the whole plan */
  uint32_t nsteps;
  uint32_t preserve; /* fds 3..3+preserve-1 belong to the container's process */
  uint32_t flags;    /* PLAN_* */
  uint32_t reserved;
};
#define PLAN_TRACED 1 /* send when each step begins */
#define GO_TRACED 1   /* the same, as the step of the GO that `start` sends */
#define PLAN_VERSION 1
#define PLAN_MAX (16u << 20)

/* Slots: descriptors given at spawn, at fd base+slot. */
enum { SLOT_SYNC = 0, SLOT_PLAN = 1, SLOT_START = 2, SLOT_FIRST_FREE = 3 };

#define DETAIL_MAX 3072
#define STAMPS_MAX 256
#define NS_HELD 8

/* A namespace's descriptor; name: which one, see sync.c. */
struct held {
  uint32_t name;
  int fd;
};

struct ctx {
  const uint8_t *plan; /* the whole decoded plan, read-only */
  uint32_t total;
  uint32_t nsteps;
  uint32_t current;      /* index of the running step */
  int base;              /* first slot's fd number */
  int report;            /* where ERROR and WARN go: the sync socket, then the start connection */
  int procfs;            /* trusted detached procfs (O_PATH mount fd), -1 before procfs_open */
  int rootfs;            /* O_PATH fd of the rootfs mount, -1 before rootfs_open */
  int nullfd;            /* O_PATH fd of a verified /dev/null (char 1:3), opened on first use, -1 */
  int maskfd;            /* detached read-only tmpfs that masks directories, -1 before first use */
  uint64_t joined;       /* CLONE_NEW* of what ns_join steps have entered */
  uint64_t caller_umask; /* what the runtime was started with */
  struct held held[NS_HELD];
  uint32_t nheld;
  bool released;           /* READY was reached: the container outlives the runtime */
  uint64_t caps_told;      /* which capabilities caps_set could not give, once said */
  char exec_path[4096];    /* filled by exec_lookup */
  const char **args;       /* of the execve step, NULL before exec_prepare */
  const char **env;        /* the same */
  char home[1024];         /* "HOME=..." filled by home, empty if unset */
  char cwd[4096];          /* the working directory that a cwd step entered, else empty */
  char detail[DETAIL_MAX]; /* "what\0path\0text": fail() writes it */
  uint32_t detail_len;
  bool traced;
  uint32_t nstamps;
  uint32_t first_stamp; /* the step of stamps[0]; those of the next steps follow */
  uint64_t stamps[STAMPS_MAX];
};

/* The n-th string of the step, NUL-terminated; "" when absent. The decoder checked bounds. */
static inline const char *str(const struct ctx *c, const struct step *s, unsigned i) {
  return s->s[i].offset ? (const char *)c->plan + s->s[i].offset : "";
}
static inline uint32_t str_len(const struct step *s, unsigned i) { return s->s[i].length; }
static inline int slot_fd(const struct ctx *c, uint64_t slot) { return c->base + (int)slot; }

/*
 * Records what failed for the report and returns err unchanged.
 * `what` is the system call or check ("move_mount", "not a plain directory"),
 * `path` the path it was about, or NULL. err is -errno.
 */
int fail(struct ctx *c, int err, const char *what, const char *path);

/* The same with free text of len bytes: a hook's output, the kernel's words. Cut if too long. */
int fail_text(struct ctx *c, int err, const char *what, const char *path, const char *text,
              size_t len);

/* Sends a WARN with the same shape; the step goes on. */
void warn(struct ctx *c, int err, const char *what, const char *path);

#endif
