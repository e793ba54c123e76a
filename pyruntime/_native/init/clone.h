/* SPDX-License-Identifier: Apache-2.0 */
/* clone3 for a child that shares our memory: it needs a stack and a function of its own. */
#ifndef PYR_CLONE_H
#define PYR_CLONE_H

#include "../sys.h"
#include <linux/sched.h>

/*
 * clone3, with `run(arg)` in the child on the stack given in args; run must not return. Both
 * registers must outlive the system call, which keeps all but the scratch ones.
 */
static inline long clone_run(struct clone_args *args, void (*run)(void *), void *arg) {
#if defined(__x86_64__)
  long ret = __NR_clone3;
  register void (*fn)(void *) __asm__("r12") = run;
  register void *with __asm__("r13") = arg;
  __asm__ volatile("syscall\n\t"
                   "test %%rax, %%rax\n\t"
                   "jnz 1f\n\t"
                   "xor %%ebp, %%ebp\n\t"
                   "mov %%r13, %%rdi\n\t"
                   "call *%%r12\n\t"
                   "hlt\n"
                   "1:"
                   : "+a"(ret)
                   : "D"(args), "S"(sizeof *args), "r"(fn), "r"(with)
                   : "rcx", "r11", "memory", "cc");
  return ret;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = __NR_clone3;
  register long x0 __asm__("x0") = (long)args;
  register long x1 __asm__("x1") = sizeof *args;
  register void (*fn)(void *) __asm__("x20") = run;
  register void *with __asm__("x21") = arg;
  __asm__ volatile("svc #0\n\t"
                   "cbnz x0, 1f\n\t"
                   "mov x29, xzr\n\t"
                   "mov x0, x21\n\t"
                   "blr x20\n\t"
                   "brk #0\n"
                   "1:"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(fn), "r"(with)
                   : "x30", "memory", "cc");
  return x0;
#endif
}

#endif
