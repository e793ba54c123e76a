/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry of the freestanding programs: the init and the launcher.
 *
 * There is no C library below: the stack as the kernel left it is all there is.
 */
#include "start.h"
#include "../sys.h"
#include "mem.h"

#if defined(__x86_64__)
__asm__(".globl _start\n"
        ".type _start, @function\n"
        "_start:\n"
        "  xor %ebp, %ebp\n"
        "  mov %rsp, %rdi\n"
        "  and $-16, %rsp\n"
        "  call start_from_stack\n"
        "  hlt\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n"
        ".type _start, %function\n"
        "_start:\n"
        "  mov x29, xzr\n"
        "  mov x30, xzr\n"
        "  mov x0, sp\n"
        "  bl start_from_stack\n"
        "  brk #0\n");
#endif

/* stack: argc, argv[argc], NULL, envp..., NULL */
__attribute__((noreturn, used)) void start_from_stack(long *stack);

void start_from_stack(long *stack) {
  int argc = (int)stack[0];
  char **argv = (char **)(stack + 1);
  int status = program_main(argc, argv, argv + argc + 1);
  for (;;)
    sys(exit_group, status);
}

/* An empty asm that may touch memory keeps the loops below from becoming calls of themselves. */
#define NOT_AN_IDIOM __asm__ volatile("" ::: "memory")

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  unsigned char *t = to;
  const unsigned char *f = from;
  for (; size != 0; size--) {
    *t++ = *f++;
    NOT_AN_IDIOM;
  }
  return to;
}

void *memmove(void *to, const void *from, size_t size) {
  unsigned char *t = to;
  const unsigned char *f = from;
  if (t <= f)
    return memcpy(to, from, size);
  while (size-- != 0) {
    t[size] = f[size];
    NOT_AN_IDIOM;
  }
  return to;
}

void *memset(void *to, int byte, size_t size) {
  unsigned char *t = to;
  for (; size != 0; size--) {
    *t++ = (unsigned char)byte;
    NOT_AN_IDIOM;
  }
  return to;
}

int memcmp(const void *a, const void *b, size_t size) {
  const unsigned char *x = a, *y = b;
  for (; size != 0; size--, x++, y++) {
    if (*x != *y)
      return *x < *y ? -1 : 1;
    NOT_AN_IDIOM;
  }
  return 0;
}

size_t strlen(const char *text) {
  size_t size = 0;
  for (; text[size] != '\0'; size++)
    NOT_AN_IDIOM;
  return size;
}
