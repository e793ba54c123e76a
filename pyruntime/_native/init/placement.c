/* SPDX-License-Identifier: Apache-2.0 */
/* Where and when the process runs: CPUs, scheduling, memory nodes, execution domain. */
#include "mem.h"
#include "run.h"
#include <linux/errno.h>
#include <linux/sched/types.h>

#define CPUS_MAX 8192 /* more than any machine has; the kernel takes what it knows of */
#define NODES_MAX 1024

/* The numbers of a list of u32 as bits of a mask; -EINVAL for one that has no bit in it. */
static int bits_from_list(const struct ctx *c, const struct step *s, unsigned i, uint8_t *mask,
                          size_t bits) {
  const char *list = str(c, s, i);
  for (uint32_t at = 0; at + sizeof(uint32_t) <= str_len(s, i); at += sizeof(uint32_t)) {
    uint32_t number;
    memcpy(&number, list + at, sizeof number); /* not aligned in the plan */
    if (number >= bits)
      return -EINVAL;
    mask[number / 8] |= (uint8_t)(1u << number % 8); /* little endian, as the kernel's words */
  }
  return 0;
}

int op_affinity(struct ctx *c, const struct step *s) {
  uint8_t mask[CPUS_MAX / 8] = {0};
  int err = bits_from_list(c, s, S_affinity_cpus, mask, CPUS_MAX);
  if (!err)
    err = (int)sys(sched_setaffinity, 0, sizeof mask, mask);
  return err < 0 ? fail(c, err, "sched_setaffinity", NULL) : 0;
}

int op_scheduler(struct ctx *c, const struct step *s) {
  struct sched_attr attr = {
      .size = sizeof attr,
      .sched_policy = (uint32_t)s->n[N_scheduler_policy],
      .sched_flags = s->n[N_scheduler_flags],
      .sched_nice = (int32_t)s->n[N_scheduler_nice],
      .sched_priority = (uint32_t)s->n[N_scheduler_priority],
      .sched_runtime = s->n[N_scheduler_runtime],
      .sched_deadline = s->n[N_scheduler_deadline],
      .sched_period = s->n[N_scheduler_period],
  };
  long ret = sys(sched_setattr, 0, &attr, 0);
  return ret < 0 ? fail(c, (int)ret, "sched_setattr", NULL) : 0;
}

int op_memory_policy(struct ctx *c, const struct step *s) {
  uint8_t mask[NODES_MAX / 8] = {0};
  int err = bits_from_list(c, s, S_memory_policy_nodes, mask, NODES_MAX);
  if (!err) /* the kernel reads one bit less than it is told of */
    err = (int)sys(set_mempolicy, s->n[N_memory_policy_mode], mask, NODES_MAX + 1);
  return err < 0 ? fail(c, err, "set_mempolicy", NULL) : 0;
}

int op_personality(struct ctx *c, const struct step *s) {
  long ret = sys(personality, s->n[N_personality_domain]);
  return ret < 0 ? fail(c, (int)ret, "personality", NULL) : 0;
}
