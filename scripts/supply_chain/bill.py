"""The bill of materials in CycloneDX: Tasador with its native kernel, and every library that it is shipped with.

The tool knows licences and who needs whom from an environment, and hashes from requirement files: this is both, for
the pins of the files that are named, as the environment's platform installs them, whatever else is installed there.
"""

import hashlib
import itertools
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from application.version import VERSION
from scripts.supply_chain.exceptions import Policy
from scripts.supply_chain.tools import ToolError, answer_of

SHIPPED = ("requirements/serve.txt", "requirements/train.txt")
"""What an installation has that serves, and one that trains; the images too."""

_KERNEL = Path("adapters", "valuation_models", "kernel")
_COMMON = ("--pyproject", "pyproject.toml", "--output-reproducible")

Component = dict[str, Any]


def bill_of_materials(python: str, policy: Policy, files: Sequence[str] = SHIPPED) -> dict[str, Any]:
    """The bill of what the interpreter `python` has of these requirement files, as JSON.

    Raises ToolError where a pin is not met.

    A licence is what the library's metadata states, or what the policy concludes where that is not enough.
    """
    bill: dict[str, Any] = answer_of("cyclonedx_py", "environment", python, *_COMMON)
    shipped = _shipped(bill["components"], files)
    for exempt in policy.of("licence"):
        if component := shipped.get(canonicalize_name(exempt.asked["package"])):
            component["licenses"] = [{"expression": exempt.concluded, "acknowledgement": "concluded"}]
    bill["components"] = list(shipped.values())
    bill["metadata"]["component"] |= {"version": VERSION, "components": [_kernel(VERSION)]}
    bill["dependencies"] = _dependencies(bill, shipped)
    return bill


def shipped_components(python: str) -> list[Component]:
    """The libraries alone, with the licences that their own metadata states. Raises ToolError where one is missing."""
    bill: dict[str, Any] = answer_of("cyclonedx_py", "environment", python, *_COMMON)
    return list(_shipped(bill["components"], SHIPPED).values())


def _shipped(installed: list[Component], files: Sequence[str]) -> dict[str, Component]:
    """By name: the installed components that the files pin, with the hashes of what may be fetched for each."""
    by_name = {_name(component): component for component in installed}
    shipped: dict[str, Component] = {}
    for file in files:
        pins = answer_of("cyclonedx_py", "requirements", file, *_COMMON)["components"]
        hashes = {_name(pin): pin["externalReferences"] for pin in pins}
        for pin in _pins(Path(file).read_text("utf-8")):
            name = canonicalize_name(pin.name)
            component = by_name.get(name)
            if component is None or not pin.specifier.contains(component["version"], prereleases=True):
                there = component["version"] if component else "nothing"
                raise ToolError(f"{file} asks for {pin.name}{pin.specifier}, and {there} of it is installed")
            if name in shipped:
                continue
            component.pop("properties", None)  # who else there asks for extras of it
            component["externalReferences"] = [*component.get("externalReferences", ()), *hashes[name]]
            shipped[name] = component
    return dict(sorted(shipped.items()))


def _pins(text: str) -> list[Requirement]:
    """What a compiled file installs on this platform, in its order."""
    lines = re.findall(r"^[A-Za-z0-9][^\\\n]*", text, flags=re.MULTILINE)
    pins = [Requirement(line.strip()) for line in lines]
    return [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]


def _kernel(version: str) -> Component:
    """The native kernel: its sources, since each machine compiles them itself."""
    sources = sorted(_KERNEL.glob("*.[ch]"))
    digests = [(file, hashlib.sha256(file.read_bytes()).hexdigest()) for file in sources]
    return {
        "bom-ref": "tasador-kernel",
        "type": "library",
        "name": "tasador-kernel",
        "version": version,
        "description": "Computes valuations: a shared library in C, compiled when Tasador is installed.",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "components": [
            {
                "bom-ref": file.as_posix(),
                "type": "file",
                "name": file.as_posix(),
                "hashes": [{"alg": "SHA-256", "content": digest}],
            }
            for file, digest in digests
        ],
    }


def _dependencies(bill: dict[str, Any], shipped: dict[str, Component]) -> list[dict[str, Any]]:
    """Who needs whom among what is shipped; Tasador needs what pyproject.toml names, for extras too, and its kernel."""
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    named = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    direct = {canonicalize_name(Requirement(one).name) for one in named} & set(shipped)
    references = {component["bom-ref"] for component in shipped.values()}
    graph = [
        {"ref": one["ref"], "dependsOn": sorted(references & set(one.get("dependsOn", ())))}
        for one in bill["dependencies"]
        if one["ref"] in references
    ]
    needed = sorted(shipped[name]["bom-ref"] for name in direct)
    root = {"ref": bill["metadata"]["component"]["bom-ref"], "dependsOn": [*needed, "tasador-kernel"]}
    return [root, {"ref": "tasador-kernel"}, *sorted(graph, key=lambda one: str(one["ref"]))]


def _name(component: Component) -> str:
    return canonicalize_name(str(component["name"]))
