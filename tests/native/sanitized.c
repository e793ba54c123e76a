/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hosted program around the init's own sources, for a build with sanitizers.
 *
 *     sanitized mutate PLAN ROUNDS SEED   the decoder over mutations of a plan
 *     sanitized run PLAN                  the plan's steps; prints what failed
 *
 * A plan that the decoder takes has every string walked to its end, as a handler would.
 */
#include "init/decode.h"
#include "init/run.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

static uint32_t draw(uint32_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 16) % below;
}

static unsigned long walk(const uint8_t *plan, size_t size) {
  static struct ctx c;
  struct plan_header h;
  unsigned long bytes = 0;
  plan_header_read(plan, &h);
  ctx_init(&c, -1);
  c.plan = plan;
  c.total = (uint32_t)size;
  for (uint32_t i = 0; i < h.nsteps; i++) {
    struct step s;
    plan_step_read(plan, i, &s);
    for (unsigned n = 0; n < STEP_STRS; n++) {
      bytes += strlen(str(&c, &s, n));
      for (const char *at = NULL; (at = list_next(&c, &s, n, at));)
        bytes += strlen(at);
    }
  }
  return bytes;
}

static void mutate(uint8_t *plan, size_t size) {
  static const uint32_t odd[] = {0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0xffffffff};
  for (uint32_t n = draw(4) + 1; n > 0; n--) {
    uint32_t value = draw(2) ? odd[draw(8)] : draw(4096);
    size_t width = draw(2) ? 4 : 1, at = draw((uint32_t)(size - width + 1));
    memcpy(plan + at, &value, width);
  }
}

static int mutations(const uint8_t *good, size_t size, long rounds) {
  long taken = 0;
  unsigned long bytes = 0;
  for (long round = 0; round < rounds; round++) {
    size_t length = draw(4) ? size : draw((uint32_t)size) + 4;
    length = length > size ? size : length;
    uint8_t *plan = malloc(length); /* of its very size: one byte beyond is seen */
    uint32_t step, total = (uint32_t)length;
    const char *what;
    memcpy(plan, good, length);
    if (length > 16)
      memcpy(plan + 12, &total, sizeof total);
    mutate(plan, length);
    if (plan_check(plan, length, &step, &what) == 0) {
      taken++;
      bytes += walk(plan, length);
    }
    free(plan);
  }
  printf("%ld of %ld taken, %lu bytes walked\n", taken, rounds, bytes);
  return taken > 0 && taken < rounds ? 0 : 1;
}

static int steps(const uint8_t *plan, size_t size) {
  static struct ctx c;
  ctx_init(&c, -1);
  int err = plan_run(&c, plan, size);
  if (err < 0)
    printf("step %u: %d %s\n", c.current, -err, c.detail);
  return err < 0 ? 1 : 0;
}

int main(int argc, char **argv) {
  static uint8_t plan[1 << 20];
  FILE *file = argc > 2 ? fopen(argv[2], "rb") : NULL;
  if (!file)
    return 2;
  size_t size = fread(plan, 1, sizeof plan, file);
  fclose(file);
  if (strcmp(argv[1], "run") == 0)
    return steps(plan, size);
  state = strtoull(argv[4], NULL, 10) | 1;
  return mutations(plan, size, atol(argv[3]));
}
