# SPDX-License-Identifier: Apache-2.0
# Generated from schemas/config.json by tools/gen_validators.py; do not edit.
# ruff: noqa
# fmt: off
"""Validator of a config document."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Fault = tuple[str, str, str]  # JSON pointer, keyword, message
    Node = tuple[Any, ...]

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
PATTERNS: dict[str, Any] = {
    "^RLIMIT_[A-Z]+$": lambda x: x[:7] == "RLIMIT_" and len(x) > 7 and not x[7:].strip(UPPER),
    "^CAP_[A-Z_]+$": lambda x: x[:4] == "CAP_" and len(x) > 4 and not x[4:].strip(UPPER + "_"),
    "^[0-9, -]*$": lambda x: not x.strip(DIGITS + ", -"),
    "^MB:[^\\n]*$": lambda x: x[:3] == "MB:" and "\n" not in x,
    "^[1-9][0-9]*[KMG]B$": lambda x: (
        x.endswith(("KB", "MB", "GB"))
        and len(x) > 2
        and x[0] in DIGITS[1:]
        and not x[:-2].strip(DIGITS)
    ),
}


def validate(value: Any) -> Fault | None:
    """None, or the first fault."""
    return _check(value, TABLE)


def _check(v: Any, node: Node) -> Fault | None:
    kind = node[0]
    if kind == "object":
        if type(v) is not dict:
            return "", "type", "must be an object"
        for key in node[1]:
            if key not in v:
                return "", "required", f'needs "{key}"'
        for key, child in node[2]:
            if key in v:
                x = v[key]
                if child[0] == "string":
                    if type(x) is not str:
                        return f"/{key}", "type", "must be a string"
                elif e := _check(x, child):
                    return f"/{key}{e[0]}", e[1], e[2]
        return None
    if kind == "strings":
        if type(v) is not list:
            return "", "type", "must be an array"
        for index, x in enumerate(v):
            if type(x) is not str:
                return f"/{index}", "type", "must be a string"
        return None
    if kind == "integer":
        if type(v) is int and node[1] <= v <= node[2]:
            return None
        return _integer(v, node)
    if kind == "boolean":
        return None if v is True or v is False else ("", "type", "must be true or false")
    if kind == "array" or kind == "map":
        return _children(v, node)
    if kind == "lazy":
        from pyruntime.spec.compiled.platforms import TABLES

        return _check(v, TABLES[node[1]])
    if type(v) is not str:
        return "", "type", "must be a string"
    if kind == "enum" and v not in node[1]:
        return "", "enum", "is not one of the known values"
    if kind == "pattern" and not PATTERNS[node[1]](v):
        return "", "pattern", "has the wrong form"
    return None


def _integer(v: Any, node: Node) -> Fault | None:
    """1.0 is an integer in JSON Schema; true is not. A bound may be infinite."""
    if (type(v) is not int and type(v) is not float) or v % 1 != 0:
        return "", "type", "must be an integer"
    if v < node[1]:
        return "", "minimum", f"must be at least {node[1]}"
    if v > node[2]:
        return "", "maximum", f"must be at most {node[2]}"
    return None


def _children(v: Any, node: Node) -> Fault | None:
    if node[0] == "map":
        if type(v) is not dict:
            return "", "type", "must be an object"
        for key, x in v.items():
            if e := _check(x, node[1]):
                return f"/{key.replace('~', '~0').replace('/', '~1')}{e[0]}", e[1], e[2]
        return None
    if type(v) is not list:
        return "", "type", "must be an array"
    if len(v) < node[1]:
        return "", "minItems", f"must have at least {node[1]} entry"
    for index, x in enumerate(v):
        if e := _check(x, node[2]):
            return f"/{index}{e[0]}", e[1], e[2]
    return None


TABLE: Node = ('object', ('ociVersion',), (
  ('ociVersion', ('string',)),
  ('root', ('object', ('path',), (('path', ('string',)), ('readonly', ('boolean',))))),
  ('process', ('object', ('cwd',), (
    ('terminal', ('boolean',)),
    ('consoleSize', ('object', ('height', 'width'), (
      ('height', ('integer', 0, 18446744073709551615)),
      ('width', ('integer', 0, 18446744073709551615)),
     ))),
    ('cwd', ('string',)),
    ('env', ('strings',)),
    ('args', ('strings',)),
    ('commandLine', ('string',)),
    ('user', ('object', (), (
      ('uid', ('integer', 0, 4294967295)),
      ('gid', ('integer', 0, 4294967295)),
      ('umask', ('integer', 0, 4294967295)),
      ('additionalGids', ('array', 0, ('integer', 0, 4294967295))),
      ('username', ('string',)),
     ))),
    ('capabilities', ('object', (), (
      ('bounding', ('strings',)),
      ('effective', ('strings',)),
      ('inheritable', ('strings',)),
      ('permitted', ('strings',)),
      ('ambient', ('strings',)),
     ))),
    ('rlimits', ('array', 0, ('object', ('type', 'soft', 'hard'), (
       ('type', ('pattern', '^RLIMIT_[A-Z]+$')),
       ('soft', ('integer', 0, 18446744073709551615)),
       ('hard', ('integer', 0, 18446744073709551615)),
      )))),
    ('noNewPrivileges', ('boolean',)),
    ('oomScoreAdj', ('integer', -1e999, 1e999)),
    ('apparmorProfile', ('string',)),
    ('selinuxLabel', ('string',)),
    ('ioPriority', ('object', ('class',), (
      ('class', ('enum', ('IOPRIO_CLASS_RT', 'IOPRIO_CLASS_BE', 'IOPRIO_CLASS_IDLE'))),
      ('priority', ('integer', -2147483648, 2147483647)),
     ))),
    ('scheduler', ('object', ('policy',), (
      ('policy', ('enum', ('SCHED_OTHER', 'SCHED_FIFO', 'SCHED_RR', 'SCHED_BATCH', 'SCHED_ISO', 'SCHED_IDLE', 'SCHED_DEADLINE'))),
      ('nice', ('integer', -2147483648, 2147483647)),
      ('priority', ('integer', -2147483648, 2147483647)),
      ('flags', ('array', 0, ('enum', ('SCHED_FLAG_RESET_ON_FORK', 'SCHED_FLAG_RECLAIM', 'SCHED_FLAG_DL_OVERRUN', 'SCHED_FLAG_KEEP_POLICY', 'SCHED_FLAG_KEEP_PARAMS', 'SCHED_FLAG_UTIL_CLAMP_MIN', 'SCHED_FLAG_UTIL_CLAMP_MAX')))),
      ('runtime', ('integer', 0, 18446744073709551615)),
      ('deadline', ('integer', 0, 18446744073709551615)),
      ('period', ('integer', 0, 18446744073709551615)),
     ))),
    ('execCPUAffinity', ('object', (), (
      ('initial', ('pattern', '^[0-9, -]*$')),
      ('final', ('pattern', '^[0-9, -]*$')),
     ))),
   ))),
  ('hostname', ('string',)),
  ('domainname', ('string',)),
  ('mounts', ('array', 0, ('object', ('destination',), (
     ('destination', ('string',)),
     ('type', ('string',)),
     ('source', ('string',)),
     ('options', ('strings',)),
     ('uidMappings', ('array', 0, ('object', ('containerID', 'hostID', 'size'), (
        ('containerID', ('integer', 0, 4294967295)),
        ('hostID', ('integer', 0, 4294967295)),
        ('size', ('integer', 0, 4294967295)),
       )))),
     ('gidMappings', ('array', 0, ('object', ('containerID', 'hostID', 'size'), (
        ('containerID', ('integer', 0, 4294967295)),
        ('hostID', ('integer', 0, 4294967295)),
        ('size', ('integer', 0, 4294967295)),
       )))),
    )))),
  ('hooks', ('object', (), (
    ('prestart', ('array', 0, ('object', ('path',), (
       ('path', ('string',)),
       ('args', ('strings',)),
       ('env', ('strings',)),
       ('timeout', ('integer', 1, 1e999)),
      )))),
    ('createRuntime', ('array', 0, ('object', ('path',), (
       ('path', ('string',)),
       ('args', ('strings',)),
       ('env', ('strings',)),
       ('timeout', ('integer', 1, 1e999)),
      )))),
    ('createContainer', ('array', 0, ('object', ('path',), (
       ('path', ('string',)),
       ('args', ('strings',)),
       ('env', ('strings',)),
       ('timeout', ('integer', 1, 1e999)),
      )))),
    ('startContainer', ('array', 0, ('object', ('path',), (
       ('path', ('string',)),
       ('args', ('strings',)),
       ('env', ('strings',)),
       ('timeout', ('integer', 1, 1e999)),
      )))),
    ('poststart', ('array', 0, ('object', ('path',), (
       ('path', ('string',)),
       ('args', ('strings',)),
       ('env', ('strings',)),
       ('timeout', ('integer', 1, 1e999)),
      )))),
    ('poststop', ('array', 0, ('object', ('path',), (
       ('path', ('string',)),
       ('args', ('strings',)),
       ('env', ('strings',)),
       ('timeout', ('integer', 1, 1e999)),
      )))),
   ))),
  ('annotations', ('map', ('string',))),
  ('linux', ('object', (), (
    ('namespaces', ('array', 0, ('object', ('type',), (
       ('type', ('enum', ('mount', 'pid', 'network', 'uts', 'ipc', 'user', 'cgroup', 'time'))),
       ('path', ('string',)),
      )))),
    ('uidMappings', ('array', 0, ('object', ('containerID', 'hostID', 'size'), (
       ('containerID', ('integer', 0, 4294967295)),
       ('hostID', ('integer', 0, 4294967295)),
       ('size', ('integer', 0, 4294967295)),
      )))),
    ('gidMappings', ('array', 0, ('object', ('containerID', 'hostID', 'size'), (
       ('containerID', ('integer', 0, 4294967295)),
       ('hostID', ('integer', 0, 4294967295)),
       ('size', ('integer', 0, 4294967295)),
      )))),
    ('timeOffsets', ('object', (), (
      ('monotonic', ('object', (), (
        ('secs', ('integer', -9223372036854775808, 9223372036854775807)),
        ('nanosecs', ('integer', 0, 4294967295)),
       ))),
      ('boottime', ('object', (), (
        ('secs', ('integer', -9223372036854775808, 9223372036854775807)),
        ('nanosecs', ('integer', 0, 4294967295)),
       ))),
     ))),
    ('devices', ('array', 0, ('object', ('type', 'path'), (
       ('type', ('enum', ('c', 'b', 'u', 'p'))),
       ('path', ('string',)),
       ('major', ('integer', -9223372036854775808, 9223372036854775807)),
       ('minor', ('integer', -9223372036854775808, 9223372036854775807)),
       ('fileMode', ('integer', 0, 65535)),
       ('uid', ('integer', 0, 4294967295)),
       ('gid', ('integer', 0, 4294967295)),
      )))),
    ('netDevices', ('map', ('object', (), (('name', ('string',)),)))),
    ('cgroupsPath', ('string',)),
    ('resources', ('object', (), (
      ('devices', ('array', 0, ('object', ('allow',), (
         ('allow', ('boolean',)),
         ('type', ('string',)),
         ('major', ('integer', -9223372036854775808, 9223372036854775807)),
         ('minor', ('integer', -9223372036854775808, 9223372036854775807)),
         ('access', ('string',)),
        )))),
      ('memory', ('object', (), (
        ('limit', ('integer', -9223372036854775808, 9223372036854775807)),
        ('reservation', ('integer', -9223372036854775808, 9223372036854775807)),
        ('swap', ('integer', -9223372036854775808, 9223372036854775807)),
        ('kernel', ('integer', -9223372036854775808, 9223372036854775807)),
        ('kernelTCP', ('integer', -9223372036854775808, 9223372036854775807)),
        ('swappiness', ('integer', 0, 18446744073709551615)),
        ('disableOOMKiller', ('boolean',)),
        ('useHierarchy', ('boolean',)),
        ('checkBeforeUpdate', ('boolean',)),
       ))),
      ('cpu', ('object', (), (
        ('shares', ('integer', 0, 18446744073709551615)),
        ('quota', ('integer', -9223372036854775808, 9223372036854775807)),
        ('burst', ('integer', 0, 18446744073709551615)),
        ('period', ('integer', 0, 18446744073709551615)),
        ('realtimeRuntime', ('integer', -9223372036854775808, 9223372036854775807)),
        ('realtimePeriod', ('integer', 0, 18446744073709551615)),
        ('cpus', ('string',)),
        ('mems', ('string',)),
        ('idle', ('integer', -9223372036854775808, 9223372036854775807)),
       ))),
      ('blockIO', ('object', (), (
        ('weight', ('integer', 0, 65535)),
        ('leafWeight', ('integer', 0, 65535)),
        ('weightDevice', ('array', 0, ('object', ('major', 'minor'), (
           ('major', ('integer', -9223372036854775808, 9223372036854775807)),
           ('minor', ('integer', -9223372036854775808, 9223372036854775807)),
           ('weight', ('integer', 0, 65535)),
           ('leafWeight', ('integer', 0, 65535)),
          )))),
        ('throttleReadBpsDevice', ('array', 0, ('object', ('major', 'minor'), (
           ('major', ('integer', -9223372036854775808, 9223372036854775807)),
           ('minor', ('integer', -9223372036854775808, 9223372036854775807)),
           ('rate', ('integer', 0, 18446744073709551615)),
          )))),
        ('throttleWriteBpsDevice', ('array', 0, ('object', ('major', 'minor'), (
           ('major', ('integer', -9223372036854775808, 9223372036854775807)),
           ('minor', ('integer', -9223372036854775808, 9223372036854775807)),
           ('rate', ('integer', 0, 18446744073709551615)),
          )))),
        ('throttleReadIOPSDevice', ('array', 0, ('object', ('major', 'minor'), (
           ('major', ('integer', -9223372036854775808, 9223372036854775807)),
           ('minor', ('integer', -9223372036854775808, 9223372036854775807)),
           ('rate', ('integer', 0, 18446744073709551615)),
          )))),
        ('throttleWriteIOPSDevice', ('array', 0, ('object', ('major', 'minor'), (
           ('major', ('integer', -9223372036854775808, 9223372036854775807)),
           ('minor', ('integer', -9223372036854775808, 9223372036854775807)),
           ('rate', ('integer', 0, 18446744073709551615)),
          )))),
       ))),
      ('hugepageLimits', ('array', 0, ('object', ('pageSize', 'limit'), (
         ('pageSize', ('pattern', '^[1-9][0-9]*[KMG]B$')),
         ('limit', ('integer', 0, 18446744073709551615)),
        )))),
      ('network', ('object', (), (
        ('classID', ('integer', 0, 4294967295)),
        ('priorities', ('array', 0, ('object', ('name', 'priority'), (
           ('name', ('string',)),
           ('priority', ('integer', 0, 4294967295)),
          )))),
       ))),
      ('pids', ('object', ('limit',), (
        ('limit', ('integer', -9223372036854775808, 9223372036854775807)),
       ))),
      ('rdma', ('map', ('object', (), (
         ('hcaHandles', ('integer', 0, 4294967295)),
         ('hcaObjects', ('integer', 0, 4294967295)),
        )))),
      ('unified', ('map', ('string',))),
     ))),
    ('intelRdt', ('object', (), (
      ('closID', ('string',)),
      ('schemata', ('strings',)),
      ('l3CacheSchema', ('string',)),
      ('memBwSchema', ('pattern', '^MB:[^\\n]*$')),
      ('enableMonitoring', ('boolean',)),
     ))),
    ('memoryPolicy', ('object', (), (
      ('mode', ('enum', ('MPOL_DEFAULT', 'MPOL_BIND', 'MPOL_INTERLEAVE', 'MPOL_WEIGHTED_INTERLEAVE', 'MPOL_PREFERRED', 'MPOL_PREFERRED_MANY', 'MPOL_LOCAL'))),
      ('nodes', ('string',)),
      ('flags', ('array', 0, ('enum', ('MPOL_F_NUMA_BALANCING', 'MPOL_F_RELATIVE_NODES', 'MPOL_F_STATIC_NODES')))),
     ))),
    ('sysctl', ('map', ('string',))),
    ('seccomp', ('object', ('defaultAction',), (
      ('defaultAction', ('enum', ('SCMP_ACT_KILL', 'SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_KILL_THREAD', 'SCMP_ACT_TRAP', 'SCMP_ACT_ERRNO', 'SCMP_ACT_TRACE', 'SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_NOTIFY'))),
      ('defaultErrnoRet', ('integer', 0, 4294967295)),
      ('architectures', ('array', 0, ('enum', ('SCMP_ARCH_X86', 'SCMP_ARCH_X86_64', 'SCMP_ARCH_X32', 'SCMP_ARCH_ARM', 'SCMP_ARCH_AARCH64', 'SCMP_ARCH_LOONGARCH64', 'SCMP_ARCH_M68K', 'SCMP_ARCH_MIPS', 'SCMP_ARCH_MIPS64', 'SCMP_ARCH_MIPS64N32', 'SCMP_ARCH_MIPSEL', 'SCMP_ARCH_MIPSEL64', 'SCMP_ARCH_MIPSEL64N32', 'SCMP_ARCH_PPC', 'SCMP_ARCH_PPC64', 'SCMP_ARCH_PPC64LE', 'SCMP_ARCH_S390', 'SCMP_ARCH_S390X', 'SCMP_ARCH_SH', 'SCMP_ARCH_SHEB', 'SCMP_ARCH_PARISC', 'SCMP_ARCH_PARISC64', 'SCMP_ARCH_RISCV64')))),
      ('flags', ('array', 0, ('enum', ('SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW', 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV')))),
      ('listenerPath', ('string',)),
      ('listenerMetadata', ('string',)),
      ('syscalls', ('array', 0, ('object', ('names', 'action'), (
         ('names', ('array', 1, ('string',))),
         ('action', ('enum', ('SCMP_ACT_KILL', 'SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_KILL_THREAD', 'SCMP_ACT_TRAP', 'SCMP_ACT_ERRNO', 'SCMP_ACT_TRACE', 'SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_NOTIFY'))),
         ('errnoRet', ('integer', 0, 4294967295)),
         ('args', ('array', 0, ('object', ('index', 'value', 'op'), (
            ('index', ('integer', 0, 4294967295)),
            ('value', ('integer', 0, 18446744073709551615)),
            ('valueTwo', ('integer', 0, 18446744073709551615)),
            ('op', ('enum', ('SCMP_CMP_NE', 'SCMP_CMP_LT', 'SCMP_CMP_LE', 'SCMP_CMP_EQ', 'SCMP_CMP_GE', 'SCMP_CMP_GT', 'SCMP_CMP_MASKED_EQ'))),
           )))),
        )))),
     ))),
    ('rootfsPropagation', ('enum', ('private', 'shared', 'slave', 'unbindable', 'rprivate', 'rshared', 'rslave', 'runbindable'))),
    ('maskedPaths', ('strings',)),
    ('readonlyPaths', ('strings',)),
    ('mountLabel', ('string',)),
    ('personality', ('object', (), (
      ('domain', ('enum', ('LINUX', 'LINUX32'))),
      ('flags', ('strings',)),
     ))),
   ))),
  ('vm', ('lazy', 'vm')),
  ('windows', ('lazy', 'windows')),
  ('solaris', ('lazy', 'solaris')),
  ('zos', ('lazy', 'zos')),
  ('freebsd', ('lazy', 'freebsd')),
 ))
