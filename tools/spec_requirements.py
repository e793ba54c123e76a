# SPDX-License-Identifier: Apache-2.0
"""What the runtime specification requires beyond single properties, and the tests that hold it.

Data for tools/gen_conformance.py, which looks each test up: file of tests/ and function.
"""

from __future__ import annotations

# Section -> (requirement, tests). `FILE::FUNCTION`, separated by blanks.
REQUIREMENTS: dict[str, tuple[tuple[str, str], ...]] = {
    "configuration": (
        (
            "unknown properties are ignored, with a warning of `validate`",
            "unit/test_spec_explain.py::test_everything_at_once",
        ),
        (
            "what is invalid is an error with its place",
            "unit/test_spec_load.py::test_error_is_one_line_with_place_pointer_and_hint"
            " unit/test_spec_compiled.py::test_every_place_with_every_odd_value"
            " unit/test_spec_rules.py::test_errors",
        ),
        (
            "what is not carried out is an error",
            "unit/test_plan_supported.py::test_what_is_refused_is_named"
            " unit/test_plan_supported.py::test_each_property_is_compiled_or_refused",
        ),
        (
            "the specification's own samples have its verdict",
            "unit/test_spec_compiled.py::test_official_samples",
        ),
        (
            "changes after `create` have no effect",
            "integration/test_lifecycle.py::test_configuration_is_kept_from_create",
        ),
        (
            "`root.path` is an existing directory, relative to the bundle",
            "unit/test_plan_compile.py::test_the_rootfs_is_below_the_bundle"
            " native/test_rootfs_paths.py::test_rootfs_that_is_a_link_is_refused",
        ),
        (
            "`process` may be absent until `start`",
            "integration/test_lifecycle.py::test_create_without_process",
        ),
        (
            "`hostname` and `domainname` are those of a UTS namespace of its own",
            "unit/test_spec_rules.py::test_errors"
            " native/test_namespace.py::test_names_of_a_new_uts_namespace",
        ),
        ("annotations are in the state", "integration/test_hooks.py::test_state_on_stdin"),
    ),
    "process": (
        (
            "`consoleSize` without a terminal is ignored",
            "unit/test_plan_process.py::test_console_size_without_a_terminal_is_ignored",
        ),
        (
            "a second rlimit of one type, or one that cannot be mapped, is an error",
            "unit/test_plan_process.py::test_refused_limits",
        ),
        (
            "capabilities that cannot be granted are left out with a warning",
            "unit/test_plan_process.py::test_unknown_capabilities_are_left_out_with_a_warning"
            " unit/test_plan_process.py::test_capabilities_of_a_newer_kernel_are_left_out_with_a_warning"
            " native/test_process.py::test_what_cannot_be_granted_is_left_out_with_a_warning",
        ),
        (
            "`oomScoreAdj` unset leaves the score alone",
            "unit/test_plan_process.py::test_oom_score_is_left_alone_unless_asked_for",
        ),
        (
            "`execCPUAffinity` is of added processes; an empty `final` changes nothing",
            "unit/test_plan_placement.py::test_affinity_is_for_added_processes_only"
            " unit/test_plan_placement.py::test_no_affinity"
            " integration/test_placement.py::test_affinity_of_exec",
        ),
        (
            "only descriptors 0 to 2 are open by default",
            "integration/test_run.py::test_only_stdio_is_open"
            " native/test_exec.py::test_descriptors_are_really_closed",
        ),
    ),
    "hooks": (
        (
            "run in their listed order, prestart before createRuntime before createContainer",
            "integration/test_hooks.py::test_order",
        ),
        ("get the state on standard input", "integration/test_hooks.py::test_state_on_stdin"),
        (
            "run in their namespaces, at their moment",
            "integration/test_hooks.py::test_where_they_run"
            " integration/test_hooks.py::test_hooks_see_the_cgroup",
        ),
        (
            "a failure, of poststart too, ends the container and goes on to poststop",
            "integration/test_hooks.py::test_a_hook_that_fails_stops_those_after_it"
            " integration/test_hooks.py::test_poststop_runs_after_a_failed_create",
        ),
        (
            "a failed poststop is a warning",
            "integration/test_hooks.py::test_a_failed_poststop_hook_is_a_warning",
        ),
    ),
    "mounts": (
        (
            "every option that the specification lists is one, with the kernel's number",
            "unit/test_features.py::test_every_option_of_the_specification_is_listed"
            " unit/test_features.py::test_each_mount_option_is_understood"
            " unit/test_mount_options.py::test_the_numbers_are_the_kernel_s"
            " unit/test_mount_options.py::test_no_option_of_the_spec_reaches_the_filesystem",
        ),
        (
            "other options are the file system's",
            "unit/test_mount_options.py::test_unknown_options_are_the_filesystem_s",
        ),
        (
            "options act, recursive ones on all that is mounted below",
            "native/test_rootfs_mounts.py::test_bind_clears_flags"
            " native/test_rootfs_mounts.py::test_bind_recursive_flags"
            " native/test_rootfs_mounts.py::test_bind_sets_an_atime_mode"
            " native/test_rootfs_mounts.py::test_remount_of_flags",
        ),
        (
            "a bind mount is one by its option, never by its type",
            "unit/test_plan_mounts.py::test_bind_is_decided_by_the_options_never_by_the_type",
        ),
        (
            "a relative source of a bind mount is below the bundle",
            "unit/test_plan_mounts.py::test_a_relative_source_is_below_the_bundle",
        ),
        (
            "a relative destination counts from /, with a warning",
            "unit/test_spec_rules.py::test_warnings",
        ),
        (
            "mappings of a mount come in pairs, with `idmap` or `ridmap`; without mappings these"
            " take the container's user namespace, or are an error",
            "unit/test_spec_rules.py::test_errors"
            " unit/test_plan_userns.py::test_without_mappings_of_its_own_it_has_the_containers"
            " integration/test_idmap.py::test_the_containers_own_mapping"
            " integration/test_idmap.py::test_all_that_is_mounted_below",
        ),
        (
            "`tmpcopyup` fills a tmpfs with what it covers",
            "native/test_rootfs_mounts.py::test_copy_up_leaves_out_what_is_mounted_below",
        ),
    ),
    "linux": (
        (
            "/proc, /sys, /dev/pts and /dev/shm can be had",
            "integration/test_run.py::test_the_file_systems_that_programs_expect",
        ),
        (
            "default devices are made, with the console of a terminal and /dev/ptmx",
            "unit/test_plan_devices.py::test_default_devices"
            " unit/test_plan_devices.py::test_ptmx_stays_a_link"
            " integration/test_terminal.py::test_console_socket",
        ),
        (
            "links in /dev: fd, stdin, stdout, stderr",
            "unit/test_plan_devices.py::test_links native/test_rootfs_devices.py::test_symlink",
        ),
        (
            "namespaces: a wrong type, a second one of a type or a relative path is an error;"
            " one that is not named is the runtime's",
            "unit/test_plan_compile.py::test_refused_namespaces"
            " native/test_namespace.py::test_joining_the_wrong_kind"
            " unit/test_plan_compile.py::test_the_clone_makes_the_pid_namespace_and_the_init_the_others",
        ),
        (
            "mappings change no owner in the file system",
            "integration/test_user_namespace.py::test_files_of_in_and_outside",
        ),
        (
            "time offsets are those of a new time namespace",
            "integration/test_time_namespace.py::test_the_clocks_of_a_new_one"
            " integration/test_time_namespace.py::test_what_is_refused",
        ),
        (
            "an existing file that is another device is an error",
            "native/test_rootfs_devices.py::test_existing_something_else",
        ),
        (
            "network devices move with their permanent addresses and are set up; a clash is an error",
            "integration/test_net_devices.py::test_a_device_moves_with_all_that_is_its_own"
            " integration/test_net_devices.py::test_what_cannot_be_moved",
        ),
        (
            "one `cgroupsPath` is one place; a relative one is below the runtime's own",
            "unit/test_plan_resources.py::test_cgroup_path"
            " unit/test_plan_cgroup_mounts.py::test_a_relative_cgroup_path_is_below_the_runtime_s_own"
            " integration/test_cgroups_delegated.py::test_a_relative_path_lies_in_the_users_part"
            " integration/test_rootless_user.py::test_a_life",
        ),
        (
            "a cgroup is given to the container's user only with a cgroup namespace and a writable"
            " mount, on cgroup2",
            "unit/test_plan_cgroup_mounts.py::test_a_writable_cgroup_is_given_to_the_process_s_user"
            " unit/test_plan_cgroup_mounts.py::test_a_cgroup_is_given_to_nobody_where_that_is_unsafe_or_of_no_use"
            " integration/test_cgroups_v2.py::test_delegation_gives_only_what_the_kernel_names",
        ),
        (
            "an unfit cgroup (frozen, not empty) is an error",
            "integration/test_cgroups_v1.py::test_a_used_cgroup_is_refused_and_left_alone"
            " integration/test_cgroups_v1.py::test_a_frozen_cgroup_is_refused"
            " integration/test_cgroups_v2.py::test_a_used_one_is_refused"
            " integration/test_cgroups_v2.py::test_a_frozen_one_is_refused",
        ),
        (
            "device rules count in their order, above a rule that denies all",
            "unit/test_plan_resources.py::test_devices_are_denied_by_default_and_the_usual_allowed_at_the_end"
            " integration/test_cgroups_devices.py::test_single_accesses",
        ),
        (
            "a field of cgroup v1 is converted on cgroup2, or an error",
            "unit/test_plan_resources.py::test_shares_to_weight"
            " unit/test_plan_resources.py::test_what_cgroup2_has_no_counterpart_of",
        ),
        (
            "`unified` is written as it is, after all else; without the controller it is an error",
            "unit/test_plan_resources.py::test_unified_comes_last_line_by_line"
            " unit/test_plan_resources.py::test_unified_needs_cgroup2"
            " integration/test_cgroups_v2.py::test_a_limit_without_its_controller_says_so",
        ),
        (
            "0 is a limit of pids; limits of huge pages hold for reservations, too",
            "unit/test_plan_resources.py::test_pids_zero_is_a_limit"
            " unit/test_plan_resources.py::test_huge_pages_are_limited_with_their_reservations",
        ),
        (
            "resctrl: no file system is an error; the order of writing; a group that differs is an"
            " error; only what was made is removed; monitoring groups",
            "integration/test_resctrl.py::test_no_resctrl"
            " unit/test_rdt.py::test_a_class_that_exists_must_agree"
            " unit/test_rdt.py::test_a_class_without_schema_must_exist"
            " unit/test_rdt.py::test_a_group_that_was_there_stays"
            " unit/test_rdt.py::test_monitoring",
        ),
        (
            "memory policies, their flags, and none at all",
            "unit/test_plan_placement.py::test_memory_policy_of_both_kinds_of_process"
            " integration/test_placement.py::test_memory_policy",
        ),
        (
            "parameters of the kernel are those of the container's namespaces",
            "unit/test_spec_rules.py::test_errors"
            " native/test_rootfs_procfs.py::test_sysctl_of_the_new_namespace",
        ),
        (
            "seccomp: every action and operator; the container's state goes to the listener",
            "unit/test_plan_seccomp.py::test_actions"
            " unit/test_plan_seccomp.py::test_conditions_on_different_arguments_hold_together"
            " integration/test_seccomp.py::test_an_agent_answers"
            " integration/test_seccomp.py::test_an_agent_of_exec",
        ),
        (
            "propagation of the rootfs, masked and read-only paths",
            "native/test_rootfs_pivot.py::test_shared_root_is_a_group_of_its_own"
            " native/test_rootfs_pivot.py::test_slave_root_hears_of_the_host"
            " native/test_rootfs_pivot.py::test_masked_file"
            " native/test_rootfs_pivot.py::test_masked_directory"
            " native/test_rootfs_pivot.py::test_readonly_path",
        ),
    ),
    "runtime": (
        (
            "the state, in every status, is one by the specification's schema; paused is a status of"
            " this runtime's own",
            "unit/test_state.py::test_the_spec_state"
            " integration/test_output_schemas.py::test_the_state_in_every_status"
            " integration/test_output_schemas.py::test_the_state_that_hooks_get",
        ),
        (
            "an agent of a filter gets the container process state",
            "integration/test_output_schemas.py::test_the_state_that_an_agent_gets"
            " integration/test_seccomp.py::test_an_agent_of_an_init_that_goes_on_as_a_child",
        ),
        (
            "create, start, kill and delete refuse what the status does not allow",
            "integration/test_lifecycle.py::test_start_is_for_created_containers"
            " integration/test_lifecycle.py::test_kill_of_what_does_not_run"
            " integration/test_lifecycle.py::test_delete_refuses_a_running_container",
        ),
        (
            "an id is unique on the host",
            "integration/test_lifecycle.py::test_the_id_in_use"
            " integration/test_lifecycle.py::test_two_creates_of_one_id_at_once",
        ),
        (
            "delete removes what create made, and no more",
            "integration/test_cgroups_v1.py::test_a_directory_in_each_hierarchy_and_none_after"
            " integration/test_cgroups_v1.py::test_an_empty_cgroup_is_taken_and_stays",
        ),
    ),
    "features": (
        (
            "`features` is valid by the specification's schema, and tells of what is compiled",
            "integration/test_output_schemas.py::test_features"
            " unit/test_features.py::test_words_are_those_of_the_specification"
            " unit/test_features.py::test_what_is_enabled_is_compiled"
            " unit/test_features.py::test_each_namespace_can_be_made",
        ),
    ),
}
