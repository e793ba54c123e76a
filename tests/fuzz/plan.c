/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: the plan's decoder, and every reader of a step's strings and lists.
 *
 * A plan that the decoder takes has each string walked to its end as a handler would walk it:
 * a byte beyond the input is seen by AddressSanitizer.
 */
#include "init/decode.h"
#include "init/run.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);

static volatile unsigned long sink;

static void step_walk(const struct ctx *c, const struct step *s) {
  unsigned long bytes = 0;
  for (unsigned i = 0; i < STEP_STRS; i++) {
    const char *text = str(c, s, i);
    bytes += strlen(text);
    for (uint32_t n = 0; n < str_len(s, i); n++)
      bytes += (unsigned char)text[n];
    uint32_t count = 0;
    for (const char *at = NULL; (at = list_next(c, s, i, at)) != NULL; count++)
      bytes += strlen(at);
    if (count != list_count(c, s, i))
      abort();
  }
  sink += bytes;
}

static void plan_walk(const uint8_t *plan, size_t size) {
  static struct ctx c;
  struct plan_header h;
  plan_header_read(plan, &h);
  if (h.total != size)
    abort();
  ctx_init(&c, -1);
  c.plan = plan;
  c.total = h.total;
  for (c.current = 0; c.current < h.nsteps; c.current++) {
    struct step s;
    plan_step_read(plan, c.current, &s);
    if (s.op == 0 || s.op >= OP_END)
      abort();
    step_walk(&c, &s);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint32_t step;
  const char *what = NULL;
  if (plan_check(data, size, &step, &what) == 0)
    plan_walk(data, size);
  else if (what == NULL)
    abort(); /* a refusal always says why */
  return 0;
}

/* Most mutations would end at the header's length: it is put right, in seven of eight. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed) {
  uint32_t total;
  size = LLVMFuzzerMutate(data, size, room);
  total = (uint32_t)size;
  if (size >= sizeof(struct plan_header) && seed % 8 != 0) {
    memcpy(data, "PYRPLAN", 8);
    memcpy(data + offsetof(struct plan_header, total), &total, sizeof total);
  }
  return size;
}
