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
# still hold it when it goes. argv[1]: whether the range is claimed first.
PROGRAM = """
#include "heap.h"
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS 500
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

int main(int argc, char **argv) {
  if (argv[1][0] == '1' && heap_claim() == 0) return fail("claim");
  for (int round = 0; round < 200000; round++) {
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
    if ((argv[1][0] == '1') != ((uintptr_t)blocks[i].at >= HEAP_START &&
                                (uintptr_t)blocks[i].at < heap_end()))
      return fail("range");
  }
  if (malloc((size_t)1 << 60) != NULL || errno != ENOMEM) return fail("too much");
  if (calloc((size_t)1 << 40, (size_t)1 << 40) != NULL) return fail("overflow");
  printf("%lu\\n", (unsigned long)(heap_end() - HEAP_START));
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


def test_what_is_freed_is_used_again(program: Path) -> None:
    """Half a million blocks of 20 KB on the average went through it."""
    done = subprocess.run([program, "1"], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200 << 20


def test_a_taken_range_is_not_claimed(program: Path) -> None:
    """Where the address space has no room for it."""
    limited = ["sh", "-c", f"ulimit -v 100000 && exec {program} 1"]
    done = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "claim\n")
