"""Known vulnerabilities of all pinned releases, shipped or not, as pip-audit finds them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.supply_chain.exceptions import Finding
from scripts.supply_chain.tools import ToolError, answer_of

_REQUIREMENTS = Path("requirements")
_SERVICES = {"pypi": "PyPI", "osv": "OSV"}


def known_vulnerabilities() -> tuple[str, Sequence[Finding]]:
    """What was looked at, and the findings. Raises ToolError where no service answers: nothing is known then."""
    refused = []
    for service, name in _SERVICES.items():
        try:
            pins = _pins(service)
        except ToolError as error:
            refused.append(f"{name}: {_short(str(error))}")
            continue
        # A pin that the service does not know is skipped by pip-audit, which then finds nothing wrong with it.
        if all("skip_reason" in pin for pin in pins):
            refused.append(f"{name} told nothing about any of the {len(pins)} pins")
            continue
        return f"{len(pins)} pins, by {name}", [finding for pin in pins for finding in _findings(pin)]
    raise ToolError(f"no service of vulnerabilities can be asked from here ({'; '.join(refused)})")


def _pins(service: str) -> list[dict[str, Any]]:
    files = [argument for file in sorted(_REQUIREMENTS.glob("*.txt")) for argument in ("-r", str(file))]
    options = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--timeout", "20", "-f", "json")
    pins: list[dict[str, Any]] = answer_of("pip_audit", *files, *options, "-s", service)["dependencies"]
    return pins


def _findings(pin: dict[str, Any]) -> list[Finding]:
    package = pin["name"]
    if reason := pin.get("skip_reason"):
        return [Finding(f"{package}: not audited: {reason}", {"id": "not-audited", "package": (package,)})]
    return [
        Finding(
            f"{package} {pin['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'no release'}",
            {"id": (found["id"], *found.get("aliases", ())), "package": (package,)},
        )
        for found in pin["vulns"]
    ]


def _short(said: str) -> str:
    """The cause, which a library wraps in several layers of others."""
    return said.rsplit(": ", maxsplit=1)[-1].strip("()\"' ")
