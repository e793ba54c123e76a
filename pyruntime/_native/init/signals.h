/* SPDX-License-Identifier: Apache-2.0 */
/* Signal dispositions and the mask: set as the user's program must find them. */
#ifndef PYR_SIGNALS_H
#define PYR_SIGNALS_H

#include "../sys.h"

/* The kernel's struct sigaction: alike on x86_64 and aarch64, unlike the C library's. */
struct kernel_sigaction {
  uint64_t handler; /* 0 is SIG_DFL, 1 is SIG_IGN */
  uint64_t flags;
  uint64_t restorer;
  uint64_t mask;
};

#define SIGNAL_COUNT 64
#define SIGNAL_HUP 1
#define SIGNAL_INT 2
#define SIGNAL_QUIT 3
#define SIGNAL_KILL 9
#define SIGNAL_PIPE 13
#define SIGNAL_TERM 15
#define SIGNAL_CHILD 17
#define SIGNAL_STOP 19
#define SIGNALS_BLOCK 0
#define SIGNALS_SETMASK 2

static inline int signals_mask(uint64_t mask, uint64_t *old) {
  return (int)sys(rt_sigprocmask, SIGNALS_SETMASK, &mask, old, sizeof mask);
}

static inline int signal_disposition(int number, uint64_t handler) {
  struct kernel_sigaction action = {.handler = handler};
  return (int)sys(rt_sigaction, number, &action, NULL, sizeof action.mask);
}

#if defined(__x86_64__)
#define SIGNAL_RESTORER 0x04000000u
#else
#define SIGNAL_RESTORER 0u
#endif

/* A handler that does not return, so that it needs no way back from the signal frame. */
static inline int signal_catch(int number, void (*handler)(int)) {
  uint64_t address = (uint64_t)(uintptr_t)handler;
  struct kernel_sigaction action = {
      .handler = address, .flags = SIGNAL_RESTORER, .restorer = address};
  return (int)sys(rt_sigaction, number, &action, NULL, sizeof action.mask);
}

/* Every signal to its default, none blocked. Returns 0 or -errno. */
static inline int signals_reset(void) {
  for (int number = 1; number <= SIGNAL_COUNT; number++) {
    if (number == SIGNAL_KILL || number == SIGNAL_STOP)
      continue;
    int err = signal_disposition(number, 0);
    if (err < 0)
      return err;
  }
  return signals_mask(0, NULL);
}

#endif
