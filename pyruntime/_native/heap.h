/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory that malloc gives out, in the program that embeds the interpreter: two ranges at
 * fixed addresses, so that they can be written to a file and come back (snapshot.c).
 *
 * The hot one is small. In a snapshot it holds what every run touches, packed by the layout that
 * a rehearsal in the build has found (watch.c), and room for what a run makes.
 */
#ifndef PYR_HEAP_H
#define PYR_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Below 2^39, the least that a 64-bit system gives a process, and far from where it maps. */
#define HEAP_START ((uintptr_t)0x2000000000)
#define HEAP_HOT_ROOM ((size_t)2 << 20)
#define HEAP_COLD (HEAP_START + HEAP_HOT_ROOM)
#define HEAP_SIZE ((size_t)1 << 32)
#define HEAP_GRAIN ((size_t)4096) /* the smallest page */

/* Claims the ranges and gives their end. What was allocated before is elsewhere, and stays. 0:
 * taken.
 */
uintptr_t heap_claim(void);

/*
 * For the build. What asks for memory is numbered. It asks in the same order each time that the
 * same is done; almost: what is in a table that goes by addresses may be given back sooner, and
 * be made again.
 */
#define HEAP_LOG_MAX ((size_t)1 << 23)
#define HEAP_LOG_HOT ((uint32_t)1 << 31)
#define HEAP_LOG_HISTORY 8

struct heap_layout {
  bool on;
  uint32_t count; /* how many have asked so far */
  uint32_t *log;  /* where to note what they asked for, HEAP_LOG_MAX entries; or NULL */
  /* Every block gets pages of its own, and of each HEAP_GRAIN bytes from HEAP_START on this tells
   * the number, counted from 1, that they were last given to. Or NULL. */
  uint32_t *owners;
  /* Such a log of an earlier time, with HEAP_LOG_HOT set where it belongs in the hot range; how
   * far that one was followed, since how many it is lost, and how many it did not know. */
  const uint32_t *known;
  uint32_t known_count, followed, lost, missed;
  uint32_t history[HEAP_LOG_HISTORY]; /* what the last ones asked for */
};

/* From here on. Once, after the claim. False when there is no memory. */
bool heap_lay_out(const struct heap_layout *wanted);

/* The end of it, and what was counted. What was given back is forgotten: the next blocks are
 * new ones. */
struct heap_layout heap_laid_out(void);

/* How much of each range is in use, in whole pages. */
size_t heap_hot_size(void);
size_t heap_cold_size(void);

/*
 * After the ranges' content and this module's variables were put back, in ranges that were
 * claimed up to `end`: what is given out next is fresh. The whole hot range can be written.
 */
void heap_resume(uintptr_t end);

/* `size` bytes that are never given back, from a range. NULL when there are none. */
void *heap_take(size_t size);

#endif
