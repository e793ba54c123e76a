# SPDX-License-Identifier: Apache-2.0
"""Attacks on what the host shares: its mounts, its /proc, its devices, cgroups and keys."""

from __future__ import annotations

import shutil
from pathlib import Path

from evil.private import Edit, compile_c
from evil.scene import APART, Scene, Table, look

TABLE = Table()
ROOTFS = "_native/init/rootfs.c"
# The mounts of a machine of its own, all shared, before and after a command.
COMPARE = """
mount --make-rshared /
cat /proc/self/mountinfo >"$0.before"
"$@"
cat /proc/self/mountinfo >"$0.after"
"""


def host_mounts_after(scene: Scene, **changes: object) -> str:
    """What is new in the host's mountinfo, its tags of propagation included."""
    record = scene.place / "mounts"
    apart = ["unshare", "--mount", "--propagation", "private", "sh", "-c", COMPARE, str(record)]
    scene.run(scene.bundle(**changes), apart=apart)
    before, after = (Path(f"{record}.{when}").read_text() for when in ("before", "after"))
    assert "shared:" in before
    return "\n".join(set(after.splitlines()) - set(before.splitlines()))


@TABLE.attack(
    "",
    Edit(
        ROOTFS, 'long err = sys(mount, "", "/", 0, s->n[N_propagation_flags], 0);', "long err = 0;"
    ),
    Edit(ROOTFS, "int err = entered ? 0 : leave_group(dir, how);", "int err = 0;"),
)
def mounts_come_back_to_the_host(scene: Scene) -> str:
    return host_mounts_after(scene)


@TABLE.attack("", Edit(ROOTFS, "if (s->n[N_rootfs_open_flags] & ROOTFS_IN_PLACE)", "if (0)"))
def no_mount_namespace(scene: Scene) -> str:
    bare = {"namespaces": [{"type": "pid"}], "maskedPaths": [], "readonlyPaths": []}
    return host_mounts_after(scene, linux=bare, mounts=[], hostname=None)


@TABLE.attack(
    "CVE-2025-52881",
    Edit("_native/init/procfs.c", "int proc = open_detached(c);", "int proc = -EPERM;"),
    Edit(
        "_native/init/procfs.c",
        "RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;",
        "RESOLVE_NO_MAGICLINKS;",
    ),
)
def bait_over_a_parameter(scene: Scene) -> str:
    """A directory of the host lies over that of the parameter which the config sets."""
    (scene.canary / "msgmax").write_text("0")
    (scene.canary / "cap_last_cap").write_text(Path("/proc/sys/kernel/cap_last_cap").read_text())
    scene.before = look(scene.canary)
    bundle = scene.bundle(
        "cat /proc/sys/kernel/msgmax", linux={"sysctl": {"kernel.msgmax": "4242"}}
    )
    script = 'mount --bind "$0" /proc/sys/kernel; exec "$@"'
    apart = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]
    done = scene.run(bundle, apart=[*apart, str(scene.canary)])
    assert scene.weakened or done.stdout == "4242\n", done
    return scene.changed()


@TABLE.attack(
    "",
    Edit("spec/rules_linux.py", "_sysctl(name, spaces, found)\n    if", "pass\n    if"),
    says="fs.suid_dumpable",
)
def parameter_of_the_host(scene: Scene) -> str:
    """Set to what it is, so that no harm is done where the rule is taken out."""
    name = "fs.suid_dumpable"
    value = Path("/proc/sys/fs/suid_dumpable").read_text().strip()
    done = scene.run(scene.bundle(linux={"sysctl": {name: value}}))
    return "" if done.returncode else "a parameter of the host was written"


@TABLE.attack(
    "GHSA-g54h-m393-cpwq",
    Edit("cgroups/device_list.py", "    default = False\n", "    default = True\n"),
    Edit("plan/device_rules.py", 'found = [DeviceRule(False, "a", ANY, ANY, "rwm")]', "found = []"),
)
def no_device_rules_at_all(scene: Scene) -> str:
    """None is given: everything is denied all the same."""
    sets = {kind: ["CAP_MKNOD"] for kind in ("bounding", "effective", "permitted")}
    bundle = scene.bundle("mknod /dev/disk b 8 0 && cat /dev/disk", process={"capabilities": sets})
    bundle.change(linux={"resources": {"devices": []}})
    said = scene.run(bundle).stderr
    assert "disk" in said
    return "" if "Operation not permitted" in said else said


@TABLE.attack(
    "CVE-2022-0492",
    Edit("plan/cgroup_mounts.py", "attributes = base | attr_set & RDONLY", "attributes = base"),
)
def cgroups_are_writable(scene: Scene) -> str:
    script = (
        "for dir in /sys/fs/cgroup/*/; do mkdir $dir/evil && rmdir $dir/evil && echo $dir; done;"
        "find /sys/fs/cgroup -name release_agent -exec sh -c 'echo >$1 && echo $1' sh {} ';'"
    )
    return scene.run(scene.bundle(script)).stdout


# Prints the serial of its session keyring. With a command: in a new one, then execute that.
PROBE = """
#include <linux/keyctl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv)
{
  if (argc > 1)
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
  printf("%ld\\n", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
  fflush(stdout);
  return argc > 1 ? execv(argv[1], argv + 1) : 0;
}
"""


@TABLE.attack(
    "",
    Edit(
        "_native/init/process.c",
        "const char *name = str(c, s, S_keyring_join_name);",
        "const char *name = str(c, s, S_keyring_join_name);\n  if (*name)\n    return 0;",
    ),
)
def keys_of_the_caller(scene: Scene) -> str:
    bundle = scene.bundle("/probe")
    probe = bundle.rootfs / "probe"
    probe.with_suffix(".c").write_text(PROBE)
    compile_c("-static", "-o", probe, probe.with_suffix(".c"))
    unshare = shutil.which("unshare")
    assert unshare
    callers, containers = scene.run(bundle, apart=[str(probe), unshare, *APART[1:]]).stdout.split()
    assert int(callers) > 0
    return containers if containers == callers else ""
