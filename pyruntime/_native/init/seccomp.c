/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter of system calls, and the hand-over of its listener.
 *
 * The listener's descriptor must reach the runtime, although the filter may forbid the call
 * that sends it, or have that call wait for an answer of the very listener. So a thread sends
 * it that was there before the filter and is not under it; the filtered one makes no system
 * call until that is done.
 */
#include "clone.h"
#include "creds.h"
#include "decode.h"
#include "exec.h"
#include "report.h"
#include "run.h"
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#define THREAD_FLAGS                                                                               \
  (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)
#define UNKNOWN INT32_MIN

/* Each half is written by one side and read by the other. */
struct handover {
  const struct ctx *c;
  int listener; /* UNKNOWN until the filter was loaded; then its descriptor or -errno */
  int sent;     /* UNKNOWN until the thread has done its part; then 0 or -errno */
};

static int listener_send(const struct ctx *c, int listener) {
  static const char name[] = "seccomp";
  struct message m = {.kind = MSG_FD, .step = c->current, .len = sizeof name - 1};
  return message_send(c->report, &m, name, listener);
}

static void thread_main(void *arg) {
  struct handover *h = arg;
  int listener;
  /* The filtered side may have no call left to wake us with. The wait is for one system call. */
  while ((listener = __atomic_load_n(&h->listener, __ATOMIC_ACQUIRE)) == UNKNOWN)
    sys(sched_yield);
  int sent = listener < 0 ? 0 : listener_send(h->c, listener);
  __atomic_store_n(&h->sent, sent, __ATOMIC_RELEASE);
  for (;;)
    sys(exit, 0);
}

static void thread_await(const struct handover *h) {
  while (__atomic_load_n(&h->sent, __ATOMIC_ACQUIRE) == UNKNOWN) {
#if defined(__x86_64__)
    __asm__ volatile("pause");
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
  }
}

static long filter_load(uint64_t flags, const struct sock_fprog *program) {
  return sys(seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
}

static int listener_load(struct ctx *c, uint64_t flags, const struct sock_fprog *program) {
  static _Alignas(16) char stack[16384];
  static struct handover h;
  struct clone_args args = {
      .flags = THREAD_FLAGS, .stack = (uint64_t)(uintptr_t)stack, .stack_size = sizeof stack};
  h = (struct handover){.c = c, .listener = UNKNOWN, .sent = UNKNOWN};
  /* Refused before a new time namespace takes effect: then we send ourselves, if we can. */
  long thread = clone_run(&args, thread_main, &h);
  long listener = filter_load(flags, program);
  __atomic_store_n(&h.listener, (int)listener, __ATOMIC_RELEASE);
  if (thread > 0)
    thread_await(&h);
  if (listener < 0)
    return fail(c, (int)listener, "seccomp", NULL);
  /* The kernel has made it close-on-exec; closing it here might not be allowed any more. */
  int err = thread > 0 ? h.sent : listener_send(c, (int)listener);
  return err < 0 ? fail(c, err, "sendmsg", "seccomp listener") : 0;
}

/* What execve needs is made ready before the filter. A hook in between needs it otherwise. */
static int exec_prepare_ahead(struct ctx *c) {
  for (uint32_t i = c->current + 1; i < c->nsteps; i++) {
    struct step next;
    plan_step_read(c->plan, i, &next);
    if (next.op == OP_hook)
      break;
    if (next.op == OP_execve)
      return exec_prepare(c, &next);
  }
  return 0;
}

int op_seccomp(struct ctx *c, const struct step *s) {
  uint64_t flags = s->n[N_seccomp_flags];
  uint32_t size = str_len(s, S_seccomp_program), count = size / sizeof(struct sock_filter);
  if (count == 0 || count > BPF_MAXINSNS || size % sizeof(struct sock_filter) != 0)
    return fail(c, -EINVAL, "read filter", NULL);
  struct sock_fprog program = {.len = (unsigned short)count,
                               .filter = (struct sock_filter *)str(c, s, S_seccomp_program)};
  int err = exec_prepare_ahead(c);
  if (err < 0)
    return err;
  /* Kept permitted for this; a caps_set step or execve takes it away. */
  if (s->n[N_seccomp_privileged] != 0)
    err = cap_raise(CAP_SYS_ADMIN);
  if (err < 0)
    return fail(c, err, "capset", NULL);
  if ((flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0)
    return listener_load(c, flags, &program);
  long ret = filter_load(flags, &program);
  return ret < 0 ? fail(c, (int)ret, "seccomp", NULL) : 0;
}
