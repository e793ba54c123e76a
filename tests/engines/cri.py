# SPDX-License-Identifier: Apache-2.0
"""containerd as Kubernetes calls it: its own daemon, a network, pods and containers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from engines.containerd import Daemon
from engines.image import NAME
from engines.websocket import Channels

PAUSE = "localhost/pause:test"
CONFIG = """
version = 2
root = "{here}/root"
state = "{here}/state"
[grpc]
  address = "{here}/containerd.sock"
[ttrpc]
  address = "{here}/containerd.sock.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "{here}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{here}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "pyruntime"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.pyruntime]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.pyruntime.options]
        BinaryName = "{runtime}"
        SystemdCgroup = {systemd}
"""
NETWORK = {
    "cniVersion": "0.4.0",
    "name": "test",
    "plugins": [
        {
            "type": "ptp",
            "ipam": {
                "type": "host-local",
                "subnet": "10.99.79.0/24",
                "dataDir": "",
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        }
    ],
}


def configure(here: Path, runtime: Path, *, systemd: bool = False) -> str:
    """Write the network's configuration; give the daemon's."""
    network = json.loads(json.dumps(NETWORK))
    network["plugins"][0]["ipam"]["dataDir"] = str(here / "addresses")
    (here / "cni").mkdir()
    (here / "cni/10-test.conflist").write_text(json.dumps(network))
    return CONFIG.format(
        here=here, pause=PAUSE, runtime=runtime, systemd="true" if systemd else "false"
    )


class Cri:
    """A client of a daemon."""

    def __init__(self, daemon: Daemon) -> None:
        client = Path(__file__).with_name("cri_client.py")
        self.daemon = daemon
        self._process = subprocess.Popen(
            [sys.executable, client, daemon.address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, method: str, *, service: str = "Runtime", **request: Any) -> dict[str, Any]:
        """One call. Raises RuntimeError with what the daemon says."""
        assert self._process.stdin and self._process.stdout
        call = {"service": service, "method": method, "request": request}
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        if "error" in found:
            raise RuntimeError(found["error"])
        answer: dict[str, Any] = found["answer"]
        return answer

    def stream(self, method: str, **request: Any) -> Channels:
        """What the daemon gives an address for: Exec, Attach, PortForward."""
        url = self(method, **request)["url"]
        return Channels(url, [*self.daemon.inside, "busybox", "nc"])

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)


def parent_of(name: str) -> str:
    """As Kubernetes gives it: a slice by its name, a cgroup by its path."""
    return name if name.endswith(".slice") else f"/{name}"


class Pod:
    """A sandbox and its containers."""

    def __init__(self, cri: Cri, name: str, logs: Path, parent: str, **security: Any) -> None:
        self.cri = cri
        self.config: dict[str, Any] = {
            "metadata": {"name": name, "uid": name, "namespace": "test"},
            "hostname": name.strip("-"),
            "log_directory": str(logs),
            "linux": {"cgroup_parent": parent_of(parent), "security_context": security},
        }
        if security.get("namespace_options", {}).get("network") == "NODE":
            del self.config["hostname"]
        self.id = cri("RunPodSandbox", config=self.config)["pod_sandbox_id"]
        self.count = 0

    def create(self, *command: str, **more: Any) -> str:
        """A container that is not started; its log is N.log in the pod's directory."""
        config = {
            "metadata": {"name": f"c{self.count}"},
            "image": {"image": NAME},
            "command": list(command),
            "log_path": f"{self.count}.log",
            **more,
        }
        self.count += 1
        found = self.cri(
            "CreateContainer",
            pod_sandbox_id=self.id,
            config=config,
            sandbox_config=self.config,
        )
        container: str = found["container_id"]
        return container

    def start(self, *command: str, **more: Any) -> str:
        container = self.create(*command, **more)
        self.cri("StartContainer", container_id=container)
        return container

    def remove(self) -> None:
        self.cri("StopPodSandbox", pod_sandbox_id=self.id)
        self.cri("RemovePodSandbox", pod_sandbox_id=self.id)
