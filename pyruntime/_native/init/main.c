/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's init: takes a plan over a descriptor and carries it out.
 *
 *     pyruntime-init BASE
 *
 * BASE is the number of the first slot (see context.h); the runtime starts it from a sealed
 * memfd. It reads no file of the host's and no environment.
 */
#include "context.h"
#include "mem.h"
#include "report.h"
#include "run.h"
#include "signals.h"
#include "start.h"
#include "sync.h"
#include <linux/close_range.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/stat.h>

#define BASE_MAX (1 << 20)
#define EXIT_FAILED 1
#define EXIT_USAGE 2

#define PLAN_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* The number of the first slot, -1 when the argument is no such number. */
static int base_parse(int argc, char **argv) {
  if (argc != 2 || argv[1][0] == '\0')
    return -1;
  int base = 0;
  for (const char *digit = argv[1]; *digit != '\0'; digit++) {
    if (*digit < '0' || *digit > '9' || base > BASE_MAX)
      return -1;
    base = base * 10 + (*digit - '0');
  }
  return base >= 3 && base <= BASE_MAX ? base : -1;
}

/* Maps the plan's memfd and closes it. Sealed, or what was checked could change later. */
static const uint8_t *plan_map(struct ctx *c, size_t *size, int *err) {
  int fd = slot_fd(c, SLOT_PLAN);
  struct statx st;
  long ret = sys(fcntl, fd, F_GET_SEALS, 0);
  if (ret >= 0 && (ret & PLAN_SEALS) != PLAN_SEALS)
    ret = -EPERM;
  if (ret < 0) {
    *err = fail(c, (int)ret, "read the plan's seals", NULL);
    return NULL;
  }
  ret = sys(statx, fd, "", AT_EMPTY_PATH, STATX_SIZE, &st);
  if (ret < 0) {
    *err = fail(c, (int)ret, "statx", "plan");
    return NULL;
  }
  if (st.stx_size == 0 || st.stx_size > PLAN_MAX) {
    *err = fail(c, -EFBIG, "read plan", NULL);
    return NULL;
  }
  *size = st.stx_size;
  ret = sys(mmap, NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (ret < 0 && ret > -4096) {
    *err = fail(c, (int)ret, "mmap", "plan");
    return NULL;
  }
  sys(close, fd);
  return (const uint8_t *)ret;
}

static int prologue(struct ctx *c) {
  int err = life_bind(c);
  if (err < 0)
    return err;
  long ret = sys(close_range, c->base, ~0U, CLOSE_RANGE_CLOEXEC);
  if (ret < 0)
    return fail(c, (int)ret, "close_range", NULL);
  /* Modes asked for are modes given; the `umask` step sets the container's own. */
  c->caller_umask = (uint64_t)sys(umask, 0);
  ret = signal_disposition(SIGNAL_PIPE, 1);
  return ret < 0 ? fail(c, (int)ret, "rt_sigaction", NULL) : 0;
}

int program_main(int argc, char **argv, char **envp) {
  (void)envp;
  static struct ctx c;
  int base = base_parse(argc, argv);
  if (base < 0)
    return EXIT_USAGE;
  ctx_init(&c, base);
  size_t size = 0;
  const uint8_t *plan = NULL;
  int err = prologue(&c);
  if (err == 0)
    plan = plan_map(&c, &size, &err);
  if (plan == NULL) {
    report_error(&c, err);
    return EXIT_FAILED;
  }
  return plan_run(&c, plan, size) < 0 ? EXIT_FAILED : 0;
}
