/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks that run in the container's namespaces: createContainer and startContainer.
 *
 * The state arrives on the hook's stdin, both of its outputs in one pipe, whose last part
 * goes into the error, but for what goes to a file. All is watched by one poll, so that neither a
 * hook that does not read nor one that leaves a daemon behind holding the pipe can stop the
 * container's start.
 */
#include "buffer.h"
#include "run.h"
#include "signals.h"
#include "vector.h"
#include <linux/close_range.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/time.h>
#include <linux/time_types.h>

#define OUTPUT_KEPT 1024
#define NS_PER_MS 1000000

/* The pipes' ends and the child; -1 what is closed. */
struct hook {
  int stdin_read, stdin_write;
  int output_read, output_write;
  int failure_read, failure_write; /* errno and the call's name, when the exec fails */
  int pidfd;
  int pid;
};

struct exec_failure {
  int err;
  char what[16];
};

/* What is left to write of the state: its three parts, one after another. */
struct state_text {
  const char *part[3];
  int next;
};

/* A ring would keep the same bytes; moving 1 KiB for each read is simpler and rare. */
struct output {
  char bytes[OUTPUT_KEPT];
  size_t len;
};

static void fd_close(int *fd) {
  if (*fd >= 0)
    sys(close, *fd);
  *fd = -1;
}

static void hook_close(struct hook *h) {
  fd_close(&h->stdin_read);
  fd_close(&h->stdin_write);
  fd_close(&h->output_read);
  fd_close(&h->output_write);
  fd_close(&h->failure_read);
  fd_close(&h->failure_write);
  fd_close(&h->pidfd);
}

static int hook_pipes(struct hook *h) {
  int *ends[3][2] = {{&h->stdin_read, &h->stdin_write},
                     {&h->output_read, &h->output_write},
                     {&h->failure_read, &h->failure_write}};
  *h = (struct hook){-1, -1, -1, -1, -1, -1, -1, -1};
  for (int i = 0; i < 3; i++) {
    int pair[2];
    long ret = sys(pipe2, pair, O_CLOEXEC);
    if (ret < 0)
      return (int)ret;
    *ends[i][0] = pair[0];
    *ends[i][1] = pair[1];
  }
  long ret = sys(fcntl, h->stdin_write, F_SETFL, O_NONBLOCK);
  return ret < 0 ? (int)ret : (int)sys(fcntl, h->output_read, F_SETFL, O_NONBLOCK);
}

/* A descriptor of the step's for an output, or the pipe's end. */
static int hook_output(const struct ctx *c, uint64_t slot, const struct hook *h) {
  return slot != 0 ? slot_fd(c, slot) : h->output_write;
}

/* In the child. Returns only on failure, with the call that failed in *what. */
static int hook_exec(const struct ctx *c, const struct step *s, const struct hook *h,
                     const char **what) {
  const char *cwd = str(c, s, S_hook_cwd), *path = str(c, s, S_hook_path);
  int err;
  *what = "prctl";
  if ((err = (int)sys(prctl, PR_SET_PDEATHSIG, SIGNAL_KILL, 0, 0, 0)) < 0)
    return err;
  *what = "dup3";
  if ((err = (int)sys(dup3, h->stdin_read, 0, 0)) < 0 ||
      (err = (int)sys(dup3, hook_output(c, s->n[N_hook_stdout], h), 1, 0)) < 0 ||
      (err = (int)sys(dup3, hook_output(c, s->n[N_hook_stderr], h), 2, 0)) < 0)
    return err;
  /* The container's own descriptors are not the hook's either. */
  *what = "close_range";
  if ((err = (int)sys(close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC)) < 0)
    return err;
  *what = "chdir";
  if (*cwd != '\0' && (err = (int)sys(chdir, cwd)) < 0)
    return err;
  *what = "mmap";
  const char **args = vector_make(c, s, S_hook_args), **env = vector_make(c, s, S_hook_env);
  if (args == NULL || env == NULL)
    return -ENOMEM;
  const char *fallback[2] = {path, NULL};
  *what = "rt_sigaction";
  if ((err = signals_reset()) < 0)
    return err;
  *what = "execve";
  return (int)sys(execve, path, args[0] ? args : fallback, env);
}

static void hook_child(const struct ctx *c, const struct step *s, const struct hook *h) {
  struct exec_failure failure = {0};
  const char *what;
  failure.err = hook_exec(c, s, h, &what);
  struct buffer name = {.data = failure.what, .room = sizeof failure.what};
  buffer_add(&name, what);
  sys(write, h->failure_write, &failure, sizeof failure);
  for (;;)
    sys(exit_group, 127);
}

/* Starts the hook and closes the child's ends. Returns 0 or -errno. */
static int hook_start(const struct ctx *c, const struct step *s, struct hook *h) {
  struct clone_args args = {
      .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&h->pidfd, .exit_signal = SIGNAL_CHILD};
  long pid = sys(clone3, &args, sizeof args);
  if (pid < 0)
    return (int)pid;
  if (pid == 0)
    hook_child(c, s, h);
  h->pid = (int)pid;
  fd_close(&h->stdin_read);
  fd_close(&h->output_write);
  fd_close(&h->failure_write);
  return 0;
}

/* Waits for the exec; what the child could not do is ours to say. */
static int hook_exec_result(struct ctx *c, const char *path, struct hook *h) {
  struct exec_failure failure;
  long got;
  do
    got = sys(read, h->failure_read, &failure, sizeof failure);
  while (got == -EINTR);
  fd_close(&h->failure_read);
  if (got != sizeof failure)
    return 0;
  failure.what[sizeof failure.what - 1] = '\0';
  sys(wait4, h->pid, NULL, 0, NULL);
  return fail(c, failure.err, failure.what, path);
}

static void state_write(struct hook *h, struct state_text *state) {
  while (state->next < 3) {
    const char **part = &state->part[state->next];
    size_t len = strlen(*part);
    long done = len == 0 ? 0 : sys(write, h->stdin_write, *part, len);
    if (done == -EINTR)
      continue;
    if (done == -EAGAIN)
      return;
    if (done < 0)
      break; /* EPIPE: a hook need not read its state */
    *part += done;
    if (**part == '\0')
      state->next++;
  }
  fd_close(&h->stdin_write);
}

/* Reads what there is; closes the pipe at its end. */
static void output_read(struct hook *h, struct output *out) {
  char block[OUTPUT_KEPT];
  for (;;) {
    long got = sys(read, h->output_read, block, sizeof block);
    if (got == -EINTR)
      continue;
    if (got == -EAGAIN)
      return;
    if (got <= 0)
      break;
    size_t fresh = (size_t)got, keep = sizeof out->bytes - fresh;
    if (out->len > keep) {
      memmove(out->bytes, out->bytes + out->len - keep, keep);
      out->len = keep;
    }
    memcpy(out->bytes + out->len, block, fresh);
    out->len += fresh;
  }
  fd_close(&h->output_read);
}

static int64_t clock_ns(void) {
  struct __kernel_timespec now = {0};
  sys(clock_gettime, CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

/* Until the hook ends: 0; -ETIMEDOUT once `deadline` (0: none) is over; -errno of ppoll. */
static int hook_serve(struct hook *h, struct state_text *state, struct output *out,
                      int64_t deadline) {
  for (;;) {
    struct pollfd fds[3] = {{.fd = h->pidfd, .events = POLLIN},
                            {.fd = h->output_read, .events = POLLIN},
                            {.fd = h->stdin_write, .events = POLLOUT}};
    int64_t left = deadline ? deadline - clock_ns() : 0;
    if (deadline && left <= 0)
      return -ETIMEDOUT;
    struct __kernel_timespec wait = {.tv_sec = left / (1000 * NS_PER_MS),
                                     .tv_nsec = left % (1000 * NS_PER_MS)};
    long ret = sys(ppoll, fds, 3, deadline ? &wait : NULL, NULL, 0);
    if (ret < 0 && ret != -EINTR)
      return (int)ret;
    if (ret <= 0)
      continue;
    if (fds[2].revents != 0)
      state_write(h, state);
    if (fds[1].revents != 0)
      output_read(h, out);
    if (fds[0].revents != 0)
      return 0;
  }
}

/* "exit status 3" or "signal 9", the milliseconds it took, the end of the output; a line each. */
static int hook_failure(struct ctx *c, const char *path, int err, int status, int64_t began,
                        const struct output *out) {
  char text[OUTPUT_KEPT + 64];
  struct buffer b = {.data = text, .room = sizeof text};
  if (err == -ETIMEDOUT) {
    buffer_add(&b, "timed out");
  } else if ((status & 0x7f) != 0) {
    buffer_add(&b, "signal ");
    buffer_number(&b, status & 0x7f, 10);
  } else {
    buffer_add(&b, "exit status ");
    buffer_number(&b, status >> 8 & 0xff, 10);
  }
  buffer_add(&b, "\n");
  buffer_decimal(&b, (clock_ns() - began) / NS_PER_MS);
  buffer_add(&b, "\n");
  buffer_bytes(&b, out->bytes, out->len);
  return fail_text(c, err, "hook", path, text, b.len);
}

static int hook_run(struct ctx *c, const struct step *s, struct hook *h) {
  const char *path = str(c, s, S_hook_path);
  int64_t timeout = (int64_t)s->n[N_hook_timeout_ms];
  int64_t began = clock_ns(), deadline = timeout > 0 ? began + timeout * NS_PER_MS : 0;
  char digits[24];
  struct buffer pid = {.data = digits, .room = sizeof digits};
  buffer_decimal(&pid, sys(getpid));
  struct state_text state = {
      .part = {str(c, s, S_hook_state_head), digits, str(c, s, S_hook_state_tail)}};
  struct output out = {.len = 0};
  int err = hook_start(c, s, h);
  if (err < 0)
    return fail(c, err, "clone3", path);
  err = hook_exec_result(c, path, h);
  if (err < 0)
    return err;
  err = hook_serve(h, &state, &out, deadline);
  if (err < 0)
    sys(pidfd_send_signal, h->pidfd, SIGNAL_KILL, NULL, 0);
  int status = 0;
  long ret;
  do
    ret = sys(wait4, h->pid, &status, 0, NULL);
  while (ret == -EINTR);
  if (ret < 0)
    return fail(c, (int)ret, "wait4", path);
  if (h->output_read >= 0)
    output_read(h, &out);
  if (err < 0 && err != -ETIMEDOUT)
    return fail(c, err, "ppoll", path);
  if (err == 0 && status == 0)
    return 0;
  return hook_failure(c, path, err < 0 ? err : -ECHILD, status, began, &out);
}

int op_hook(struct ctx *c, const struct step *s) {
  struct hook h;
  int err = hook_pipes(&h);
  if (err < 0)
    err = fail(c, err, "pipe2", str(c, s, S_hook_path));
  else
    err = hook_run(c, s, &h);
  hook_close(&h);
  return err;
}
