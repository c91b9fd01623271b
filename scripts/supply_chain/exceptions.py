"""What an audit may let pass: the exceptions of requirements/audit.toml, each with its reason."""

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

POLICY = Path("requirements", "audit.toml")
KINDS = {  # by kind: what an exception says to match a finding, the first of them always
    "vulnerability": ("id", "package"),
    "code": ("rule", "file", "line"),
    "secret": ("fingerprint", "file"),
    "licence": ("package", "stated"),
}


class PolicyError(Exception):
    """The file of exceptions is not as it should be: which entry, and what it lacks."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a tool found.

    Attributes:
        text: One line for people.
        facts: What exceptions ask for, by name: a text that holds it, or all the names that it goes by.
    """

    text: str
    facts: Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Exempt:
    """A finding that was looked at and may stay; `until` is the day on which somebody looks again."""

    kind: str
    asked: Mapping[str, str]
    reason: str
    until: dt.date | None = None
    concluded: str | None = None

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is all that the exception asks for."""
        return all(asked in finding.facts[name] for name, asked in self.asked.items())

    def __str__(self) -> str:
        return f"exception for {', '.join(self.asked.values())}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is left of a tool's findings: the lines to print, and how many findings were let pass."""

    left: Sequence[str]
    let_pass: int


@dataclass(frozen=True, slots=True)
class Policy:
    """The file of exceptions: which licences may be shipped, and what may stay."""

    licences: frozenset[str]
    exempt: Sequence[Exempt] = field(default=())

    def of(self, kind: str) -> list[Exempt]:
        """The exceptions of one kind."""
        return [exempt for exempt in self.exempt if exempt.kind == kind]

    def judge(self, kind: str, findings: Sequence[Finding], today: dt.date) -> Verdict:
        """What is not excepted, and the exceptions that have ended or that nothing needs any more."""
        ended = [exempt for exempt in self.of(kind) if exempt.until and exempt.until < today]
        holding = [exempt for exempt in self.of(kind) if exempt not in ended]
        left = [finding for finding in findings if not any(exempt.covers(finding) for exempt in holding)]
        idle = [exempt for exempt in holding if not any(exempt.covers(finding) for finding in findings)]
        lines = [
            *(finding.text for finding in left),
            *(f"{exempt} ended on {exempt.until}: look again" for exempt in ended),
            *(f"{exempt} matches nothing any more: remove it from {POLICY}" for exempt in idle),
        ]
        return Verdict(lines, len(findings) - len(left))


def read_policy(file: Path) -> Policy:
    """The policy of a file. Raises PolicyError for an entry without a reason, or of a form that is not known."""
    table = tomllib.loads(file.read_text("utf-8"))
    licences = table.pop("licences", {})
    if unknown := set(table) - set(KINDS):
        raise PolicyError(f"{file.name}: {', '.join(sorted(unknown))}: not one of {', '.join(KINDS)}.")
    exempt = [one for kind, entries in table.items() for entry in entries for one in _exempt(kind, entry, file.name)]
    return Policy(frozenset(name for names in licences.values() for name in names), exempt)


def _exempt(kind: str, entry: dict[str, Any], file: str) -> list[Exempt]:
    """One exception, or one for each of its `fingerprints`."""
    entry = dict(entry)
    where = f"{file}: [[{kind}]] {next(iter(entry.values()), '')}"
    reason, until, concluded = entry.pop("reason", ""), entry.pop("until", None), entry.pop("concluded", None)
    if not str(reason).strip():
        raise PolicyError(f"{where}: a reason is missing.")
    if (kind == "vulnerability") != isinstance(until, dt.date):
        raise PolicyError(f"{where}: `until = YYYY-MM-DD` belongs to vulnerabilities, and to all of them.")
    if (kind == "licence") != isinstance(concluded, str):
        raise PolicyError(f"{where}: `concluded`, the licence that it has, belongs to licences, and to all of them.")
    several = [{**entry, "fingerprint": one} for one in entry.pop("fingerprints", ())] or [entry]
    for asked in several:
        if KINDS[kind][0] not in asked or not set(asked) <= set(KINDS[kind]):
            raise PolicyError(f"{where}: it says {', '.join(asked)}, of {', '.join(KINDS[kind])}; the first always.")
    return [Exempt(kind, asked, reason, until, concluded) for asked in several]
