# SPDX-License-Identifier: Apache-2.0
"""malloc and its family (_native/heap.c), under a program that does nothing else."""

from __future__ import annotations

import shlex
import subprocess
import sysconfig
from pathlib import Path

import pytest
from support.runtime import REPO

# Blocks of all sizes and alignments come and go; each is filled with its own byte and must
# still hold it when it goes. argv[1]: 0: what mmap gives; 1: the range is claimed first; 2: and
# what is asked for is written to argv[2]; 3: which is read, and every third is hot, until the
# whole goes on as from a snapshot.
PROGRAM = """
#include "heap.h"
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ROUNDS 200000
#define BLOCKS 500
static uint32_t asked[ROUNDS];
static struct { unsigned char *at; size_t size; } blocks[BLOCKS];
static unsigned long seed = 1;

static unsigned long next(unsigned long below) {
  seed = seed * 6364136223846793005UL + 1442695040888963407UL;
  return (seed >> 33) % below;
}
static int fail(const char *what) { printf("%s\\n", what); return 1; }
static int holds(int i, size_t size, unsigned char byte) {
  for (size_t at = 0; at < size; at++)
    if (blocks[i].at[at] != byte) return 0;
  return 1;
}

static uintptr_t used_hot(void) { return HEAP_START + heap_hot_size(); }
static uintptr_t used_cold(void) { return HEAP_COLD + heap_cold_size(); }

int main(int argc, char **argv) {
  int mode = argv[1][0] - '0';
  uintptr_t end = mode > 0 ? heap_claim() : 1;
  struct heap_layout layout = {.log = mode == 2 ? asked : NULL};
  if (end == 0) return fail("claim");
  if (mode == 3) {
    FILE *file = fopen(argv[2], "rb");
    layout.known_count = (uint32_t)fread(asked, 4, ROUNDS, file);
    for (uint32_t i = 0; i < layout.known_count; i += 3) asked[i] |= HEAP_LOG_HOT;
    layout.known = asked;
  }
  if (mode > 1 && !heap_lay_out(&layout)) return fail("lay out");
  for (int round = 0; round < ROUNDS; round++) {
    if (round == ROUNDS / 2 && mode > 1) {
      layout = heap_laid_out();
      /* a block's room depends on its address if it is aligned, and so does what realloc asks */
      if (layout.missed > layout.known_count / 10) return fail("missed");
      if ((mode == 3) != (heap_hot_size() > 100000)) return fail("hot");
      heap_resume(end);
    }
    int i = (int)next(BLOCKS);
    unsigned char byte = (unsigned char)(i % 251 + 1);
    size_t size = next(8) == 0 ? next(300000) : next(700);
    if (blocks[i].at == NULL) {
      size_t alignment = (size_t)16 << next(9);
      switch (next(3)) {
      case 0: blocks[i].at = malloc(size); break;
      case 1:
        blocks[i].at = calloc(1, size);
        if (blocks[i].at && !holds(i, size, 0)) return fail("calloc");
        break;
      default: blocks[i].at = memalign(alignment, size);
        if ((size_t)blocks[i].at % alignment) return fail("alignment");
      }
      if (blocks[i].at == NULL || (size_t)blocks[i].at % 16) return fail("block");
    } else if (next(2)) {
      if (!holds(i, blocks[i].size, byte)) return fail("content");
      size_t kept = size < blocks[i].size ? size : blocks[i].size;
      blocks[i].at = realloc(blocks[i].at, size);
      if (blocks[i].at == NULL || !holds(i, kept, byte)) return fail("realloc");
    } else {
      if (!holds(i, blocks[i].size, byte)) return fail("content");
      free(blocks[i].at);
      blocks[i].at = NULL;
      continue;
    }
    blocks[i].size = size;
    if (malloc_usable_size(blocks[i].at) < size) return fail("usable size");
    memset(blocks[i].at, byte, size);
    uintptr_t at = (uintptr_t)blocks[i].at;
    if ((mode > 0) != ((at >= HEAP_START && at < used_hot()) ||
                       (at >= HEAP_COLD && at < used_cold())))
      return fail("range");
  }
  if (mode == 2) {
    FILE *file = fopen(argv[2], "wb");
    fwrite(asked, 4, layout.count, file);
    fclose(file);
  }
  if (malloc((size_t)1 << 60) != NULL || errno != ENOMEM) return fail("too much");
  if (calloc((size_t)1 << 40, (size_t)1 << 40) != NULL) return fail("overflow");
  printf("%lu\\n", (unsigned long)(used_cold() - HEAP_COLD));
  return 0;
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("heap")
    (top / "main.c").write_text(PROGRAM)
    compiler = shlex.split(str(sysconfig.get_config_var("CC")))
    native = REPO / "pyruntime/_native"
    sources = [top / "main.c", native / "heap.c"]
    flags = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-fno-builtin", f"-I{native}"]
    subprocess.run([*compiler, *flags, "-o", top / "heap", *sources], check=True)
    return top / "heap"


@pytest.mark.parametrize("claimed", ["0", "1"])
def test_blocks_keep_what_is_theirs(program: Path, claimed: str) -> None:
    done = subprocess.run([program, claimed], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_blocks_keep_what_is_theirs_in_a_layout(program: Path, tmp_path: Path) -> None:
    for mode in ("2", "3"):
        command = [program, mode, tmp_path / "log"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (mode, done.stdout)


def test_what_is_freed_is_used_again(program: Path) -> None:
    """Half a million blocks of 20 KB on the average went through it."""
    done = subprocess.run([program, "1"], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200 << 20


def test_a_taken_range_is_not_claimed(program: Path) -> None:
    """Where the address space has no room for it."""
    limited = ["sh", "-c", f"ulimit -v 100000 && exec {program} 1"]
    done = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "claim\n")
