# SPDX-License-Identifier: Apache-2.0
# Generated from schemas/platforms.json by tools/gen_validators.py; do not edit.
# ruff: noqa
# fmt: off
"""Validators of the sections of other platforms."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Fault = tuple[str, str, str]


def _key(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _int(x: Any, low: int | None, high: int | None) -> tuple[str, str] | None:
    if (type(x) is not int and type(x) is not float) or x % 1 != 0:
        return "type", "must be an integer"
    if low is not None and x < low:
        return "minimum", f"must be at least {low}"
    if high is not None and x > high:
        return "maximum", f"must be at most {high}"
    return None


def _word(x: Any, keyword: str) -> tuple[str, str]:
    if type(x) is not str:
        return "type", "must be a string"
    return keyword, "is not one of the known values" if keyword == "enum" else "has a wrong form"


def _strings(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str:
            return f"/{i}", "type", "must be a string"
    return None


_W0 = frozenset(("raw", "qcow2", "vdi", "vmdk", "vhd",))
_W1 = frozenset(("class",))
_W2 = frozenset(("mount", "pid", "uts", "ipc",))
_W3 = frozenset(("new", "inherit",))
_W4 = frozenset(("disable", "new", "inherit",))


def _allow(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "setHostname" in v:
        x = v["setHostname"]
        if x is not True and x is not False:
            return "/setHostname", "type", "must be true or false"
    if "rawSockets" in v:
        x = v["rawSockets"]
        if x is not True and x is not False:
            return "/rawSockets", "type", "must be true or false"
    if "chflags" in v:
        x = v["chflags"]
        if x is not True and x is not False:
            return "/chflags", "type", "must be true or false"
    if "mount" in v:
        x = v["mount"]
        if e := _strings(x):
            return "/mount" + e[0], e[1], e[2]
    if "quotas" in v:
        x = v["quotas"]
        if x is not True and x is not False:
            return "/quotas", "type", "must be true or false"
    if "socketAf" in v:
        x = v["socketAf"]
        if x is not True and x is not False:
            return "/socketAf", "type", "must be true or false"
    if "mlock" in v:
        x = v["mlock"]
        if x is not True and x is not False:
            return "/mlock", "type", "must be true or false"
    if "reservedPorts" in v:
        x = v["reservedPorts"]
        if x is not True and x is not False:
            return "/reservedPorts", "type", "must be true or false"
    if "suser" in v:
        x = v["suser"]
        if x is not True and x is not False:
            return "/suser", "type", "must be true or false"
    return None


def _jail(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "parent" in v:
        x = v["parent"]
        if type(x) is not str:
            return "/parent", "type", "must be a string"
    if "host" in v:
        x = v["host"]
        if type(x) is not str or x not in _W3:
            return "/host", *_word(x, "enum")
    if "ip4" in v:
        x = v["ip4"]
        if type(x) is not str or x not in _W4:
            return "/ip4", *_word(x, "enum")
    if "ip4Addr" in v:
        x = v["ip4Addr"]
        if e := _strings(x):
            return "/ip4Addr" + e[0], e[1], e[2]
    if "ip6" in v:
        x = v["ip6"]
        if type(x) is not str or x not in _W4:
            return "/ip6", *_word(x, "enum")
    if "ip6Addr" in v:
        x = v["ip6Addr"]
        if e := _strings(x):
            return "/ip6Addr" + e[0], e[1], e[2]
    if "vnet" in v:
        x = v["vnet"]
        if type(x) is not str or x not in _W3:
            return "/vnet", *_word(x, "enum")
    if "interface" in v:
        x = v["interface"]
        if type(x) is not str:
            return "/interface", "type", "must be a string"
    if "vnetInterfaces" in v:
        x = v["vnetInterfaces"]
        if e := _strings(x):
            return "/vnetInterfaces" + e[0], e[1], e[2]
    if "sysvmsg" in v:
        x = v["sysvmsg"]
        if type(x) is not str or x not in _W4:
            return "/sysvmsg", *_word(x, "enum")
    if "sysvsem" in v:
        x = v["sysvsem"]
        if type(x) is not str or x not in _W4:
            return "/sysvsem", *_word(x, "enum")
    if "sysvshm" in v:
        x = v["sysvshm"]
        if type(x) is not str or x not in _W4:
            return "/sysvshm", *_word(x, "enum")
    if "enforceStatfs" in v:
        x = v["enforceStatfs"]
        if (type(x) is not int or not 0 <= x <= 255) and (bad := _int(x, 0, 255)):
            return "/enforceStatfs", bad[0], bad[1]
    if "allow" in v:
        x = v["allow"]
        if e := _allow(x):
            return "/allow" + e[0], e[1], e[2]
    return None


def _device_(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "path" in v:
        x = v["path"]
        if type(x) is not str:
            return "/path", "type", "must be a string"
    if "mode" in v:
        x = v["mode"]
        if (type(x) is not int or not 0 <= x <= 511) and (bad := _int(x, 0, 511)):
            return "/mode", bad[0], bad[1]
    return None


def _devices_(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _device_(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def freebsd(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "devices" in v:
        x = v["devices"]
        if e := _devices_(x):
            return "/devices" + e[0], e[1], e[2]
    if "jail" in v:
        x = v["jail"]
        if e := _jail(x):
            return "/jail" + e[0], e[1], e[2]
    return None


def _namespace(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "type" not in v:
        return "", "required", 'needs "type"'
    x = v["type"]
    if type(x) is not str or x not in _W2:
        return "/type", *_word(x, "enum")
    if "path" in v:
        x = v["path"]
        if type(x) is not str:
            return "/path", "type", "must be a string"
    return None


def _namespaces(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _namespace(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def zos(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "namespaces" in v:
        x = v["namespaces"]
        if e := _namespaces(x):
            return "/namespaces" + e[0], e[1], e[2]
    return None


def _anet_item(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "linkname" in v:
        x = v["linkname"]
        if type(x) is not str:
            return "/linkname", "type", "must be a string"
    if "lowerLink" in v:
        x = v["lowerLink"]
        if type(x) is not str:
            return "/lowerLink", "type", "must be a string"
    if "allowedAddress" in v:
        x = v["allowedAddress"]
        if type(x) is not str:
            return "/allowedAddress", "type", "must be a string"
    if "configureAllowedAddress" in v:
        x = v["configureAllowedAddress"]
        if type(x) is not str:
            return "/configureAllowedAddress", "type", "must be a string"
    if "defrouter" in v:
        x = v["defrouter"]
        if type(x) is not str:
            return "/defrouter", "type", "must be a string"
    if "macAddress" in v:
        x = v["macAddress"]
        if type(x) is not str:
            return "/macAddress", "type", "must be a string"
    if "linkProtection" in v:
        x = v["linkProtection"]
        if type(x) is not str:
            return "/linkProtection", "type", "must be a string"
    return None


def _anet(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _anet_item(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def _cappedMemory(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "physical" in v:
        x = v["physical"]
        if type(x) is not str:
            return "/physical", "type", "must be a string"
    if "swap" in v:
        x = v["swap"]
        if type(x) is not str:
            return "/swap", "type", "must be a string"
    return None


def _cappedCPU(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "ncpus" in v:
        x = v["ncpus"]
        if type(x) is not str:
            return "/ncpus", "type", "must be a string"
    return None


def solaris(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "milestone" in v:
        x = v["milestone"]
        if type(x) is not str:
            return "/milestone", "type", "must be a string"
    if "limitpriv" in v:
        x = v["limitpriv"]
        if type(x) is not str:
            return "/limitpriv", "type", "must be a string"
    if "maxShmMemory" in v:
        x = v["maxShmMemory"]
        if type(x) is not str:
            return "/maxShmMemory", "type", "must be a string"
    if "cappedCPU" in v:
        x = v["cappedCPU"]
        if e := _cappedCPU(x):
            return "/cappedCPU" + e[0], e[1], e[2]
    if "cappedMemory" in v:
        x = v["cappedMemory"]
        if e := _cappedMemory(x):
            return "/cappedMemory" + e[0], e[1], e[2]
    if "anet" in v:
        x = v["anet"]
        if e := _anet(x):
            return "/anet" + e[0], e[1], e[2]
    return None


def _hyperv(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "utilityVMPath" in v:
        x = v["utilityVMPath"]
        if type(x) is not str:
            return "/utilityVMPath", "type", "must be a string"
    return None


def _credentialSpec(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    return None


def _network(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "endpointList" in v:
        x = v["endpointList"]
        if e := _strings(x):
            return "/endpointList" + e[0], e[1], e[2]
    if "allowUnqualifiedDNSQuery" in v:
        x = v["allowUnqualifiedDNSQuery"]
        if x is not True and x is not False:
            return "/allowUnqualifiedDNSQuery", "type", "must be true or false"
    if "DNSSearchList" in v:
        x = v["DNSSearchList"]
        if e := _strings(x):
            return "/DNSSearchList" + e[0], e[1], e[2]
    if "networkSharedContainerName" in v:
        x = v["networkSharedContainerName"]
        if type(x) is not str:
            return "/networkSharedContainerName", "type", "must be a string"
    if "networkNamespace" in v:
        x = v["networkNamespace"]
        if type(x) is not str:
            return "/networkNamespace", "type", "must be a string"
    return None


def _storage(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "iops" in v:
        x = v["iops"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/iops", bad[0], bad[1]
    if "bps" in v:
        x = v["bps"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/bps", bad[0], bad[1]
    if "sandboxSize" in v:
        x = v["sandboxSize"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/sandboxSize", bad[0], bad[1]
    return None


def _affinity(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "mask" in v:
        x = v["mask"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/mask", bad[0], bad[1]
    if "group" in v:
        x = v["group"]
        if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
            return "/group", bad[0], bad[1]
    return None


def _cpu(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "count" in v:
        x = v["count"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/count", bad[0], bad[1]
    if "shares" in v:
        x = v["shares"]
        if (type(x) is not int or not 0 <= x <= 65535) and (bad := _int(x, 0, 65535)):
            return "/shares", bad[0], bad[1]
    if "maximum" in v:
        x = v["maximum"]
        if (type(x) is not int or not 0 <= x <= 65535) and (bad := _int(x, 0, 65535)):
            return "/maximum", bad[0], bad[1]
    if "affinity" in v:
        x = v["affinity"]
        if e := _affinity(x):
            return "/affinity" + e[0], e[1], e[2]
    return None


def _memory(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "limit" in v:
        x = v["limit"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/limit", bad[0], bad[1]
    return None


def _resources(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "memory" in v:
        x = v["memory"]
        if e := _memory(x):
            return "/memory" + e[0], e[1], e[2]
    if "cpu" in v:
        x = v["cpu"]
        if e := _cpu(x):
            return "/cpu" + e[0], e[1], e[2]
    if "storage" in v:
        x = v["storage"]
        if e := _storage(x):
            return "/storage" + e[0], e[1], e[2]
    return None


def _device(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "id" not in v:
        return "", "required", 'needs "id"'
    if "idType" not in v:
        return "", "required", 'needs "idType"'
    x = v["id"]
    if type(x) is not str:
        return "/id", "type", "must be a string"
    x = v["idType"]
    if type(x) is not str or x not in _W1:
        return "/idType", *_word(x, "enum")
    return None


def _devices(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _device(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def _layerFolders(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    if len(v) < 1:
        return "", "minItems", "must have at least 1 entry"
    for i, x in enumerate(v):
        if type(x) is not str:
            return f"/{i}", "type", "must be a string"
    return None


def windows(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "layerFolders" not in v:
        return "", "required", 'needs "layerFolders"'
    x = v["layerFolders"]
    if e := _layerFolders(x):
        return "/layerFolders" + e[0], e[1], e[2]
    if "devices" in v:
        x = v["devices"]
        if e := _devices(x):
            return "/devices" + e[0], e[1], e[2]
    if "resources" in v:
        x = v["resources"]
        if e := _resources(x):
            return "/resources" + e[0], e[1], e[2]
    if "network" in v:
        x = v["network"]
        if e := _network(x):
            return "/network" + e[0], e[1], e[2]
    if "credentialSpec" in v:
        x = v["credentialSpec"]
        if e := _credentialSpec(x):
            return "/credentialSpec" + e[0], e[1], e[2]
    if "servicing" in v:
        x = v["servicing"]
        if x is not True and x is not False:
            return "/servicing", "type", "must be true or false"
    if "ignoreFlushesDuringBoot" in v:
        x = v["ignoreFlushesDuringBoot"]
        if x is not True and x is not False:
            return "/ignoreFlushesDuringBoot", "type", "must be true or false"
    if "hyperv" in v:
        x = v["hyperv"]
        if e := _hyperv(x):
            return "/hyperv" + e[0], e[1], e[2]
    return None


def _uint32s(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
            return f"/{i}", bad[0], bad[1]
    return None


def _iomem(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "firstMFN" not in v:
        return "", "required", 'needs "firstMFN"'
    if "nrMFNs" not in v:
        return "", "required", 'needs "nrMFNs"'
    if "firstGFN" in v:
        x = v["firstGFN"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/firstGFN", bad[0], bad[1]
    x = v["firstMFN"]
    if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
        return "/firstMFN", bad[0], bad[1]
    x = v["nrMFNs"]
    if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
        return "/nrMFNs", bad[0], bad[1]
    return None


def _iomems(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _iomem(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def _hwConfig(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "deviceTree" in v:
        x = v["deviceTree"]
        if type(x) is not str:
            return "/deviceTree", "type", "must be a string"
    if "vcpus" in v:
        x = v["vcpus"]
        if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
            return "/vcpus", bad[0], bad[1]
    if "memory" in v:
        x = v["memory"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/memory", bad[0], bad[1]
    if "dtdevs" in v:
        x = v["dtdevs"]
        if e := _strings(x):
            return "/dtdevs" + e[0], e[1], e[2]
    if "iomems" in v:
        x = v["iomems"]
        if e := _iomems(x):
            return "/iomems" + e[0], e[1], e[2]
    if "irqs" in v:
        x = v["irqs"]
        if e := _uint32s(x):
            return "/irqs" + e[0], e[1], e[2]
    return None


def _image(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "path" not in v:
        return "", "required", 'needs "path"'
    if "format" not in v:
        return "", "required", 'needs "format"'
    x = v["path"]
    if type(x) is not str:
        return "/path", "type", "must be a string"
    x = v["format"]
    if type(x) is not str or x not in _W0:
        return "/format", *_word(x, "enum")
    return None


def _kernel(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "path" not in v:
        return "", "required", 'needs "path"'
    x = v["path"]
    if type(x) is not str:
        return "/path", "type", "must be a string"
    if "parameters" in v:
        x = v["parameters"]
        if e := _strings(x):
            return "/parameters" + e[0], e[1], e[2]
    if "initrd" in v:
        x = v["initrd"]
        if type(x) is not str:
            return "/initrd", "type", "must be a string"
    return None


def _hypervisor(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "path" not in v:
        return "", "required", 'needs "path"'
    x = v["path"]
    if type(x) is not str:
        return "/path", "type", "must be a string"
    if "parameters" in v:
        x = v["parameters"]
        if e := _strings(x):
            return "/parameters" + e[0], e[1], e[2]
    return None


def vm(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "kernel" not in v:
        return "", "required", 'needs "kernel"'
    if "hypervisor" in v:
        x = v["hypervisor"]
        if e := _hypervisor(x):
            return "/hypervisor" + e[0], e[1], e[2]
    x = v["kernel"]
    if e := _kernel(x):
        return "/kernel" + e[0], e[1], e[2]
    if "image" in v:
        x = v["image"]
        if e := _image(x):
            return "/image" + e[0], e[1], e[2]
    if "hwConfig" in v:
        x = v["hwConfig"]
        if e := _hwConfig(x):
            return "/hwConfig" + e[0], e[1], e[2]
    return None
