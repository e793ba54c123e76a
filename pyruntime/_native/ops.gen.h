/* SPDX-License-Identifier: Apache-2.0 */
/* Generated from ops.def by tools/gen_ops.py; do not edit. */
#ifndef PYR_OPS_GEN_H
#define PYR_OPS_GEN_H

/* clang-format off */
enum pyr_op {
  OP_setsid = 1,
  OP_oom_score_adj = 2,
  OP_keyring_join = 3,
  OP_sync = 4,
  OP_wait_start = 5,
  OP_ns_join = 6,
  OP_ns_unshare = 7,
  OP_ns_root = 8,
  OP_time_offset = 9,
  OP_fork = 10,
  OP_cgroup_join = 11,
  OP_procfs_open = 12,
  OP_loopback_up = 13,
  OP_hostname = 14,
  OP_domainname = 15,
  OP_sysctl = 16,
  OP_propagation = 17,
  OP_source_open = 18,
  OP_rootfs_enter = 19,
  OP_rootfs_open = 20,
  OP_mount_fs = 21,
  OP_mount_bind = 22,
  OP_mount_remount = 23,
  OP_mount_attr = 24,
  OP_unmount = 25,
  OP_file_label = 26,
  OP_device = 27,
  OP_symlink = 28,
  OP_hook = 29,
  OP_pivot_root = 30,
  OP_move_root = 31,
  OP_chroot = 32,
  OP_root_propagation = 33,
  OP_root_readonly = 34,
  OP_readonly_path = 35,
  OP_masked_path = 36,
  OP_console_open = 37,
  OP_console_take = 38,
  OP_stdio_owner = 39,
  OP_rlimit = 40,
  OP_rlimit_raise = 41,
  OP_affinity_reset = 42,
  OP_affinity = 43,
  OP_io_priority = 44,
  OP_scheduler = 45,
  OP_memory_policy = 46,
  OP_personality = 47,
  OP_process_attr = 48,
  OP_umask = 49,
  OP_cwd = 50,
  OP_caps_bounding = 51,
  OP_caps_keep = 52,
  OP_groups = 53,
  OP_user = 54,
  OP_caps_set = 55,
  OP_caps_ambient = 56,
  OP_no_new_privs = 57,
  OP_seccomp = 58,
  OP_home = 59,
  OP_exec_lookup = 60,
  OP_fds_close = 61,
  OP_execve = 62,
  OP_END = 63
};

enum { N_oom_score_adj_value = 0 };
enum { S_keyring_join_name = 0 };
enum { N_sync_phase = 0 };
enum { N_ns_join_slot = 0, N_ns_join_nstype = 1, N_ns_join_flags = 2 };
enum { N_ns_unshare_flags = 0 };
enum { N_time_offset_clock = 0, N_time_offset_secs = 1, N_time_offset_nanosecs = 2 };
enum { S_cgroup_join_path = 0 };
enum { S_hostname_name = 0 };
enum { S_domainname_name = 0 };
enum { S_sysctl_path = 0, S_sysctl_value = 1 };
enum { N_propagation_flags = 0 };
enum { N_source_open_slot = 0, N_source_open_flags = 1, N_source_open_idmap_slot = 2, N_source_open_propagation = 3, S_source_open_source = 0 };
enum { S_rootfs_enter_path = 0 };
enum { N_rootfs_open_flags = 0, N_rootfs_open_propagation = 1, S_rootfs_open_path = 0 };
enum { N_mount_fs_flags = 0, N_mount_fs_attr_set = 1, N_mount_fs_attr_clr = 2, N_mount_fs_propagation = 3, S_mount_fs_fstype = 0, S_mount_fs_source = 1, S_mount_fs_target = 2, S_mount_fs_options = 3 };
enum { N_mount_bind_flags = 0, N_mount_bind_slot = 1, N_mount_bind_attr_set = 2, N_mount_bind_attr_clr = 3, N_mount_bind_rec_set = 4, N_mount_bind_rec_clr = 5, N_mount_bind_propagation = 6, S_mount_bind_source = 0, S_mount_bind_target = 1 };
enum { N_mount_remount_flags = 0, N_mount_remount_attr_set = 1, N_mount_remount_attr_clr = 2, N_mount_remount_propagation = 3, S_mount_remount_target = 0, S_mount_remount_options = 1 };
enum { N_mount_attr_flags = 0, N_mount_attr_attr_set = 1, N_mount_attr_attr_clr = 2, S_mount_attr_target = 0 };
enum { S_unmount_target = 0 };
enum { S_file_label_path = 0, S_file_label_label = 1 };
enum { N_device_mode = 0, N_device_major = 1, N_device_minor = 2, N_device_uid = 3, N_device_gid = 4, N_device_flags = 5, S_device_path = 0 };
enum { N_symlink_flags = 0, S_symlink_target = 0, S_symlink_path = 1 };
enum { N_hook_timeout_ms = 0, N_hook_stdout = 1, N_hook_stderr = 2, S_hook_path = 0, S_hook_args = 1, S_hook_env = 2, S_hook_cwd = 3, S_hook_state_head = 4, S_hook_state_tail = 5 };
enum { N_root_propagation_flags = 0 };
enum { S_readonly_path_path = 0 };
enum { S_masked_path_path = 0, S_masked_path_label = 1 };
enum { N_console_open_rows = 0, N_console_open_columns = 1, N_console_open_flags = 2 };
enum { N_stdio_owner_uid = 0 };
enum { N_rlimit_resource = 0, N_rlimit_soft = 1, N_rlimit_hard = 2 };
enum { N_rlimit_raise_resource = 0, N_rlimit_raise_hard = 1 };
enum { S_affinity_cpus = 0 };
enum { N_io_priority_kind = 0, N_io_priority_priority = 1 };
enum { N_scheduler_policy = 0, N_scheduler_nice = 1, N_scheduler_priority = 2, N_scheduler_flags = 3, N_scheduler_runtime = 4, N_scheduler_deadline = 5, N_scheduler_period = 6 };
enum { N_memory_policy_mode = 0, S_memory_policy_nodes = 0 };
enum { N_personality_domain = 0 };
enum { N_process_attr_flags = 0, S_process_attr_name = 0, S_process_attr_value = 1 };
enum { N_umask_mask = 0 };
enum { N_cwd_flags = 0, S_cwd_path = 0 };
enum { N_caps_bounding_mask = 0 };
enum { N_caps_keep_on = 0 };
enum { S_groups_gids = 0 };
enum { N_user_uid = 0, N_user_gid = 1 };
enum { N_caps_set_effective = 0, N_caps_set_permitted = 1, N_caps_set_inheritable = 2 };
enum { N_caps_ambient_mask = 0 };
enum { N_seccomp_flags = 0, N_seccomp_rules = 1, N_seccomp_privileged = 2, S_seccomp_program = 0 };
enum { N_home_uid = 0 };
enum { S_exec_lookup_file = 0, S_exec_lookup_path = 1 };
enum { N_fds_close_keep = 0, N_fds_close_start = 1, N_fds_close_namespaces = 2 };
enum { S_execve_args = 0, S_execve_env = 1 };

#define MOUNT_RECURSIVE 1
#define MOUNT_NO_SYMLINKS 2
#define MOUNT_KEEP_MODE 4
#define MOUNT_COPY_UP 8
#define MOUNT_SB_RDONLY 16
#define MOUNT_FROM_SLOT 32
#define MOUNT_CREATE_FILE 64
#define ROOTFS_IN_PLACE 1
#define ROOTFS_ENTERED 2
#define SOURCE_RECURSIVE 1
#define SOURCE_IDMAP 2
#define SOURCE_IDMAP_ALL 4
#define NS_TRY 1
#define NS_REST 2
#define DEVICE_BIND 1
#define SYMLINK_OPTIONAL 1
#define ATTR_OPTIONAL 1
#define UMASK_CALLER 4096
#define CWD_CREATE 1
#define CWD_MAY_FAIL_EACCES 2
#define CWD_STAY 4
#define CONSOLE_DEV_CONSOLE 1
#define CONSOLE_LEAVE 2
#define MSG_SYNC 1
#define MSG_GO 2
#define MSG_FD 3
#define MSG_WARN 4
#define MSG_ERROR 5
#define MSG_TRACE 6
#define MSG_NAMESPACES 7
#define PHASE_CGROUP 1
#define PHASE_USERNS 2
#define PHASE_NETWORK 3
#define PHASE_RUNTIME_HOOKS 4
#define PHASE_READY 5

/* X(name) for every operation, in wire order */
#define PYR_FOR_EACH_OP(X) \
  X(setsid) \
  X(oom_score_adj) \
  X(keyring_join) \
  X(sync) \
  X(wait_start) \
  X(ns_join) \
  X(ns_unshare) \
  X(ns_root) \
  X(time_offset) \
  X(fork) \
  X(cgroup_join) \
  X(procfs_open) \
  X(loopback_up) \
  X(hostname) \
  X(domainname) \
  X(sysctl) \
  X(propagation) \
  X(source_open) \
  X(rootfs_enter) \
  X(rootfs_open) \
  X(mount_fs) \
  X(mount_bind) \
  X(mount_remount) \
  X(mount_attr) \
  X(unmount) \
  X(file_label) \
  X(device) \
  X(symlink) \
  X(hook) \
  X(pivot_root) \
  X(move_root) \
  X(chroot) \
  X(root_propagation) \
  X(root_readonly) \
  X(readonly_path) \
  X(masked_path) \
  X(console_open) \
  X(console_take) \
  X(stdio_owner) \
  X(rlimit) \
  X(rlimit_raise) \
  X(affinity_reset) \
  X(affinity) \
  X(io_priority) \
  X(scheduler) \
  X(memory_policy) \
  X(personality) \
  X(process_attr) \
  X(umask) \
  X(cwd) \
  X(caps_bounding) \
  X(caps_keep) \
  X(groups) \
  X(user) \
  X(caps_set) \
  X(caps_ambient) \
  X(no_new_privs) \
  X(seccomp) \
  X(home) \
  X(exec_lookup) \
  X(fds_close) \
  X(execve)

/* X(name, numbers, strings, bits of the strings that are lists, bits of those of u32) */
#define PYR_FOR_EACH_SHAPE(X) \
  X(setsid, 0, 0, 0, 0) \
  X(oom_score_adj, 1, 0, 0, 0) \
  X(keyring_join, 0, 1, 0, 0) \
  X(sync, 1, 0, 0, 0) \
  X(wait_start, 0, 0, 0, 0) \
  X(ns_join, 3, 0, 0, 0) \
  X(ns_unshare, 1, 0, 0, 0) \
  X(ns_root, 0, 0, 0, 0) \
  X(time_offset, 3, 0, 0, 0) \
  X(fork, 0, 0, 0, 0) \
  X(cgroup_join, 0, 1, 0, 0) \
  X(procfs_open, 0, 0, 0, 0) \
  X(loopback_up, 0, 0, 0, 0) \
  X(hostname, 0, 1, 0, 0) \
  X(domainname, 0, 1, 0, 0) \
  X(sysctl, 0, 2, 0, 0) \
  X(propagation, 1, 0, 0, 0) \
  X(source_open, 4, 1, 0, 0) \
  X(rootfs_enter, 0, 1, 0, 0) \
  X(rootfs_open, 2, 1, 0, 0) \
  X(mount_fs, 4, 4, 8, 0) \
  X(mount_bind, 7, 2, 0, 0) \
  X(mount_remount, 4, 2, 2, 0) \
  X(mount_attr, 3, 1, 0, 0) \
  X(unmount, 0, 1, 0, 0) \
  X(file_label, 0, 2, 0, 0) \
  X(device, 6, 1, 0, 0) \
  X(symlink, 1, 2, 0, 0) \
  X(hook, 3, 6, 6, 0) \
  X(pivot_root, 0, 0, 0, 0) \
  X(move_root, 0, 0, 0, 0) \
  X(chroot, 0, 0, 0, 0) \
  X(root_propagation, 1, 0, 0, 0) \
  X(root_readonly, 0, 0, 0, 0) \
  X(readonly_path, 0, 1, 0, 0) \
  X(masked_path, 0, 2, 0, 0) \
  X(console_open, 3, 0, 0, 0) \
  X(console_take, 0, 0, 0, 0) \
  X(stdio_owner, 1, 0, 0, 0) \
  X(rlimit, 3, 0, 0, 0) \
  X(rlimit_raise, 2, 0, 0, 0) \
  X(affinity_reset, 0, 0, 0, 0) \
  X(affinity, 0, 1, 0, 1) \
  X(io_priority, 2, 0, 0, 0) \
  X(scheduler, 7, 0, 0, 0) \
  X(memory_policy, 1, 1, 0, 1) \
  X(personality, 1, 0, 0, 0) \
  X(process_attr, 1, 2, 0, 0) \
  X(umask, 1, 0, 0, 0) \
  X(cwd, 1, 1, 0, 0) \
  X(caps_bounding, 1, 0, 0, 0) \
  X(caps_keep, 1, 0, 0, 0) \
  X(groups, 0, 1, 0, 1) \
  X(user, 2, 0, 0, 0) \
  X(caps_set, 3, 0, 0, 0) \
  X(caps_ambient, 1, 0, 0, 0) \
  X(no_new_privs, 0, 0, 0, 0) \
  X(seccomp, 3, 1, 0, 1) \
  X(home, 1, 0, 0, 0) \
  X(exec_lookup, 0, 2, 0, 0) \
  X(fds_close, 3, 0, 0, 0) \
  X(execve, 0, 2, 3, 0)
/* clang-format on */

#endif
