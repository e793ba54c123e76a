/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscalls [i386] NUMBER [ARGUMENT...]: makes a system call and prints its result, negative
 * for an errno. With i386 by the 32-bit entry.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long call_i386(long number) {
#if defined(__x86_64__)
  long ret = number;
  __asm__ volatile("int $0x80" : "+a"(ret) : "b"(0), "c"(0), "d"(0) : "memory", "cc");
  return (int)ret;
#else
  (void)number;
  return -ENOSYS;
#endif
}

int main(int argc, char **argv) {
  long words[7] = {0};
  int first = argc > 1 && strcmp(argv[1], "i386") == 0 ? 2 : 1;
  for (int i = 0; i < 7 && first + i < argc; i++)
    words[i] = strtol(argv[first + i], NULL, 0);
  long ret;
  if (first == 2) {
    ret = call_i386(words[0]);
  } else {
    ret = syscall(words[0], words[1], words[2], words[3], words[4], words[5], words[6]);
    if (ret < 0)
      ret = -errno;
  }
  printf("%ld\n", ret);
  return 0;
}
