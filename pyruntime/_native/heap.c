/* SPDX-License-Identifier: Apache-2.0 */
/*
 * malloc and its family for the program that embeds the interpreter.
 *
 * A bump allocator with a list of free blocks for each size class: most runs are over before
 * they free much. A block has 16 bytes before it that hold its class's size. Two ranges at
 * fixed addresses (heap.h), and until those are claimed whatever mmap gives, since the C library
 * may allocate before main. The state is in this program's variables, so it is saved and comes
 * back with them.
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
#define WINDOW 256
#define HISTORY HEAP_LOG_HISTORY
#define HOT_MAX 65536                /* of larger blocks a run touches a few pages */
#define SIZE_LEAST ((size_t)1 << 27) /* where the address space is limited */

struct range {
  uintptr_t next, ready, end; /* to give out; readable up to; reserved up to */
  void *unused[CLASSES];      /* free blocks by class, each holding the next's address */
};

struct header {
  size_t room;
  size_t skipped; /* from the block's own start, for the sake of alignment */
};

static struct range hot, cold, early;
static bool claimed;
static bool busy;
static struct heap_layout layout; /* in the build */

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

static struct header *header(void *p) { return (struct header *)((uintptr_t)p - HEADER); }

static size_t in_pages(size_t size) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  return (size + page - 1) / page * page;
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

/* Makes room for `size` bytes where there is none. The hot range is what it is. */
static bool grow(struct range *r, size_t size) {
  if (r == &early)
    return early_map(size);
  size_t wanted = (r->next + size - r->ready + STEP - 1) / STEP * STEP;
  if (wanted > r->end - r->ready || mprotect((void *)r->ready, wanted, PROT_READ | PROT_WRITE) < 0)
    return false;
  r->ready += wanted;
  return true;
}

static void *bump(struct range *r, size_t size) {
  if (layout.owners != NULL)
    size = in_pages(size);
  if (size > r->ready - r->next && !grow(r, size))
    return NULL;
  r->next += size;
  return (void *)(r->next - size);
}

/* A block of a class; *fresh becomes whether it is as the kernel gave it, all zero. */
static void *block_from(struct range *r, unsigned number, size_t room, bool *fresh) {
  void *p = r->unused[number];
  *fresh = p == NULL;
  if (p != NULL) {
    memcpy(&r->unused[number], p, sizeof p);
  } else if ((p = bump(r, room + HEADER)) != NULL) {
    p = (void *)((uintptr_t)p + HEADER);
    *header(p) = (struct header){.room = room};
  }
  return p;
}

/* Whether the last ones asked for what the earlier log has up to `at`. */
static bool known_before(uint32_t at) {
  if (at < HISTORY || at >= layout.known_count)
    return false;
  for (uint32_t i = 0; i < HISTORY; i++)
    if ((layout.known[at - i] & ~HEAP_LOG_HOT) != layout.history[(layout.count - i) % HISTORY])
      return false;
  return true;
}

/* Where the earlier log has what the last ones asked for, near `expected`. Its length for nowhere.
 */
static uint32_t known_near(uint32_t expected) {
  for (uint32_t away = 0; away < WINDOW; away++) {
    if (away <= expected && known_before(expected - away))
      return expected - away;
    if (known_before(expected + away))
      return expected + away;
  }
  return layout.known_count;
}

/* After the two have asked for something of their own: for as much, or this one for more. */
static uint32_t known_again(void) {
  uint32_t at = known_near(layout.followed + layout.lost);
  return at < layout.known_count ? at : known_near(layout.followed);
}

/* What the earlier log says of this one. */
static bool known_hot(uint32_t asked) {
  uint32_t at = layout.followed;
  layout.history[layout.count % HISTORY] = asked;
  if (layout.lost > 0)
    at = known_again();
  else if (at < layout.known_count && (layout.known[at] & ~HEAP_LOG_HOT) != asked)
    at = layout.known_count;
  if (at >= layout.known_count) {
    layout.lost++;
    layout.missed++;
    return false;
  }
  layout.followed = at + 1;
  layout.lost = 0;
  return (layout.known[at] & HEAP_LOG_HOT) != 0 && asked <= HOT_MAX;
}

/* In the build: counts one more, and tells whether it belongs in the hot range. */
static bool laid_hot(size_t size) {
  uint32_t asked = size < HEAP_LOG_HOT ? (uint32_t)size : 0;
  if (layout.log != NULL && layout.count < HEAP_LOG_MAX)
    layout.log[layout.count] = asked;
  bool found = layout.known != NULL && known_hot(asked);
  layout.count++;
  return found;
}

static void own(uintptr_t p, size_t size) {
  for (uintptr_t at = p / HEAP_GRAIN * HEAP_GRAIN; at < p + size; at += HEAP_GRAIN)
    layout.owners[(at - HEAP_START) / HEAP_GRAIN] = layout.count;
}

/* Which range is asked first. */
static struct range *first(size_t size) {
  if (!claimed)
    return &early;
  return !layout.on || laid_hot(size) ? &hot : &cold;
}

uintptr_t heap_claim(void) {
  for (size_t size = HEAP_SIZE; size >= SIZE_LEAST; size /= 4) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    void *p = mmap((void *)HEAP_START, size, PROT_NONE, flags, -1, 0);
    if (p == (void *)HEAP_START) {
      hot.next = hot.ready = hot.end = HEAP_START; /* nothing yet: see heap_lay_out */
      cold.next = cold.ready = HEAP_COLD;
      cold.end = HEAP_START + size;
      claimed = true;
      return cold.end;
    }
  }
  return 0;
}

bool heap_lay_out(const struct heap_layout *wanted) {
  layout = *wanted;
  layout.on = true;
  hot.ready = hot.end = HEAP_COLD;
  return mprotect((void *)HEAP_START, HEAP_HOT_ROOM, PROT_READ | PROT_WRITE) == 0;
}

struct heap_layout heap_laid_out(void) {
  struct heap_layout found = layout;
  memset(hot.unused, 0, sizeof hot.unused);
  memset(cold.unused, 0, sizeof cold.unused);
  layout = (struct heap_layout){.on = false};
  return found;
}

size_t heap_hot_size(void) { return in_pages(hot.next - HEAP_START); }

size_t heap_cold_size(void) { return in_pages(cold.next - HEAP_COLD); }

void heap_resume(uintptr_t end) {
  hot.next = HEAP_START + heap_hot_size();
  hot.ready = hot.end = HEAP_COLD;
  cold.next = cold.ready = HEAP_COLD + heap_cold_size();
  cold.end = end;
}

void *heap_take(size_t size) {
  size = (size + HEADER - 1) / HEADER * HEADER;
  lock();
  struct range *r = first(size);
  void *p = bump(r, size);
  if (p == NULL && r == &hot)
    p = bump(&cold, size);
  if (p != NULL && layout.owners != NULL)
    own((uintptr_t)p, size);
  unlock();
  return p;
}

static void *block(size_t size, bool *fresh) {
  size_t room;
  if (size > (size_t)1 << 48) {
    errno = ENOMEM;
    return NULL;
  }
  unsigned number = class_of(size, &room);
  lock();
  struct range *r = first(size);
  void *p = block_from(r, number, room, fresh);
  if (p == NULL && r == &hot)
    p = block_from(&cold, number, room, fresh);
  if (p != NULL && layout.owners != NULL)
    own((uintptr_t)header(p), room + HEADER);
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
  if ((uintptr_t)p < HEAP_START || (uintptr_t)p >= HEAP_START + HEAP_SIZE)
    return;
  p = (void *)((uintptr_t)p - header(p)->skipped);
  struct range *r = (uintptr_t)p < HEAP_COLD ? &hot : &cold;
  size_t room;
  unsigned number = class_of(header(p)->room, &room);
  lock();
  memcpy(p, &r->unused[number], sizeof p);
  r->unused[number] = p;
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
