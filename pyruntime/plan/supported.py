# SPDX-License-Identifier: Apache-2.0
"""What a valid config may ask for and this runtime does not carry out.

It is refused with its reason, never ignored. A value that asks for nothing (null, an empty
object) is no request. Further refusals that depend on the host are raised where the value is
compiled.
"""

from __future__ import annotations

from pyruntime.errors import Problem, Unsupported
from pyruntime.plan.field import is_annotated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.field import Map


def problems(config: Map) -> list[Problem]:
    """Every used field that is not carried out."""
    if is_annotated(config):
        from pyruntime.plan import annotations  # few containers have such

        return annotations.problems(config) + _fields(config)
    return _fields(config)


def _fields(config: Map) -> list[Problem]:
    if config.get("vm"):
        # The specification's config-vm is about the hypervisor, kernel and image of a container
        # that is a virtual machine.
        message = "is for runtimes with a hypervisor: this one makes containers of namespaces"
        return [Problem(message, pointer="/vm")]
    return []


def refuse(found: list[Problem]) -> None:
    """Raise Unsupported with all of them, if there are any."""
    if found:
        first = found[0]
        raise Unsupported(
            f"{first.pointer}: {first.message}", pointer=first.pointer, problems=found
        )
