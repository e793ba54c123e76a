/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory functions, which a compiler may also call by itself: the freestanding programs
 * define them in start.c, the shim takes the C library's.
 */
#ifndef PYR_MEM_H
#define PYR_MEM_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);

#endif
