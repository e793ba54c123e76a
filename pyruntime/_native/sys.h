/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls without a libc: each returns a value >= 0 or -errno.
 *
 * The init is freestanding so that what runs with privilege inside the container is only
 * what can be read here: no locale, no malloc, no stdio, no errno in thread-local storage.
 * The cffi shim includes the same file, so a handler behaves alike in both.
 */
#ifndef PYR_SYS_H
#define PYR_SYS_H

#include <asm/unistd.h>
#include <linux/stat.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* <linux/stat.h> leaves these to the C library where there is one. */
#ifndef S_IFMT
#define S_IFMT 00170000
#define S_IFSOCK 0140000
#define S_IFLNK 0120000
#define S_IFREG 0100000
#define S_IFBLK 0060000
#define S_IFDIR 0040000
#define S_IFCHR 0020000
#define S_IFIFO 0010000
#define S_ISUID 0004000
#define S_ISGID 0002000
#define S_ISVTX 0001000
#define S_ISLNK(mode) (((mode)&S_IFMT) == S_IFLNK)
#define S_ISREG(mode) (((mode)&S_IFMT) == S_IFREG)
#define S_ISDIR(mode) (((mode)&S_IFMT) == S_IFDIR)
#define S_ISCHR(mode) (((mode)&S_IFMT) == S_IFCHR)
#define S_ISBLK(mode) (((mode)&S_IFMT) == S_IFBLK)
#define S_ISFIFO(mode) (((mode)&S_IFMT) == S_IFIFO)
#define S_ISSOCK(mode) (((mode)&S_IFMT) == S_IFSOCK)
#endif

#if defined(__x86_64__)
static inline long pyr_syscall6(long nr, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long ret;
  __asm__ volatile("syscall"
                   : "=a"(ret)
                   : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return ret;
}
#elif defined(__aarch64__)
static inline long pyr_syscall6(long nr, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = nr;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
}
#else
#error "x86_64 and aarch64 only"
#endif

/* sys(openat2, fd, path, how, size): every argument is a pointer or an integer. */
#define PYR_ARG(x) ((long)(x))
#define PYR_SYS1(nr, a) pyr_syscall6(nr, PYR_ARG(a), 0, 0, 0, 0, 0)
#define PYR_SYS2(nr, a, b) pyr_syscall6(nr, PYR_ARG(a), PYR_ARG(b), 0, 0, 0, 0)
#define PYR_SYS3(nr, a, b, c) pyr_syscall6(nr, PYR_ARG(a), PYR_ARG(b), PYR_ARG(c), 0, 0, 0)
#define PYR_SYS4(nr, a, b, c, d)                                                                   \
  pyr_syscall6(nr, PYR_ARG(a), PYR_ARG(b), PYR_ARG(c), PYR_ARG(d), 0, 0)
#define PYR_SYS5(nr, a, b, c, d, e)                                                                \
  pyr_syscall6(nr, PYR_ARG(a), PYR_ARG(b), PYR_ARG(c), PYR_ARG(d), PYR_ARG(e), 0)
#define PYR_SYS6(nr, a, b, c, d, e, f)                                                             \
  pyr_syscall6(nr, PYR_ARG(a), PYR_ARG(b), PYR_ARG(c), PYR_ARG(d), PYR_ARG(e), PYR_ARG(f))
#define PYR_SYS0(nr) pyr_syscall6(nr, 0, 0, 0, 0, 0, 0)
#define PYR_PICK(_1, _2, _3, _4, _5, _6, _7, NAME, ...) NAME
#define sys(name, ...)                                                                             \
  PYR_PICK(__NR_##name __VA_OPT__(, ) __VA_ARGS__, PYR_SYS6, PYR_SYS5, PYR_SYS4, PYR_SYS3,         \
           PYR_SYS2, PYR_SYS1, PYR_SYS0, )                                                         \
  (__NR_##name __VA_OPT__(, ) __VA_ARGS__)

#endif
