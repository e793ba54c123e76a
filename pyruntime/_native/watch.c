/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every block has pages of its own, and none may be touched: the first access is a fault, which
 * is noted, and the block is open from then on.
 */
#include "watch.h"
#include "sys.h"
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>

static struct heap_layout watched;
static uintptr_t watched_end;

static uint32_t owner(uintptr_t at) { return watched.owners[(at - HEAP_START) / HEAP_GRAIN]; }

/* A fault that is none of ours happens again, and ends the process. */
static void touched(int number, siginfo_t *info, void *unused) {
  (void)unused;
  uintptr_t at = (uintptr_t)info->si_addr / HEAP_GRAIN * HEAP_GRAIN, end = at + HEAP_GRAIN;
  uint32_t found = at >= HEAP_COLD && at < watched_end ? owner(at) : 0;
  if (found == 0) {
    signal(number, SIG_DFL);
    return;
  }
  watched.log[found - 1] |= HEAP_LOG_HOT;
  while (at > HEAP_COLD && owner(at - HEAP_GRAIN) == found)
    at -= HEAP_GRAIN;
  while (end < watched_end && owner(end) == found)
    end += HEAP_GRAIN;
  if (sys(mprotect, at, end - at, PROT_READ | PROT_WRITE) < 0)
    signal(number, SIG_DFL);
}

bool watch_heap(const struct heap_layout *laid_out) {
  struct sigaction action = {.sa_sigaction = touched, .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigset_t seen;
  sigemptyset(&seen);
  sigaddset(&seen, SIGSEGV);
  watched = *laid_out;
  watched_end = HEAP_COLD + heap_cold_size();
  return sigaction(SIGSEGV, &action, NULL) == 0 && sigprocmask(SIG_UNBLOCK, &seen, NULL) == 0 &&
         mprotect((void *)HEAP_COLD, watched_end - HEAP_COLD, PROT_NONE) == 0;
}
