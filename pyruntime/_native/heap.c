/* SPDX-License-Identifier: Apache-2.0 */
/*
 * malloc and its family for the program that embeds the interpreter.
 *
 * A bump allocator with a list of free blocks for each size class: most runs are over before
 * they free much. A block has 16 bytes before it that hold its class's size. Two ranges: that
 * of heap.h, and until it is claimed whatever mmap gives, since the C library may allocate
 * before main. The state is in this program's variables, so it is saved and comes back with
 * them.
 */
#include "heap.h"
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEADER 16
#define SMALL 1024            /* classes are 16 bytes apart up to here, then four a doubling */
#define CLASSES (64 + 4 * 40) /* up to 2^50 */
#define STEP ((size_t)1 << 20)
#define RANGE ((size_t)1 << 32)
#define RANGE_LEAST ((size_t)1 << 27) /* where the address space is limited */

struct range {
  uintptr_t next, ready, end; /* to give out; readable up to; reserved up to */
};

static struct range range, early;
static bool claimed;
static void *unused[CLASSES]; /* free blocks by class, each holding the next's address */
static bool busy;

static void lock(void) {
  while (__atomic_test_and_set(&busy, __ATOMIC_ACQUIRE))
    sched_yield();
}

static void unlock(void) { __atomic_clear(&busy, __ATOMIC_RELEASE); }

/* The class that holds `size` bytes; *room becomes what its blocks hold. */
static unsigned class_of(size_t size, size_t *room) {
  if (size <= SMALL) {
    unsigned number = size == 0 ? 0 : (unsigned)((size - 1) / 16);
    *room = ((size_t)number + 1) * 16;
    return number;
  }
  unsigned log = 63 - (unsigned)__builtin_clzl(size - 1); /* size is in (2^log, 2^(log+1)] */
  size_t quarter = (size_t)1 << (log - 2);
  unsigned part = (unsigned)((size - 1 - ((size_t)1 << log)) / quarter);
  *room = ((size_t)1 << log) + (part + 1) * quarter;
  return SMALL / 16 + (log - 10) * 4 + part;
}

static bool range_grow(struct range *r, size_t size) {
  size_t wanted = (r->next + size - r->ready + STEP - 1) / STEP * STEP;
  if (wanted > r->end - r->ready || mprotect((void *)r->ready, wanted, PROT_READ | PROT_WRITE) < 0)
    return false;
  r->ready += wanted;
  return true;
}

static bool early_map(size_t size) {
  size_t room = (size + STEP - 1) / STEP * STEP;
  void *p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED)
    return false;
  early.next = (uintptr_t)p;
  early.ready = early.end = early.next + room;
  return true;
}

static void *bump(size_t size) {
  struct range *r = claimed ? &range : &early;
  if (size > r->ready - r->next && !(claimed ? range_grow(r, size) : early_map(size)))
    return NULL;
  r->next += size;
  return (void *)(r->next - size);
}

uintptr_t heap_claim(void) {
  for (size_t size = RANGE; size >= RANGE_LEAST; size /= 4) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    void *p = mmap((void *)HEAP_START, size, PROT_NONE, flags, -1, 0);
    if (p == (void *)HEAP_START) {
      range = (struct range){HEAP_START, HEAP_START, HEAP_START + size};
      claimed = true;
      return range.end;
    }
  }
  return 0;
}

uintptr_t heap_end(void) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  return (range.next + page - 1) / page * page;
}

bool heap_resume(uintptr_t end) {
  range.next = range.ready = heap_end();
  range.end = end;
  return range_grow(&range, 1);
}

void heap_seal(void) { memset(unused, 0, sizeof unused); }

void *heap_take(size_t size) {
  lock();
  void *p = bump((size + HEADER - 1) / HEADER * HEADER);
  unlock();
  return p;
}

struct header {
  size_t room;
  size_t skipped; /* from the block's own start, for the sake of alignment */
};

static struct header *header(void *p) { return (struct header *)((uintptr_t)p - HEADER); }

/* *fresh becomes whether the block is still as the kernel gave it, all zero. */
static void *block(size_t size, bool *fresh) {
  size_t room;
  if (size > (size_t)1 << 48) {
    errno = ENOMEM;
    return NULL;
  }
  unsigned number = class_of(size, &room);
  lock();
  void *p = unused[number];
  *fresh = p == NULL;
  if (p != NULL) {
    memcpy(&unused[number], p, sizeof p);
  } else if ((p = bump(room + HEADER)) != NULL) {
    p = (void *)((uintptr_t)p + HEADER);
    *header(p) = (struct header){.room = room};
  }
  unlock();
  if (p == NULL)
    errno = ENOMEM;
  return p;
}

void *malloc(size_t size) {
  bool fresh;
  return block(size, &fresh);
}

void free(void *p) {
  /* What is older than the range isn't worth a thought, and may come from before a restore. */
  if ((uintptr_t)p < HEAP_START || (uintptr_t)p >= HEAP_START + RANGE)
    return;
  p = (void *)((uintptr_t)p - header(p)->skipped);
  size_t room;
  unsigned number = class_of(header(p)->room, &room);
  lock();
  memcpy(p, &unused[number], sizeof p);
  unused[number] = p;
  unlock();
}

void *calloc(size_t count, size_t size) {
  size_t whole;
  if (__builtin_mul_overflow(count, size, &whole)) {
    errno = ENOMEM;
    return NULL;
  }
  bool fresh;
  void *p = block(whole, &fresh);
  return p == NULL || fresh ? p : memset(p, 0, whole);
}

void *realloc(void *p, size_t size) {
  if (p == NULL)
    return malloc(size);
  size_t old = header(p)->room;
  if (size <= old)
    return p;
  void *fresh = malloc(size);
  if (fresh == NULL)
    return NULL;
  memcpy(fresh, p, old);
  free(p);
  return fresh;
}

void *memalign(size_t alignment, size_t size) {
  if (size > (size_t)1 << 48 || alignment > (size_t)1 << 30) {
    errno = ENOMEM;
    return NULL;
  }
  void *p = malloc(size + alignment + HEADER);
  if (p == NULL || (uintptr_t)p % alignment == 0)
    return p;
  uintptr_t at = ((uintptr_t)p + HEADER + alignment - 1) / alignment * alignment;
  size_t skipped = at - (uintptr_t)p;
  *header((void *)at) = (struct header){.room = header(p)->room - skipped, .skipped = skipped};
  return (void *)at;
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **to, size_t alignment, size_t size) {
  void *p = memalign(alignment, size);
  if (p == NULL)
    return ENOMEM;
  *to = p;
  return 0;
}

size_t malloc_usable_size(void *p) { return p == NULL ? 0 : header(p)->room; }
