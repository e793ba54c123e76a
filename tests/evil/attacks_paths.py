# SPDX-License-Identifier: Apache-2.0
"""Attacks by paths: links in the rootfs where the runtime mounts, makes or opens something."""

from __future__ import annotations

from evil.private import Edit
from evil.scene import SECRET, Scene, Table, link, mount, without

TABLE = Table()
PATH, DEVICE, MASK = (f"_native/init/{name}.c" for name in ("path", "device", "mask"))
ROOTFS, PIVOT, MOUNT = (f"_native/init/{name}.c" for name in ("rootfs", "pivot", "mount"))

FOLLOW_TO_TARGET = Edit(
    PATH,
    "int fd = path_openat2(c->rootfs, path, open_flags, resolve);",
    "int fd = path_openat2(c->rootfs, path + (*path == '/'), open_flags, 0);",
)
WALK_TO_HOST = Edit(
    PATH, 'int fd = open_component(w->root, ".");', 'int fd = open_component(AT_FDCWD, "/");'
)
FOLLOW_TO_PARENT = Edit(
    PATH,
    "path_openat2(c->rootfs, where, O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);",
    "path_openat2(c->rootfs, where + (*where == '/'), O_PATH | O_DIRECTORY, 0);",
)
ANY_NODE = Edit(
    DEVICE,
    "if (!node_matches(&st, want->mode & S_IFMT, want->major, want->minor))",
    "if (0)",
)


@TABLE.attack("CVE-2019-18837, CVE-2024-45310", FOLLOW_TO_TARGET, WALK_TO_HOST)
def mount_target_is_a_link(scene: Scene) -> str:
    """The mount point is missing on the host: it must not be made there."""
    bundle = scene.bundle()
    link(bundle.rootfs / "data", scene.canary)
    bundle.change(mounts=[*bundle.config["mounts"], mount("/data/sub")])
    scene.run(bundle)
    return scene.changed()


def _started_with_a_link_at(scene: Scene, name: str, target: str) -> str:
    bundle = scene.bundle()
    (bundle.rootfs / "x").mkdir()
    link(bundle.rootfs / name, target)
    done = scene.run(bundle)
    return "" if done.returncode else f"a container with a link at /{name}"


FOLLOW_PROC = Edit("plan/mounts.py", 'if kind in ("proc", "sysfs"):', "if kind in ():")


@TABLE.attack("CVE-2019-19921, CVE-2023-27561", FOLLOW_PROC, says="without a link")
def proc_is_a_link(scene: Scene) -> str:
    return _started_with_a_link_at(scene, "proc", "/x")


@TABLE.attack("CVE-2023-28642", FOLLOW_PROC, says="without a link")
def sys_is_a_link(scene: Scene) -> str:
    return _started_with_a_link_at(scene, "sys", "x")


@TABLE.attack(
    "CVE-2023-28642",
    FOLLOW_PROC,
    Edit(PATH, "int root = path_is_root(c, fd);", "int root = 0;"),
    says="without a link",
)
def proc_is_a_link_to_the_root(scene: Scene) -> str:
    return _started_with_a_link_at(scene, "proc", "/")


@TABLE.attack(
    "CVE-2019-16884",
    Edit(PATH, "if (!err && fs.f_type == PROC_SUPER_MAGIC)", "if (0)"),
    says="a link leads into a procfs",
)
def volume_leads_over_proc(scene: Scene) -> str:
    """An image declares a volume at a link to /proc, to fake what is read there."""
    bundle = scene.bundle("cat /proc/self/status >/dev/null || echo faked")
    link(bundle.rootfs / "volume", "/proc")
    bundle.change(mounts=[*bundle.config["mounts"], mount("/volume")])
    bundle.change(linux={"maskedPaths": [], "readonlyPaths": []})
    return scene.run(bundle).stdout


@TABLE.attack(
    "CVE-2019-16884",
    Edit("spec/rules.py", 'if "proc" not in destination:', "if True:"),
    Edit(
        "plan/mounts.py", 'here = f"{pointer}/destination"\n    if target', "return\n    if target"
    ),
    says="must be proc on /proc",
)
def tmpfs_over_proc(scene: Scene) -> str:
    bundle = scene.bundle(linux={"maskedPaths": [], "readonlyPaths": []})
    bundle.change(mounts=[*bundle.config["mounts"], mount("/proc")])
    return "" if scene.run(bundle).returncode else "a container without a true /proc"


@TABLE.attack("CVE-2026-41579", FOLLOW_TO_PARENT)
def dev_is_a_link(scene: Scene) -> str:
    """Nothing is mounted on /dev: nodes and links would be made on the host."""
    bundle = scene.bundle()
    link(bundle.rootfs / "dev", scene.canary)
    bundle.change(mounts=without(bundle, "/dev"))
    scene.run(bundle)
    return scene.changed()


@TABLE.attack(
    "CVE-2025-24965",
    ANY_NODE,
    Edit(
        DEVICE,
        "openat, parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);",
        "openat, parent, name, O_PATH | O_CLOEXEC, 0);",
    ),
    Edit(DEVICE, "if (err || made == -EEXIST)", "if (err)"),
)
def device_is_a_link(scene: Scene) -> str:
    """Its mode and owner would be set on the host's file."""
    bundle = scene.bundle()
    link(bundle.rootfs / "dev/zero", scene.canary / "file")
    bundle.change(mounts=without(bundle, "/dev"))
    scene.run(bundle)
    return scene.changed()


@TABLE.attack("CVE-2026-88265", ANY_NODE, says="is not this device")
def null_is_a_file_mounted_over(scene: Scene) -> str:
    bundle = scene.bundle("echo overwritten > /dev/null", linux={"maskedPaths": []})
    file = scene.canary / "file"
    over = mount("/dev/null", "bind", str(file), "bind")
    bundle.change(mounts=[*bundle.config["mounts"], over])
    scene.run(bundle)
    return scene.changed()


@TABLE.attack(
    "CVE-2025-31133",
    Edit(MASK, 'path_open(c, "/dev/null", O_NOFOLLOW)', 'path_open(c, "/dev/null", 0)'),
    Edit(MASK, "if (!node_matches(&st, S_IFCHR, NULL_MAJOR, NULL_MINOR))", "if (0)"),
    says="not the null device",
)
def mask_is_a_link(scene: Scene) -> str:
    """/dev is a volume of the attacker's, so that no device is made in it."""
    bundle = scene.bundle("cat /etc/hidden", linux={"maskedPaths": ["/etc/hidden"]})
    volume = scene.place / "volume"
    volume.mkdir()
    (volume / "null").symlink_to("/etc/bait")
    (bundle.rootfs / "etc/hidden").write_text("hidden")
    (bundle.rootfs / "etc/bait").write_text("bait")
    dev = mount("/dev", "bind", str(volume), "bind")
    bundle.change(mounts=[*without(bundle, "/dev"), dev])
    return scene.run(bundle).stdout


@TABLE.attack(
    "",
    Edit(MASK, "(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |", "(MOUNT_ATTR_NOSUID |"),
    Edit(MASK, 'make_empty(c, "1", label, path)', 'make_empty(c, "9", label, path)'),
)
def masked_directory_is_written(scene: Scene) -> str:
    bundle = scene.bundle("mkdir /etc/dir/x && ls /etc/dir", linux={"maskedPaths": ["/etc/dir"]})
    (bundle.rootfs / "etc/dir").mkdir()
    return scene.run(bundle).stdout


@TABLE.attack(
    "CVE-2026-115521",
    Edit(
        PIVOT,
        "int err = tree_setattr(c->rootfs, 0, MOUNT_ATTR_RDONLY, 0);",
        "char at[] = \"/proc/self/fd/?\";\n  at[14] = (char)('0' + c->rootfs);\n"
        "  int err = (int)sys(mount, 0, at, 0, MS_REMOUNT | MS_BIND | MS_RDONLY, 0);",
    ),
)
def image_steers_the_late_remount(scene: Scene) -> str:
    """The image brings a /proc/self/fd that leads elsewhere."""
    bundle = scene.bundle("touch /written && ls /written", root={"readonly": True})
    fds = bundle.rootfs / "proc/self/fd"
    fds.mkdir(parents=True)
    (bundle.rootfs / "mnt").mkdir()
    for number in range(3, 10):
        (fds / str(number)).symlink_to("/mnt")
    bundle.change(mounts=[mount("/mnt")], linux={"maskedPaths": [], "readonlyPaths": []})
    return scene.run(bundle).stdout


@TABLE.attack("", Edit(MOUNT, "  err = bind_attributes(c, s, source);", "  err = 0;"))
def mount_point_inside_a_read_only_bind(scene: Scene) -> str:
    bundle = scene.bundle()
    volume = mount("/volume", "bind", str(scene.canary), "bind", "ro")
    bundle.change(mounts=[*bundle.config["mounts"], volume, mount("/volume/missing")])
    scene.run(bundle)
    return scene.changed()


@TABLE.attack(
    "",
    Edit(
        ROOTFS,
        'entered ? "." : path, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0)',
        'entered ? "." : path, O_PATH | O_DIRECTORY, 0)',
    ),
    says="open rootfs",
)
def rootfs_is_a_link(scene: Scene) -> str:
    bundle = scene.bundle()
    bundle.rootfs.rename(bundle.path / "real")
    bundle.rootfs.symlink_to("real")
    return "" if scene.run(bundle).returncode else "a container in a place that a link chose"


@TABLE.attack(
    "",
    Edit(
        "_native/init/copyup.c",
        "openat, from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);",
        "openat, from, name, O_PATH | O_CLOEXEC, 0);",
    ),
    Edit("_native/init/copyup.c", "O_RDONLY | O_NOFOLLOW | O_NONBLOCK", "O_RDONLY | O_NONBLOCK"),
)
def copy_up_of_a_link(scene: Scene) -> str:
    """What a link leads to on the host would be copied in."""
    bundle = scene.bundle("cat /data/link")
    (bundle.rootfs / "data").mkdir()
    (bundle.rootfs / "data/link").symlink_to(scene.canary / "file")
    volume = mount("/data", "tmpfs", "tmpfs", "tmpcopyup")
    bundle.change(mounts=[*bundle.config["mounts"], volume])
    found = scene.run(bundle).stdout
    return found if SECRET in found else ""


@TABLE.attack(
    "",
    Edit(
        "state.py",
        "    if not container_id:\n        raise",
        "    return\n    if 0:\n        raise",
    ),
)
def id_leads_out_of_the_state_directory(scene: Scene) -> str:
    bundle = scene.bundle()
    root = scene.runtime.root
    root.mkdir(exist_ok=True)
    command = scene.runtime.command("run", "--bundle", bundle, f"../{scene.canary.name}/x")
    scene.call(command)
    return scene.changed()
