/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan's wire format: bounds, terminators, counts.
 *
 * The plan comes from the runtime over a sealed memfd, so a fault here is a bug of ours and
 * not an attack; it is checked as if it were one, because the steps run with privilege.
 */
#include "decode.h"
#include "mem.h"
#include <linux/errno.h>

struct shape {
  uint8_t numbers;
  uint8_t strings;
  uint8_t lists; /* bit i: string i is a list, each element ending in NUL */
  uint8_t words; /* bit i: string i is an array of u32 */
};

#define SHAPE(name, numbers, strings, lists, words) [OP_##name] = {numbers, strings, lists, words},
static const struct shape shapes[OP_END] = {PYR_FOR_EACH_SHAPE(SHAPE)};

_Static_assert(sizeof(struct plan_header) == 32, "header is 32 bytes on the wire");
_Static_assert(sizeof(struct step) == 120, "a step is 120 bytes on the wire");

static bool all_zero(const void *bytes, size_t size) {
  const uint8_t *b = bytes;
  while (size-- != 0)
    if (b[size] != 0)
      return false;
  return true;
}

/* A string lies behind the steps and ends in a NUL that is inside the plan. */
static const char *string_fault(const uint8_t *plan, size_t size, size_t area,
                                const struct step_string *s, bool list, bool words) {
  if (s->offset == 0 && s->length == 0)
    return NULL; /* absent */
  if (s->offset < area || s->offset >= size || s->length >= size - s->offset)
    return "string out of bounds";
  const uint8_t *bytes = plan + s->offset;
  if (bytes[s->length] != 0)
    return "string without end";
  if (words)
    return s->length % 4 == 0 ? NULL : "array of a broken length";
  if (list)
    return s->length == 0 || bytes[s->length - 1] == 0 ? NULL : "list without end";
  for (uint32_t i = 0; i < s->length; i++)
    if (bytes[i] == 0)
      return "string with a NUL inside";
  return NULL;
}

static const char *step_fault(const uint8_t *plan, size_t size, size_t area, const struct step *s) {
  if (s->op == 0 || s->op >= OP_END)
    return "unknown operation";
  const struct shape *shape = &shapes[s->op];
  if (s->reserved != 0)
    return "reserved field in use";
  if (!all_zero(s->n + shape->numbers, (STEP_NUMS - shape->numbers) * sizeof *s->n))
    return "more numbers than the operation takes";
  if (!all_zero(s->s + shape->strings, (STEP_STRS - shape->strings) * sizeof *s->s))
    return "more strings than the operation takes";
  for (unsigned i = 0; i < shape->strings; i++) {
    bool list = (shape->lists >> i & 1) != 0, words = (shape->words >> i & 1) != 0;
    const char *fault = string_fault(plan, size, area, &s->s[i], list, words);
    if (fault)
      return fault;
  }
  return NULL;
}

static const char *header_fault(const uint8_t *plan, size_t size) {
  struct plan_header h;
  if (size < sizeof h)
    return "plan shorter than its header";
  plan_header_read(plan, &h);
  if (memcmp(h.magic, "PYRPLAN", sizeof h.magic) != 0)
    return "not a plan";
  if (h.version != PLAN_VERSION)
    return "plan of another version";
  if (size > PLAN_MAX || h.total != size)
    return "plan of another length";
  if (h.nsteps == 0 || h.nsteps > (size - sizeof h) / sizeof(struct step))
    return "more steps than the plan holds";
  if ((h.flags & ~(uint32_t)PLAN_TRACED) != 0 || h.reserved != 0)
    return "reserved field in use";
  return NULL;
}

int plan_check(const uint8_t *plan, size_t size, uint32_t *step, const char **what) {
  *step = UINT32_MAX;
  *what = header_fault(plan, size);
  if (*what)
    return -EINVAL;
  struct plan_header h;
  plan_header_read(plan, &h);
  size_t area = sizeof h + (size_t)h.nsteps * sizeof(struct step);
  for (uint32_t i = 0; i < h.nsteps; i++) {
    struct step s;
    plan_step_read(plan, i, &s);
    *what = step_fault(plan, size, area, &s);
    if (*what) {
      *step = i;
      return -EINVAL;
    }
  }
  return 0;
}

void plan_header_read(const uint8_t *plan, struct plan_header *header) {
  memcpy(header, plan, sizeof *header);
}

void plan_step_read(const uint8_t *plan, uint32_t i, struct step *step) {
  memcpy(step, plan + sizeof(struct plan_header) + (size_t)i * sizeof *step, sizeof *step);
}

const char *list_next(const struct ctx *c, const struct step *s, unsigned i, const char *at) {
  const char *first = str(c, s, i);
  const char *next = at ? at + strlen(at) + 1 : first;
  return next < first + str_len(s, i) ? next : NULL;
}

uint32_t list_count(const struct ctx *c, const struct step *s, unsigned i) {
  uint32_t count = 0;
  for (const char *at = NULL; (at = list_next(c, s, i, at));)
    count++;
  return count;
}
