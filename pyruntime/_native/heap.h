/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory that malloc gives out, in the program that embeds the interpreter: one range at
 * a fixed address, so that it can be written to a file and mapped again (snapshot.c).
 */
#ifndef PYR_HEAP_H
#define PYR_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Below 2^39, the least that a 64-bit system gives a process, and far from where it maps. */
#define HEAP_START ((uintptr_t)0x2000000000)

/* Claims the range and gives its end. What was allocated before is elsewhere, and stays. 0: taken.
 */
uintptr_t heap_claim(void);

/* Forgets what was given back: the next blocks lie together at the end. */
void heap_seal(void);

/* Where the part in use ends, a multiple of the page's size. */
uintptr_t heap_end(void);

/*
 * After the range's content and this module's variables were put back, in a range that was
 * claimed up to `end`: what is given out next is fresh. False when there is no memory.
 */
bool heap_resume(uintptr_t end);

/* `size` bytes that are never given back, from the range. NULL when there are none. */
void *heap_take(size_t size);

#endif
