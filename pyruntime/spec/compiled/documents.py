# SPDX-License-Identifier: Apache-2.0
# Generated from schemas/*.json by tools/gen_validators.py; do not edit.
# ruff: noqa
# fmt: off
"""The schemas as they were when compiled, by file name."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SCHEMAS: dict[str, Any] = {
 "config.json": {
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Configuration of a container (config.json), runtime-spec 1.3.0",
  "description": "a container's configuration, an object",
  "type": "object",
  "required": [
   "ociVersion"
  ],
  "properties": {
   "ociVersion": {
    "$ref": "defs.json#/$defs/ociVersion"
   },
   "root": {
    "description": "the root filesystem",
    "type": "object",
    "required": [
     "path"
    ],
    "properties": {
     "path": {
      "description": "directory that becomes /, absolute or relative to the bundle",
      "type": "string"
     },
     "readonly": {
      "description": "true makes / read-only inside",
      "type": "boolean"
     }
    }
   },
   "process": {
    "$ref": "process.json"
   },
   "hostname": {
    "description": "host name inside, needs a uts namespace",
    "type": "string"
   },
   "domainname": {
    "description": "NIS domain name inside, needs a uts namespace",
    "type": "string"
   },
   "mounts": {
    "description": "filesystems to mount, in this order",
    "type": "array",
    "items": {
     "$ref": "#/$defs/mount"
    }
   },
   "hooks": {
    "description": "programs to run at points of the container's life",
    "type": "object",
    "properties": {
     "prestart": {
      "description": "deprecated: run before createRuntime, in the runtime's namespaces",
      "$ref": "defs.json#/$defs/hooks"
     },
     "createRuntime": {
      "description": "run before pivot_root, in the runtime's namespaces",
      "$ref": "defs.json#/$defs/hooks"
     },
     "createContainer": {
      "description": "run before pivot_root, in the container's namespaces",
      "$ref": "defs.json#/$defs/hooks"
     },
     "startContainer": {
      "description": "run inside the container just before its program",
      "$ref": "defs.json#/$defs/hooks"
     },
     "poststart": {
      "description": "run once the program has started, in the runtime's namespaces",
      "$ref": "defs.json#/$defs/hooks"
     },
     "poststop": {
      "description": "run once the container is deleted, in the runtime's namespaces",
      "$ref": "defs.json#/$defs/hooks"
     }
    }
   },
   "annotations": {
    "$ref": "defs.json#/$defs/annotations"
   },
   "linux": {
    "$ref": "linux.json"
   },
   "vm": {
    "$ref": "platforms.json#/$defs/vm"
   },
   "windows": {
    "$ref": "platforms.json#/$defs/windows"
   },
   "solaris": {
    "$ref": "platforms.json#/$defs/solaris"
   },
   "zos": {
    "$ref": "platforms.json#/$defs/zos"
   },
   "freebsd": {
    "$ref": "platforms.json#/$defs/freebsd"
   }
  },
  "$defs": {
   "mount": {
    "description": "a filesystem to mount",
    "type": "object",
    "required": [
     "destination"
    ],
    "properties": {
     "destination": {
      "description": "absolute path inside the container",
      "type": "string"
     },
     "type": {
      "description": "filesystem type, such as tmpfs; ignored for a bind mount",
      "type": "string"
     },
     "source": {
      "description": "device or name; for a bind mount a path, absolute or relative to the bundle",
      "type": "string"
     },
     "options": {
      "description": "mount options, such as nosuid; bind or rbind makes it a bind mount",
      "$ref": "defs.json#/$defs/strings"
     },
     "uidMappings": {
      "description": "user ids of an id-mapped mount, with gidMappings",
      "$ref": "defs.json#/$defs/idMappings"
     },
     "gidMappings": {
      "description": "group ids of an id-mapped mount, with uidMappings",
      "$ref": "defs.json#/$defs/idMappings"
     }
    }
   }
  }
 },
 "defs.json": {
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Shared definitions",
  "$defs": {
   "uint8": {
    "type": "integer",
    "minimum": 0,
    "maximum": 255
   },
   "uint16": {
    "type": "integer",
    "minimum": 0,
    "maximum": 65535
   },
   "int32": {
    "type": "integer",
    "minimum": -2147483648,
    "maximum": 2147483647
   },
   "uint32": {
    "type": "integer",
    "minimum": 0,
    "maximum": 4294967295
   },
   "int64": {
    "type": "integer",
    "minimum": -9223372036854775808,
    "maximum": 9223372036854775807
   },
   "uint64": {
    "type": "integer",
    "minimum": 0,
    "maximum": 18446744073709551615
   },
   "string": {
    "type": "string"
   },
   "boolean": {
    "type": "boolean"
   },
   "strings": {
    "type": "array",
    "items": {
     "type": "string"
    }
   },
   "uint32s": {
    "type": "array",
    "items": {
     "$ref": "#/$defs/uint32"
    }
   },
   "stringMap": {
    "type": "object",
    "additionalProperties": {
     "type": "string"
    }
   },
   "fileMode": {
    "description": "permission bits in decimal, so 438 for octal 0666",
    "type": "integer",
    "minimum": 0,
    "maximum": 511
   },
   "ociVersion": {
    "description": "version of the runtime specification that the document follows, such as 1.3.0",
    "type": "string"
   },
   "annotations": {
    "description": "free metadata: keys like com.example.key, values are strings",
    "type": "object",
    "additionalProperties": {
     "description": "value of the annotation, a string",
     "type": "string"
    }
   },
   "idMappings": {
    "type": "array",
    "items": {
     "description": "a range of ids",
     "type": "object",
     "required": [
      "containerID",
      "hostID",
      "size"
     ],
     "properties": {
      "containerID": {
       "description": "first id of the range inside",
       "$ref": "#/$defs/uint32"
      },
      "hostID": {
       "description": "first id of the range on the host",
       "$ref": "#/$defs/uint32"
      },
      "size": {
       "description": "number of ids in the range",
       "$ref": "#/$defs/uint32"
      }
     }
    }
   },
   "hooks": {
    "type": "array",
    "items": {
     "description": "a program to run",
     "type": "object",
     "required": [
      "path"
     ],
     "properties": {
      "path": {
       "description": "absolute path of the program",
       "type": "string"
      },
      "args": {
       "description": "the whole argv, its own name first",
       "$ref": "#/$defs/strings"
      },
      "env": {
       "description": "environment as NAME=value",
       "$ref": "#/$defs/strings"
      },
      "timeout": {
       "description": "seconds until the hook is killed",
       "type": "integer",
       "minimum": 1
      }
     }
    }
   },
   "namespaceType": {
    "description": "kind of namespace",
    "type": "string",
    "enum": [
     "mount",
     "pid",
     "network",
     "uts",
     "ipc",
     "user",
     "cgroup",
     "time"
    ]
   },
   "seccompAction": {
    "description": "what happens on the system call",
    "type": "string",
    "enum": [
     "SCMP_ACT_KILL",
     "SCMP_ACT_KILL_PROCESS",
     "SCMP_ACT_KILL_THREAD",
     "SCMP_ACT_TRAP",
     "SCMP_ACT_ERRNO",
     "SCMP_ACT_TRACE",
     "SCMP_ACT_ALLOW",
     "SCMP_ACT_LOG",
     "SCMP_ACT_NOTIFY"
    ]
   },
   "seccompOperator": {
    "description": "comparison of the argument with the value",
    "type": "string",
    "enum": [
     "SCMP_CMP_NE",
     "SCMP_CMP_LT",
     "SCMP_CMP_LE",
     "SCMP_CMP_EQ",
     "SCMP_CMP_GE",
     "SCMP_CMP_GT",
     "SCMP_CMP_MASKED_EQ"
    ]
   },
   "seccompArch": {
    "description": "architecture, by its libseccomp name",
    "type": "string",
    "enum": [
     "SCMP_ARCH_X86",
     "SCMP_ARCH_X86_64",
     "SCMP_ARCH_X32",
     "SCMP_ARCH_ARM",
     "SCMP_ARCH_AARCH64",
     "SCMP_ARCH_LOONGARCH64",
     "SCMP_ARCH_M68K",
     "SCMP_ARCH_MIPS",
     "SCMP_ARCH_MIPS64",
     "SCMP_ARCH_MIPS64N32",
     "SCMP_ARCH_MIPSEL",
     "SCMP_ARCH_MIPSEL64",
     "SCMP_ARCH_MIPSEL64N32",
     "SCMP_ARCH_PPC",
     "SCMP_ARCH_PPC64",
     "SCMP_ARCH_PPC64LE",
     "SCMP_ARCH_S390",
     "SCMP_ARCH_S390X",
     "SCMP_ARCH_SH",
     "SCMP_ARCH_SHEB",
     "SCMP_ARCH_PARISC",
     "SCMP_ARCH_PARISC64",
     "SCMP_ARCH_RISCV64"
    ]
   },
   "seccompFlag": {
    "description": "flag of seccomp(2)",
    "type": "string",
    "enum": [
     "SECCOMP_FILTER_FLAG_TSYNC",
     "SECCOMP_FILTER_FLAG_LOG",
     "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
     "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"
    ]
   },
   "memoryPolicyMode": {
    "description": "mode of set_mempolicy(2)",
    "type": "string",
    "enum": [
     "MPOL_DEFAULT",
     "MPOL_BIND",
     "MPOL_INTERLEAVE",
     "MPOL_WEIGHTED_INTERLEAVE",
     "MPOL_PREFERRED",
     "MPOL_PREFERRED_MANY",
     "MPOL_LOCAL"
    ]
   },
   "memoryPolicyFlag": {
    "description": "flag of set_mempolicy(2)",
    "type": "string",
    "enum": [
     "MPOL_F_NUMA_BALANCING",
     "MPOL_F_RELATIVE_NODES",
     "MPOL_F_STATIC_NODES"
    ]
   }
  }
 },
 "features.json": {
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Features of a runtime, runtime-spec 1.3.0",
  "description": "what a runtime implements, an object",
  "type": "object",
  "required": [
   "ociVersionMin",
   "ociVersionMax"
  ],
  "properties": {
   "ociVersionMin": {
    "description": "oldest version of the specification",
    "type": "string"
   },
   "ociVersionMax": {
    "description": "newest version of the specification",
    "type": "string"
   },
   "hooks": {
    "description": "known hook names",
    "$ref": "defs.json#/$defs/strings"
   },
   "mountOptions": {
    "description": "known mount options",
    "$ref": "defs.json#/$defs/strings"
   },
   "annotations": {
    "$ref": "defs.json#/$defs/annotations"
   },
   "potentiallyUnsafeConfigAnnotations": {
    "description": "annotations of config.json that change what the runtime does; a name that ends in a dot is a prefix",
    "$ref": "defs.json#/$defs/strings"
   },
   "linux": {
    "description": "what is implemented for Linux",
    "type": "object",
    "properties": {
     "namespaces": {
      "description": "known namespace types",
      "type": "array",
      "items": {
       "$ref": "defs.json#/$defs/namespaceType"
      }
     },
     "capabilities": {
      "description": "known capabilities",
      "type": "array",
      "items": {
       "description": "capability, such as CAP_CHOWN",
       "type": "string",
       "pattern": "^CAP_[A-Z_]+$"
      }
     },
     "cgroup": {
      "description": "implemented cgroup managers",
      "type": "object",
      "properties": {
       "v1": {
        "description": "cgroup v1",
        "type": "boolean"
       },
       "v2": {
        "description": "cgroup v2",
        "type": "boolean"
       },
       "systemd": {
        "description": "the system's systemd",
        "type": "boolean"
       },
       "systemdUser": {
        "description": "the user's systemd",
        "type": "boolean"
       },
       "rdma": {
        "description": "the rdma controller",
        "type": "boolean"
       }
      }
     },
     "seccomp": {
      "description": "seccomp",
      "type": "object",
      "properties": {
       "enabled": {
        "description": "seccomp is implemented",
        "type": "boolean"
       },
       "actions": {
        "description": "known actions",
        "type": "array",
        "items": {
         "$ref": "defs.json#/$defs/seccompAction"
        }
       },
       "operators": {
        "description": "known operators",
        "type": "array",
        "items": {
         "$ref": "defs.json#/$defs/seccompOperator"
        }
       },
       "archs": {
        "description": "known architectures",
        "type": "array",
        "items": {
         "$ref": "defs.json#/$defs/seccompArch"
        }
       },
       "knownFlags": {
        "description": "flags that are understood",
        "type": "array",
        "items": {
         "$ref": "defs.json#/$defs/seccompFlag"
        }
       },
       "supportedFlags": {
        "description": "flags that can be carried out",
        "type": "array",
        "items": {
         "$ref": "defs.json#/$defs/seccompFlag"
        }
       }
      }
     },
     "apparmor": {
      "description": "AppArmor",
      "$ref": "#/$defs/enabled"
     },
     "selinux": {
      "description": "SELinux",
      "$ref": "#/$defs/enabled"
     },
     "memoryPolicy": {
      "description": "NUMA memory policy",
      "type": "object",
      "properties": {
       "modes": {
        "description": "known modes",
        "type": "array",
        "items": {
         "$ref": "defs.json#/$defs/memoryPolicyMode"
        }
       },
       "flags": {
        "description": "known flags",
        "type": "array",
        "items": {
         "$ref": "defs.json#/$defs/memoryPolicyFlag"
        }
       }
      }
     },
     "intelRdt": {
      "description": "Intel RDT",
      "type": "object",
      "properties": {
       "enabled": {
        "description": "Intel RDT is implemented",
        "type": "boolean"
       },
       "schemata": {
        "description": "intelRdt.schemata is implemented",
        "type": "boolean"
       },
       "monitoring": {
        "description": "intelRdt.enableMonitoring is implemented",
        "type": "boolean"
       }
      }
     },
     "mountExtensions": {
      "description": "mounts beyond mount(8)",
      "type": "object",
      "properties": {
       "idmap": {
        "description": "id-mapped mounts",
        "$ref": "#/$defs/enabled"
       }
      }
     },
     "netDevices": {
      "description": "moving network devices",
      "$ref": "#/$defs/enabled"
     }
    }
   }
  },
  "$defs": {
   "enabled": {
    "type": "object",
    "properties": {
     "enabled": {
      "description": "it is implemented",
      "type": "boolean"
     }
    }
   }
  }
 },
 "linux.json": {
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Linux section of config.json, runtime-spec 1.3.0",
  "description": "what is particular to Linux, an object",
  "type": "object",
  "properties": {
   "namespaces": {
    "description": "namespaces to create or join; the runtime's own are kept for the others",
    "type": "array",
    "items": {
     "description": "a namespace",
     "type": "object",
     "required": [
      "type"
     ],
     "properties": {
      "type": {
       "$ref": "defs.json#/$defs/namespaceType"
      },
      "path": {
       "description": "absolute path of a namespace file to join; without it one is created",
       "type": "string"
      }
     }
    }
   },
   "uidMappings": {
    "description": "user ids of the user namespace",
    "$ref": "defs.json#/$defs/idMappings"
   },
   "gidMappings": {
    "description": "group ids of the user namespace",
    "$ref": "defs.json#/$defs/idMappings"
   },
   "timeOffsets": {
    "description": "clock offsets of a new time namespace",
    "type": "object",
    "properties": {
     "monotonic": {
      "description": "offset of CLOCK_MONOTONIC",
      "$ref": "#/$defs/timeOffset"
     },
     "boottime": {
      "description": "offset of CLOCK_BOOTTIME",
      "$ref": "#/$defs/timeOffset"
     }
    }
   },
   "devices": {
    "description": "device nodes to provide",
    "type": "array",
    "items": {
     "description": "a device node",
     "type": "object",
     "required": [
      "type",
      "path"
     ],
     "properties": {
      "type": {
       "description": "c or u (character), b (block) or p (FIFO)",
       "type": "string",
       "enum": [
        "c",
        "b",
        "u",
        "p"
       ]
      },
      "path": {
       "description": "absolute path inside the container",
       "type": "string"
      },
      "major": {
       "description": "major device number",
       "$ref": "defs.json#/$defs/int64"
      },
      "minor": {
       "description": "minor device number",
       "$ref": "defs.json#/$defs/int64"
      },
      "fileMode": {
       "description": "permission bits in decimal, so 438 for octal 0666; those of its type are ignored",
       "type": "integer",
       "minimum": 0,
       "maximum": 65535
      },
      "uid": {
       "description": "owner inside the container",
       "$ref": "defs.json#/$defs/uint32"
      },
      "gid": {
       "description": "group inside the container",
       "$ref": "defs.json#/$defs/uint32"
      }
     }
    }
   },
   "netDevices": {
    "description": "network devices to move inside, by their name on the host",
    "type": "object",
    "additionalProperties": {
     "description": "a network device",
     "type": "object",
     "properties": {
      "name": {
       "description": "name inside; may end in %d",
       "type": "string"
      }
     }
    }
   },
   "cgroupsPath": {
    "description": "path of the cgroup below the cgroup mount",
    "type": "string"
   },
   "resources": {
    "$ref": "#/$defs/resources"
   },
   "intelRdt": {
    "description": "Intel RDT (resctrl)",
    "type": "object",
    "properties": {
     "closID": {
      "description": "name of the class of service, / for the default one",
      "type": "string"
     },
     "schemata": {
      "description": "lines for the schemata file",
      "$ref": "defs.json#/$defs/strings"
     },
     "l3CacheSchema": {
      "description": "L3 cache schema, starts with L3:",
      "type": "string"
     },
     "memBwSchema": {
      "description": "memory bandwidth schema: one line that starts with MB:",
      "type": "string",
      "pattern": "^MB:[^\\n]*$"
     },
     "enableMonitoring": {
      "description": "true makes a monitoring group of the container's own",
      "type": "boolean"
     }
    }
   },
   "memoryPolicy": {
    "description": "NUMA memory policy",
    "type": "object",
    "properties": {
     "mode": {
      "$ref": "defs.json#/$defs/memoryPolicyMode"
     },
     "nodes": {
      "description": "memory nodes, such as 0-3,7",
      "type": "string"
     },
     "flags": {
      "description": "flags of set_mempolicy(2)",
      "type": "array",
      "items": {
       "$ref": "defs.json#/$defs/memoryPolicyFlag"
      }
     }
    }
   },
   "sysctl": {
    "description": "kernel parameters of the container's namespaces, by name",
    "type": "object",
    "additionalProperties": {
     "description": "value of the kernel parameter, a string even for a number",
     "type": "string"
    }
   },
   "seccomp": {
    "$ref": "#/$defs/seccomp"
   },
   "rootfsPropagation": {
    "description": "mount propagation of /; rslave and its like, of all mounts below too",
    "type": "string",
    "enum": [
     "private",
     "shared",
     "slave",
     "unbindable",
     "rprivate",
     "rshared",
     "rslave",
     "runbindable"
    ]
   },
   "maskedPaths": {
    "description": "absolute paths to hide",
    "$ref": "defs.json#/$defs/strings"
   },
   "readonlyPaths": {
    "description": "absolute paths to make read-only",
    "$ref": "defs.json#/$defs/strings"
   },
   "mountLabel": {
    "description": "SELinux context of the mounts",
    "type": "string"
   },
   "personality": {
    "description": "execution domain, see personality(2)",
    "type": "object",
    "properties": {
     "domain": {
      "description": "execution domain",
      "type": "string",
      "enum": [
       "LINUX",
       "LINUX32"
      ]
     },
     "flags": {
      "description": "no flag is defined",
      "$ref": "defs.json#/$defs/strings"
     }
    }
   }
  },
  "$defs": {
   "timeOffset": {
    "type": "object",
    "properties": {
     "secs": {
      "description": "seconds",
      "$ref": "defs.json#/$defs/int64"
     },
     "nanosecs": {
      "description": "nanoseconds",
      "$ref": "defs.json#/$defs/uint32"
     }
    }
   },
   "resources": {
    "description": "cgroup limits",
    "type": "object",
    "properties": {
     "devices": {
      "description": "rules of device access, applied in this order",
      "type": "array",
      "items": {
       "description": "a rule of device access",
       "type": "object",
       "required": [
        "allow"
       ],
       "properties": {
        "allow": {
         "description": "true allows, false denies",
         "type": "boolean"
        },
        "type": {
         "description": "a (all), c (character) or b (block)",
         "type": "string"
        },
        "major": {
         "description": "major device number, absent or -1 for all",
         "$ref": "defs.json#/$defs/int64"
        },
        "minor": {
         "description": "minor device number, absent or -1 for all",
         "$ref": "defs.json#/$defs/int64"
        },
        "access": {
         "description": "some of r (read), w (write) and m (mknod)",
         "type": "string"
        }
       }
      }
     },
     "memory": {
      "description": "memory limits",
      "type": "object",
      "properties": {
       "limit": {
        "description": "bytes of memory, -1 for no limit",
        "$ref": "defs.json#/$defs/int64"
       },
       "reservation": {
        "description": "bytes of memory kept under pressure, -1 for no limit",
        "$ref": "defs.json#/$defs/int64"
       },
       "swap": {
        "description": "bytes of memory and swap together, -1 for no limit",
        "$ref": "defs.json#/$defs/int64"
       },
       "kernel": {
        "description": "deprecated: bytes of kernel memory",
        "$ref": "defs.json#/$defs/int64"
       },
       "kernelTCP": {
        "description": "deprecated: bytes of TCP buffers",
        "$ref": "defs.json#/$defs/int64"
       },
       "swappiness": {
        "description": "tendency to swap, from 0 to 100",
        "$ref": "defs.json#/$defs/uint64"
       },
       "disableOOMKiller": {
        "description": "true turns the OOM killer off (cgroup v1)",
        "type": "boolean"
       },
       "useHierarchy": {
        "description": "true counts descendants (cgroup v1)",
        "type": "boolean"
       },
       "checkBeforeUpdate": {
        "description": "true refuses a limit below what is in use",
        "type": "boolean"
       }
      }
     },
     "cpu": {
      "description": "CPU limits",
      "type": "object",
      "properties": {
       "shares": {
        "description": "relative share of CPU time, 1024 is usual",
        "$ref": "defs.json#/$defs/uint64"
       },
       "quota": {
        "description": "microseconds of CPU time in each period, -1 for no limit",
        "$ref": "defs.json#/$defs/int64"
       },
       "burst": {
        "description": "microseconds that may be saved up beyond the quota",
        "$ref": "defs.json#/$defs/uint64"
       },
       "period": {
        "description": "microseconds of a period",
        "$ref": "defs.json#/$defs/uint64"
       },
       "realtimeRuntime": {
        "description": "microseconds of realtime CPU time in each period",
        "$ref": "defs.json#/$defs/int64"
       },
       "realtimePeriod": {
        "description": "microseconds of a realtime period",
        "$ref": "defs.json#/$defs/uint64"
       },
       "cpus": {
        "description": "CPUs, such as 0-3,7",
        "type": "string"
       },
       "mems": {
        "description": "memory nodes, such as 0-3,7",
        "type": "string"
       },
       "idle": {
        "description": "1 runs the container only when the CPU is idle, else 0",
        "$ref": "defs.json#/$defs/int64"
       }
      }
     },
     "blockIO": {
      "description": "block I/O limits",
      "type": "object",
      "properties": {
       "weight": {
        "description": "relative share of I/O, from 10 to 1000",
        "$ref": "defs.json#/$defs/uint16"
       },
       "leafWeight": {
        "description": "share against child cgroups (cgroup v1)",
        "$ref": "defs.json#/$defs/uint16"
       },
       "weightDevice": {
        "description": "weights by device",
        "type": "array",
        "items": {
         "description": "weight of a device",
         "type": "object",
         "required": [
          "major",
          "minor"
         ],
         "properties": {
          "major": {
           "description": "major device number",
           "$ref": "defs.json#/$defs/int64"
          },
          "minor": {
           "description": "minor device number",
           "$ref": "defs.json#/$defs/int64"
          },
          "weight": {
           "description": "relative share, from 10 to 1000",
           "$ref": "defs.json#/$defs/uint16"
          },
          "leafWeight": {
           "description": "share against child cgroups (cgroup v1)",
           "$ref": "defs.json#/$defs/uint16"
          }
         }
        }
       },
       "throttleReadBpsDevice": {
        "description": "bytes read per second",
        "$ref": "#/$defs/throttles"
       },
       "throttleWriteBpsDevice": {
        "description": "bytes written per second",
        "$ref": "#/$defs/throttles"
       },
       "throttleReadIOPSDevice": {
        "description": "reads per second",
        "$ref": "#/$defs/throttles"
       },
       "throttleWriteIOPSDevice": {
        "description": "writes per second",
        "$ref": "#/$defs/throttles"
       }
      }
     },
     "hugepageLimits": {
      "description": "limits of huge pages",
      "type": "array",
      "items": {
       "description": "limit of one page size",
       "type": "object",
       "required": [
        "pageSize",
        "limit"
       ],
       "properties": {
        "pageSize": {
         "description": "page size such as 64KB, 2MB or 1GB",
         "type": "string",
         "pattern": "^[1-9][0-9]*[KMG]B$"
        },
        "limit": {
         "description": "bytes of such pages",
         "$ref": "defs.json#/$defs/uint64"
        }
       }
      }
     },
     "network": {
      "description": "classes and priorities of network traffic (cgroup v1)",
      "type": "object",
      "properties": {
       "classID": {
        "description": "net_cls class of the packets",
        "$ref": "defs.json#/$defs/uint32"
       },
       "priorities": {
        "description": "net_prio priorities",
        "type": "array",
        "items": {
         "description": "priority on an interface",
         "type": "object",
         "required": [
          "name",
          "priority"
         ],
         "properties": {
          "name": {
           "description": "interface on the host",
           "type": "string"
          },
          "priority": {
           "description": "priority of the packets",
           "$ref": "defs.json#/$defs/uint32"
          }
         }
        }
       }
      }
     },
     "pids": {
      "description": "number of tasks",
      "type": "object",
      "required": [
       "limit"
      ],
      "properties": {
       "limit": {
        "description": "most tasks, -1 for no limit",
        "$ref": "defs.json#/$defs/int64"
       }
      }
     },
     "rdma": {
      "description": "RDMA limits by device",
      "type": "object",
      "additionalProperties": {
       "description": "limits of an RDMA device",
       "type": "object",
       "properties": {
        "hcaHandles": {
         "description": "most handles",
         "$ref": "defs.json#/$defs/uint32"
        },
        "hcaObjects": {
         "description": "most objects",
         "$ref": "defs.json#/$defs/uint32"
        }
       }
      }
     },
     "unified": {
      "description": "cgroup v2 files to write, by file name",
      "type": "object",
      "additionalProperties": {
       "description": "content of the cgroup file, a string even for a number",
       "type": "string"
      }
     }
    }
   },
   "throttles": {
    "type": "array",
    "items": {
     "description": "rate limit of a device",
     "type": "object",
     "required": [
      "major",
      "minor"
     ],
     "properties": {
      "major": {
       "description": "major device number",
       "$ref": "defs.json#/$defs/int64"
      },
      "minor": {
       "description": "minor device number",
       "$ref": "defs.json#/$defs/int64"
      },
      "rate": {
       "description": "limit per second",
       "$ref": "defs.json#/$defs/uint64"
      }
     }
    }
   },
   "seccomp": {
    "description": "filter of system calls",
    "type": "object",
    "required": [
     "defaultAction"
    ],
    "properties": {
     "defaultAction": {
      "description": "what happens on a system call that no rule names",
      "$ref": "defs.json#/$defs/seccompAction"
     },
     "defaultErrnoRet": {
      "description": "errno of the default action, EPERM when absent",
      "$ref": "defs.json#/$defs/uint32"
     },
     "architectures": {
      "description": "architectures whose system calls are filtered",
      "type": "array",
      "items": {
       "$ref": "defs.json#/$defs/seccompArch"
      }
     },
     "flags": {
      "description": "flags of seccomp(2)",
      "type": "array",
      "items": {
       "$ref": "defs.json#/$defs/seccompFlag"
      }
     },
     "listenerPath": {
      "description": "unix socket that gets the notification descriptor",
      "type": "string"
     },
     "listenerMetadata": {
      "description": "text passed on to the listener",
      "type": "string"
     },
     "syscalls": {
      "description": "rules",
      "type": "array",
      "items": {
       "description": "a rule",
       "type": "object",
       "required": [
        "names",
        "action"
       ],
       "properties": {
        "names": {
         "description": "names of system calls, at least one",
         "type": "array",
         "items": {
          "type": "string"
         },
         "minItems": 1
        },
        "action": {
         "$ref": "defs.json#/$defs/seccompAction"
        },
        "errnoRet": {
         "description": "errno of the action, EPERM when absent",
         "$ref": "defs.json#/$defs/uint32"
        },
        "args": {
         "description": "conditions on arguments",
         "type": "array",
         "items": {
          "description": "a condition on an argument",
          "type": "object",
          "required": [
           "index",
           "value",
           "op"
          ],
          "properties": {
           "index": {
            "description": "number of the argument, from 0 to 5",
            "$ref": "defs.json#/$defs/uint32"
           },
           "value": {
            "description": "value to compare with; the mask for SCMP_CMP_MASKED_EQ",
            "$ref": "defs.json#/$defs/uint64"
           },
           "valueTwo": {
            "description": "masked value for SCMP_CMP_MASKED_EQ",
            "$ref": "defs.json#/$defs/uint64"
           },
           "op": {
            "$ref": "defs.json#/$defs/seccompOperator"
           }
          }
         }
        }
       }
      }
     }
    }
   }
  }
 },
 "platforms.json": {
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Sections of config.json for platforms other than Linux, runtime-spec 1.3.0: checked, then ignored",
  "$defs": {
   "vm": {
    "description": "virtual machine, refused: for runtimes with a hypervisor",
    "type": "object",
    "required": [
     "kernel"
    ],
    "properties": {
     "hypervisor": {
      "description": "hypervisor",
      "type": "object",
      "required": [
       "path"
      ],
      "properties": {
       "path": {
        "description": "path of the hypervisor",
        "type": "string"
       },
       "parameters": {
        "description": "its arguments",
        "$ref": "defs.json#/$defs/strings"
       }
      }
     },
     "kernel": {
      "description": "guest kernel",
      "type": "object",
      "required": [
       "path"
      ],
      "properties": {
       "path": {
        "description": "path of the kernel",
        "type": "string"
       },
       "parameters": {
        "description": "its command line",
        "$ref": "defs.json#/$defs/strings"
       },
       "initrd": {
        "description": "path of the initial ramdisk",
        "type": "string"
       }
      }
     },
     "image": {
      "description": "root image",
      "type": "object",
      "required": [
       "path",
       "format"
      ],
      "properties": {
       "path": {
        "description": "path of the image",
        "type": "string"
       },
       "format": {
        "description": "format of the image",
        "type": "string",
        "enum": [
         "raw",
         "qcow2",
         "vdi",
         "vmdk",
         "vhd"
        ]
       }
      }
     },
     "hwConfig": {
      "description": "hardware",
      "type": "object",
      "properties": {
       "deviceTree": {
        "description": "path of the device tree",
        "type": "string"
       },
       "vcpus": {
        "description": "number of CPUs",
        "$ref": "defs.json#/$defs/uint32"
       },
       "memory": {
        "description": "bytes of memory",
        "$ref": "defs.json#/$defs/uint64"
       },
       "dtdevs": {
        "description": "devices passed through",
        "$ref": "defs.json#/$defs/strings"
       },
       "iomems": {
        "description": "I/O memory ranges",
        "type": "array",
        "items": {
         "description": "a range of I/O memory",
         "type": "object",
         "required": [
          "firstMFN",
          "nrMFNs"
         ],
         "properties": {
          "firstGFN": {
           "description": "first guest frame",
           "$ref": "defs.json#/$defs/uint64"
          },
          "firstMFN": {
           "description": "first machine frame",
           "$ref": "defs.json#/$defs/uint64"
          },
          "nrMFNs": {
           "description": "number of frames",
           "$ref": "defs.json#/$defs/uint64"
          }
         }
        }
       },
       "irqs": {
        "description": "interrupts passed through",
        "$ref": "defs.json#/$defs/uint32s"
       }
      }
     }
    }
   },
   "windows": {
    "description": "Windows, ignored",
    "type": "object",
    "required": [
     "layerFolders"
    ],
    "properties": {
     "layerFolders": {
      "description": "layer folders, at least one",
      "type": "array",
      "items": {
       "type": "string"
      },
      "minItems": 1
     },
     "devices": {
      "description": "devices",
      "type": "array",
      "items": {
       "description": "a device",
       "type": "object",
       "required": [
        "id",
        "idType"
       ],
       "properties": {
        "id": {
         "description": "id of the device",
         "type": "string"
        },
        "idType": {
         "description": "kind of the id",
         "type": "string",
         "enum": [
          "class"
         ]
        }
       }
      }
     },
     "resources": {
      "description": "limits",
      "type": "object",
      "properties": {
       "memory": {
        "description": "memory limits",
        "type": "object",
        "properties": {
         "limit": {
          "description": "bytes of memory",
          "$ref": "defs.json#/$defs/uint64"
         }
        }
       },
       "cpu": {
        "description": "CPU limits",
        "type": "object",
        "properties": {
         "count": {
          "description": "number of CPUs",
          "$ref": "defs.json#/$defs/uint64"
         },
         "shares": {
          "description": "relative share",
          "$ref": "defs.json#/$defs/uint16"
         },
         "maximum": {
          "description": "share of the host",
          "$ref": "defs.json#/$defs/uint16"
         },
         "affinity": {
          "description": "CPU affinity",
          "type": "object",
          "properties": {
           "mask": {
            "description": "mask of CPUs",
            "$ref": "defs.json#/$defs/uint64"
           },
           "group": {
            "description": "group of CPUs",
            "$ref": "defs.json#/$defs/uint32"
           }
          }
         }
        }
       },
       "storage": {
        "description": "storage limits",
        "type": "object",
        "properties": {
         "iops": {
          "description": "operations per second",
          "$ref": "defs.json#/$defs/uint64"
         },
         "bps": {
          "description": "bytes per second",
          "$ref": "defs.json#/$defs/uint64"
         },
         "sandboxSize": {
          "description": "bytes of the sandbox",
          "$ref": "defs.json#/$defs/uint64"
         }
        }
       }
      }
     },
     "network": {
      "description": "network",
      "type": "object",
      "properties": {
       "endpointList": {
        "description": "endpoints",
        "$ref": "defs.json#/$defs/strings"
       },
       "allowUnqualifiedDNSQuery": {
        "description": "unqualified DNS queries",
        "type": "boolean"
       },
       "DNSSearchList": {
        "description": "DNS suffixes",
        "$ref": "defs.json#/$defs/strings"
       },
       "networkSharedContainerName": {
        "description": "container to share with",
        "type": "string"
       },
       "networkNamespace": {
        "description": "network namespace",
        "type": "string"
       }
      }
     },
     "credentialSpec": {
      "description": "credentials, an object",
      "type": "object"
     },
     "servicing": {
      "description": "servicing mode",
      "type": "boolean"
     },
     "ignoreFlushesDuringBoot": {
      "description": "flushes during boot",
      "type": "boolean"
     },
     "hyperv": {
      "description": "Hyper-V",
      "type": "object",
      "properties": {
       "utilityVMPath": {
        "description": "path of the utility VM",
        "type": "string"
       }
      }
     }
    }
   },
   "solaris": {
    "description": "Solaris, ignored",
    "type": "object",
    "properties": {
     "milestone": {
      "description": "SMF milestone",
      "type": "string"
     },
     "limitpriv": {
      "description": "privileges",
      "type": "string"
     },
     "maxShmMemory": {
      "description": "most shared memory",
      "type": "string"
     },
     "cappedCPU": {
      "description": "CPU cap",
      "type": "object",
      "properties": {
       "ncpus": {
        "description": "number of CPUs",
        "type": "string"
       }
      }
     },
     "cappedMemory": {
      "description": "memory caps",
      "type": "object",
      "properties": {
       "physical": {
        "description": "physical memory",
        "type": "string"
       },
       "swap": {
        "description": "swap",
        "type": "string"
       }
      }
     },
     "anet": {
      "description": "network interfaces",
      "type": "array",
      "items": {
       "description": "a network interface",
       "type": "object",
       "properties": {
        "linkname": {
         "description": "name of the link",
         "type": "string"
        },
        "lowerLink": {
         "description": "link below",
         "type": "string"
        },
        "allowedAddress": {
         "description": "allowed addresses",
         "type": "string"
        },
        "configureAllowedAddress": {
         "description": "configure them",
         "type": "string"
        },
        "defrouter": {
         "description": "default router",
         "type": "string"
        },
        "macAddress": {
         "description": "MAC address",
         "type": "string"
        },
        "linkProtection": {
         "description": "link protection",
         "type": "string"
        }
       }
      }
     }
    }
   },
   "zos": {
    "description": "z/OS, ignored",
    "type": "object",
    "properties": {
     "namespaces": {
      "description": "namespaces",
      "type": "array",
      "items": {
       "description": "a namespace",
       "type": "object",
       "required": [
        "type"
       ],
       "properties": {
        "type": {
         "description": "kind of namespace",
         "type": "string",
         "enum": [
          "mount",
          "pid",
          "uts",
          "ipc"
         ]
        },
        "path": {
         "description": "namespace file to join",
         "type": "string"
        }
       }
      }
     }
    }
   },
   "freebsd": {
    "description": "FreeBSD, ignored",
    "type": "object",
    "properties": {
     "devices": {
      "description": "devices",
      "type": "array",
      "items": {
       "description": "a device",
       "type": "object",
       "properties": {
        "path": {
         "description": "path below /dev",
         "type": "string"
        },
        "mode": {
         "$ref": "defs.json#/$defs/fileMode"
        }
       }
      }
     },
     "jail": {
      "description": "jail",
      "type": "object",
      "properties": {
       "parent": {
        "description": "parent jail",
        "type": "string"
       },
       "host": {
        "description": "host sharing",
        "$ref": "#/$defs/sharingNoDisable"
       },
       "ip4": {
        "description": "IPv4 sharing",
        "$ref": "#/$defs/sharing"
       },
       "ip4Addr": {
        "description": "IPv4 addresses",
        "$ref": "defs.json#/$defs/strings"
       },
       "ip6": {
        "description": "IPv6 sharing",
        "$ref": "#/$defs/sharing"
       },
       "ip6Addr": {
        "description": "IPv6 addresses",
        "$ref": "defs.json#/$defs/strings"
       },
       "vnet": {
        "description": "network stack sharing",
        "$ref": "#/$defs/sharingNoDisable"
       },
       "interface": {
        "description": "interface of the addresses",
        "type": "string"
       },
       "vnetInterfaces": {
        "description": "interfaces to move",
        "$ref": "defs.json#/$defs/strings"
       },
       "sysvmsg": {
        "description": "SysV messages",
        "$ref": "#/$defs/sharing"
       },
       "sysvsem": {
        "description": "SysV semaphores",
        "$ref": "#/$defs/sharing"
       },
       "sysvshm": {
        "description": "SysV shared memory",
        "$ref": "#/$defs/sharing"
       },
       "enforceStatfs": {
        "description": "visibility of mounts",
        "$ref": "defs.json#/$defs/uint8"
       },
       "allow": {
        "description": "permissions",
        "type": "object",
        "properties": {
         "setHostname": {
          "description": "set the host name",
          "type": "boolean"
         },
         "rawSockets": {
          "description": "raw sockets",
          "type": "boolean"
         },
         "chflags": {
          "description": "file flags",
          "type": "boolean"
         },
         "mount": {
          "description": "filesystem types",
          "$ref": "defs.json#/$defs/strings"
         },
         "quotas": {
          "description": "quotas",
          "type": "boolean"
         },
         "socketAf": {
          "description": "other socket families",
          "type": "boolean"
         },
         "mlock": {
          "description": "lock memory",
          "type": "boolean"
         },
         "reservedPorts": {
          "description": "reserved ports",
          "type": "boolean"
         },
         "suser": {
          "description": "super-user",
          "type": "boolean"
         }
        }
       }
      }
     }
    }
   },
   "sharing": {
    "type": "string",
    "enum": [
     "disable",
     "new",
     "inherit"
    ]
   },
   "sharingNoDisable": {
    "type": "string",
    "enum": [
     "new",
     "inherit"
    ]
   }
  }
 },
 "process.json": {
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Process of a container, in config.json or alone for exec, runtime-spec 1.3.0",
  "description": "the process to run, an object",
  "type": "object",
  "required": [
   "cwd"
  ],
  "properties": {
   "terminal": {
    "description": "true attaches a terminal",
    "type": "boolean"
   },
   "consoleSize": {
    "description": "size of the terminal in characters",
    "type": "object",
    "required": [
     "height",
     "width"
    ],
    "properties": {
     "height": {
      "description": "rows",
      "$ref": "defs.json#/$defs/uint64"
     },
     "width": {
      "description": "columns",
      "$ref": "defs.json#/$defs/uint64"
     }
    }
   },
   "cwd": {
    "description": "working directory inside, an absolute path",
    "type": "string"
   },
   "env": {
    "description": "environment as NAME=value",
    "$ref": "defs.json#/$defs/strings"
   },
   "args": {
    "description": "the program and its arguments, at least the program",
    "$ref": "defs.json#/$defs/strings"
   },
   "commandLine": {
    "description": "command line on Windows",
    "type": "string"
   },
   "user": {
    "description": "ids that the process runs with",
    "type": "object",
    "properties": {
     "uid": {
      "description": "user id inside the container",
      "$ref": "defs.json#/$defs/uint32"
     },
     "gid": {
      "description": "group id inside the container",
      "$ref": "defs.json#/$defs/uint32"
     },
     "umask": {
      "description": "file mode creation mask in decimal, so 18 for octal 022",
      "$ref": "defs.json#/$defs/uint32"
     },
     "additionalGids": {
      "description": "supplementary group ids",
      "$ref": "defs.json#/$defs/uint32s"
     },
     "username": {
      "description": "user name on Windows",
      "type": "string"
     }
    }
   },
   "capabilities": {
    "description": "capability sets; one that is absent is empty",
    "type": "object",
    "properties": {
     "bounding": {
      "description": "bounding set",
      "$ref": "#/$defs/capabilities"
     },
     "effective": {
      "description": "effective set",
      "$ref": "#/$defs/capabilities"
     },
     "inheritable": {
      "description": "inheritable set",
      "$ref": "#/$defs/capabilities"
     },
     "permitted": {
      "description": "permitted set",
      "$ref": "#/$defs/capabilities"
     },
     "ambient": {
      "description": "ambient set",
      "$ref": "#/$defs/capabilities"
     }
    }
   },
   "rlimits": {
    "description": "resource limits",
    "type": "array",
    "items": {
     "description": "a resource limit",
     "type": "object",
     "required": [
      "type",
      "soft",
      "hard"
     ],
     "properties": {
      "type": {
       "description": "resource, such as RLIMIT_NOFILE",
       "type": "string",
       "pattern": "^RLIMIT_[A-Z]+$"
      },
      "soft": {
       "description": "limit in force",
       "$ref": "defs.json#/$defs/uint64"
      },
      "hard": {
       "description": "ceiling of the soft limit",
       "$ref": "defs.json#/$defs/uint64"
      }
     }
    }
   },
   "noNewPrivileges": {
    "description": "true keeps the process from gaining privileges by execve",
    "type": "boolean"
   },
   "oomScoreAdj": {
    "description": "oom_score_adj of the process, from -1000 to 1000",
    "type": "integer"
   },
   "apparmorProfile": {
    "description": "name of an AppArmor profile",
    "type": "string"
   },
   "selinuxLabel": {
    "description": "SELinux label of the process",
    "type": "string"
   },
   "ioPriority": {
    "description": "I/O priority",
    "type": "object",
    "required": [
     "class"
    ],
    "properties": {
     "class": {
      "description": "I/O scheduling class",
      "type": "string",
      "enum": [
       "IOPRIO_CLASS_RT",
       "IOPRIO_CLASS_BE",
       "IOPRIO_CLASS_IDLE"
      ]
     },
     "priority": {
      "description": "level from 0 (highest) to 7 (lowest)",
      "$ref": "defs.json#/$defs/int32"
     }
    }
   },
   "scheduler": {
    "description": "CPU scheduling",
    "type": "object",
    "required": [
     "policy"
    ],
    "properties": {
     "policy": {
      "description": "scheduling policy",
      "type": "string",
      "enum": [
       "SCHED_OTHER",
       "SCHED_FIFO",
       "SCHED_RR",
       "SCHED_BATCH",
       "SCHED_ISO",
       "SCHED_IDLE",
       "SCHED_DEADLINE"
      ]
     },
     "nice": {
      "description": "nice value from -20 to 19",
      "$ref": "defs.json#/$defs/int32"
     },
     "priority": {
      "description": "static priority from 1 to 99, for SCHED_FIFO and SCHED_RR",
      "$ref": "defs.json#/$defs/int32"
     },
     "flags": {
      "description": "scheduling flags",
      "type": "array",
      "items": {
       "description": "scheduling flag",
       "type": "string",
       "enum": [
        "SCHED_FLAG_RESET_ON_FORK",
        "SCHED_FLAG_RECLAIM",
        "SCHED_FLAG_DL_OVERRUN",
        "SCHED_FLAG_KEEP_POLICY",
        "SCHED_FLAG_KEEP_PARAMS",
        "SCHED_FLAG_UTIL_CLAMP_MIN",
        "SCHED_FLAG_UTIL_CLAMP_MAX"
       ]
      }
     },
     "runtime": {
      "description": "nanoseconds of run time in each period, for SCHED_DEADLINE",
      "$ref": "defs.json#/$defs/uint64"
     },
     "deadline": {
      "description": "nanoseconds from the start of a period to its deadline",
      "$ref": "defs.json#/$defs/uint64"
     },
     "period": {
      "description": "nanoseconds of a period",
      "$ref": "defs.json#/$defs/uint64"
     }
    }
   },
   "execCPUAffinity": {
    "description": "CPUs of a process that exec starts",
    "type": "object",
    "properties": {
     "initial": {
      "description": "CPUs before it joins the cgroup, such as 0-3,7",
      "$ref": "#/$defs/cpuList"
     },
     "final": {
      "description": "CPUs once it is in the cgroup, such as 0-3,7",
      "$ref": "#/$defs/cpuList"
     }
    }
   }
  },
  "$defs": {
   "capabilities": {
    "type": "array",
    "items": {
     "description": "capability, such as CAP_CHOWN",
     "type": "string"
    }
   },
   "cpuList": {
    "type": "string",
    "pattern": "^[0-9, -]*$"
   }
  }
 },
 "state.json": {
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "State of a container, runtime-spec 1.3.0",
  "description": "a container's state, an object",
  "type": "object",
  "required": [
   "ociVersion",
   "id",
   "status",
   "bundle"
  ],
  "properties": {
   "ociVersion": {
    "$ref": "defs.json#/$defs/ociVersion"
   },
   "id": {
    "description": "the container's id",
    "type": "string"
   },
   "status": {
    "description": "where the container is in its life",
    "type": "string",
    "enum": [
     "creating",
     "created",
     "running",
     "paused",
     "stopped"
    ]
   },
   "pid": {
    "description": "process id of the init, 0 when it has ended",
    "type": "integer",
    "minimum": 0
   },
   "bundle": {
    "description": "absolute path of the bundle",
    "type": "string"
   },
   "annotations": {
    "$ref": "defs.json#/$defs/annotations"
   }
  }
 }
}
