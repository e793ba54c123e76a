/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device filter of a cgroup2 group.
 *
 * Every call gets a whole zeroed union bpf_attr: some kernels write an answer behind what
 * an older, shorter structure would hold.
 */
#include "init/mem.h"
#include "init/signals.h"
#include "shim.h"
#include <linux/bpf.h>
#include <linux/errno.h>

/* What the kernel allows on one cgroup. */
#define PROGRAMS_MAX 64
#define LOG_SIZE 16384

static int bpf(int command, union bpf_attr *attr) {
  long ret;
  do
    ret = sys(bpf, command, attr, sizeof *attr);
  while (ret == -EAGAIN || ret == -EINTR);
  return (int)ret;
}

static int program_load(const void *insns, uint32_t n, int log_fd) {
  static char log[LOG_SIZE];
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attr.insns = (uint64_t)(uintptr_t)insns;
  attr.insn_cnt = n;
  attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
  memcpy(attr.prog_name, "pyr_devices", sizeof "pyr_devices");
  int fd = bpf(BPF_PROG_LOAD, &attr);
  if (fd >= 0 || log_fd < 0)
    return fd;
  /* Once more for the verifier's words: asking at first would cost every success. */
  attr.log_buf = (uint64_t)(uintptr_t)log;
  attr.log_size = sizeof log;
  attr.log_level = 1;
  int again = bpf(BPF_PROG_LOAD, &attr);
  log[sizeof log - 1] = '\0';
  sys(write, log_fd, log, strlen(log)); /* words that are lost change nothing */
  return again == -ENOSPC ? fd : again;
}

/* The ids of the programs attached, at most PROGRAMS_MAX. Returns how many, or -errno. */
static int programs_query(int cgroup_fd, uint32_t ids[PROGRAMS_MAX]) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.query.target_fd = (uint32_t)cgroup_fd;
  attr.query.attach_type = BPF_CGROUP_DEVICE;
  attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
  attr.query.prog_cnt = PROGRAMS_MAX;
  int err = bpf(BPF_PROG_QUERY, &attr);
  return err < 0 ? err : (int)attr.query.prog_cnt;
}

static int program_by_id(uint32_t id) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.prog_id = id;
  return bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

static int program_attach(int cgroup_fd, int program, int replace) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.target_fd = (uint32_t)cgroup_fd;
  attr.attach_bpf_fd = (uint32_t)program;
  attr.attach_type = BPF_CGROUP_DEVICE;
  attr.attach_flags = BPF_F_ALLOW_MULTI;
  if (replace >= 0) {
    attr.attach_flags |= BPF_F_REPLACE;
    attr.replace_bpf_fd = (uint32_t)replace;
  }
  return bpf(BPF_PROG_ATTACH, &attr);
}

static int program_detach(int cgroup_fd, int program) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.target_fd = (uint32_t)cgroup_fd;
  attr.attach_bpf_fd = (uint32_t)program;
  attr.attach_type = BPF_CGROUP_DEVICE;
  return bpf(BPF_PROG_DETACH, &attr);
}

/* Takes away an earlier filter; one that we may not touch only ever denies more. */
static int program_drop(int cgroup_fd, uint32_t id) {
  int old = program_by_id(id);
  if (old < 0)
    return old == -EPERM || old == -ENOENT ? 0 : old;
  int err = program_detach(cgroup_fd, old);
  sys(close, old);
  return err == -EPERM || err == -ENOENT ? 0 : err;
}

/* One old program is replaced at a stroke; several go after the new one has come. */
static int filter_attach(int cgroup_fd, int program) {
  uint32_t ids[PROGRAMS_MAX];
  int count = programs_query(cgroup_fd, ids);
  if (count < 0)
    return count;
  if (count == 1) {
    int old = program_by_id(ids[0]);
    int err = old < 0 ? old : program_attach(cgroup_fd, program, old);
    if (old >= 0)
      sys(close, old);
    if (err >= 0)
      return 0;
  }
  int err = program_attach(cgroup_fd, program, -1);
  for (int i = 0; err >= 0 && i < count; i++)
    err = program_drop(cgroup_fd, ids[i]);
  return err;
}

int pyr_bpf_device(int cgroup_fd, const void *insns, uint32_t n, int log_fd) {
  int program = program_load(insns, n, log_fd);
  if (program < 0)
    return program;
  int err = filter_attach(cgroup_fd, program);
  sys(close, program); /* the cgroup holds it from here on */
  return err < 0 ? err : 0;
}
