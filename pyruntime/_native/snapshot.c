/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A start without starting: the interpreter with all modules loaded, as it was when the
 * program was built, comes back by two mappings of the program's own file.
 *
 * That works because the program is linked to a fixed address, its heap lies at one (heap.c),
 * and what is saved is all of this program's variables but none of the C library's: that one
 * starts as ever, wherever the kernel has put it. Saved state must not point into it, nor to
 * the stack. Nothing does when the file is written at the top of main, apart from variables of
 * the C library that the linker has moved here ("copy relocations": stdin, environ): the build
 * lists them in `place`, and they are kept over a restore.
 */
#include "snapshot.h"
#include "heap.h"
#include "launcher.h"
#include "sys.h"
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEPT_MAX 16
#define KEPT_BYTES 64

/* Filled in by tools/link_embedded.py, in the file; among the constants, for variables change. */
struct place {
  char magic[16];
  uint64_t page;                 /* its size where this was written; 0: there is no snapshot */
  uint64_t data, hot, cold, end; /* offsets in the file; it ends with the cold part of the heap */
  struct {
    uint64_t address, size;
  } kept[KEPT_MAX];
};

_Static_assert(sizeof(struct place) == 56 + 16 * KEPT_MAX, "as reserved below");
__asm__(".pushsection .rodata\n.balign 16\nplace:\n.asciz \"pyruntime place\"\n"
        ".zero 40 + 16 * 16\n.popsection\n");
extern const struct place place;

extern char __data_start[], _end[];

bool snapshot_exists(void) { return place.page != 0; }

static void bytes_copy(volatile char *to, const char *from, size_t size) {
  for (size_t i = 0; i < size; i++)
    to[i] = from[i];
}

/*
 * Between the two loops the variables are the saved ones: nothing but system calls by hand.
 * The page that the first variable is on holds the linker's table of functions too, so its
 * part is copied, not mapped.
 */
static bool data_map(int fd, size_t page) {
  uintptr_t start = (uintptr_t)__data_start, first = (start + page - 1) / page * page;
  uintptr_t end = ((uintptr_t)_end + page - 1) / page * page;
  char kept[KEPT_MAX][KEPT_BYTES];
  uint64_t offset = place.data;
  char *head = mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, (off_t)offset);
  if (head == MAP_FAILED)
    return false;
  for (int i = 0; i < KEPT_MAX; i++)
    bytes_copy(kept[i], (char *)place.kept[i].address, place.kept[i].size);
  long mapped = sys(mmap, first, end - first, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd,
                    offset + page);
  if (mapped == (long)first)
    bytes_copy((char *)start, head + start % page, first - start);
  for (int i = 0; i < KEPT_MAX; i++)
    bytes_copy((char *)place.kept[i].address, kept[i], place.kept[i].size);
  sys(munmap, head, page);
  return mapped == (long)first;
}

static bool file_ends(int fd, uint64_t size) {
  struct statx st;
  return sys(statx, fd, "", AT_EMPTY_PATH, STATX_SIZE, &st) == 0 && st.stx_size == size;
}

static bool all_read(int fd, uintptr_t to, size_t size, uint64_t offset) {
  while (size > 0) {
    long n = sys(pread64, fd, to, size, offset);
    if (n <= 0)
      return false;
    to += (size_t)n;
    offset += (size_t)n;
    size -= (size_t)n;
  }
  return true;
}

/* What every run touches is read at once, which costs less than a fault for each page, and least
 * where the kernel has a huge page for it; the rest is mapped. */
static bool heap_map(int fd) {
  long hot = sys(mprotect, HEAP_START, HEAP_HOT_ROOM, PROT_READ | PROT_WRITE);
  if (hot < 0)
    return false;
  sys(madvise, HEAP_START, HEAP_HOT_ROOM, MADV_HUGEPAGE); /* a wish, and not every kernel's */
  if (!all_read(fd, HEAP_START, place.cold - place.hot, place.hot))
    return false;
  return sys(mmap, HEAP_COLD, place.end - place.cold, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_FIXED, fd, place.cold) == (long)HEAP_COLD;
}

bool snapshot_restore(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  if (place.page != page)
    return false;
  long fd = sys(openat, AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  /* A tool that rewrites programs, such as strip, may have cut it off. */
  uintptr_t end = file_ends((int)fd, place.end) ? heap_claim() : 0;
  if (end == 0) {
    sys(close, fd);
    return false;
  }
  if (!heap_map((int)fd) || !data_map((int)fd, page)) {
    say("map the started interpreter: ", "out of memory");
    _exit(EXIT_NOT_FOUND); /* half of it is there: no way back */
  }
  heap_resume(end);
  sys(close, fd);
  return true;
}

static bool all_write(int fd, const char *from, size_t size) {
  while (size > 0) {
    ssize_t n = write(fd, from, size);
    if (n <= 0)
      return false;
    from += n;
    size -= (size_t)n;
  }
  return true;
}

bool snapshot_write(const char *path) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  uintptr_t start = (uintptr_t)__data_start / page * page;
  uintptr_t end = ((uintptr_t)_end + page - 1) / page * page;
  uint64_t sizes[] = {heap_hot_size(), heap_cold_size()};
  long fd = sys(openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    return false;
  bool done = all_write((int)fd, (char *)start, end - start) &&
              all_write((int)fd, (char *)HEAP_START, sizes[0]) &&
              all_write((int)fd, (char *)HEAP_COLD, sizes[1]) &&
              all_write((int)fd, (char *)sizes, sizeof sizes);
  return sys(close, fd) == 0 && done;
}
