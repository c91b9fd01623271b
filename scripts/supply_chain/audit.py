"""Audits what the project is made of: `make audit`. One line a tool, and its findings below it."""

import datetime as dt
import sys
from collections.abc import Callable, Sequence

from scripts.supply_chain.bill import shipped_components
from scripts.supply_chain.exceptions import POLICY, Finding, Policy, PolicyError, read_policy
from scripts.supply_chain.known_vulnerabilities import known_vulnerabilities
from scripts.supply_chain.leaked_secrets import leaked_secrets
from scripts.supply_chain.licences import unfit_licences
from scripts.supply_chain.tools import ToolError
from scripts.supply_chain.weak_code import weak_code

Found = tuple[str, Sequence[Finding]]


def main() -> None:
    """Ends with 1 where a tool found what is not excepted with a reason, or could not look."""
    try:
        policy = read_policy(POLICY)
    except PolicyError as error:
        sys.exit(str(error))

    def licences() -> Found:
        components = shipped_components(sys.executable)
        return f"{len(components)} shipped libraries", unfit_licences(components, policy.licences)

    tools: dict[str, tuple[str, Callable[[], Found]]] = {
        "vulnerabilities": ("vulnerability", known_vulnerabilities),
        "weak code": ("code", weak_code),
        "secrets": ("secret", leaked_secrets),
        "licences": ("licence", licences),
    }
    clean = [_audited(title, kind, look, policy) for title, (kind, look) in tools.items()]
    sys.exit(not all(clean))


def _audited(title: str, kind: str, look: Callable[[], Found], policy: Policy) -> bool:
    """Prints what one tool found, and says whether that may stay."""
    try:
        looked_at, findings = look()
    except ToolError as error:
        print(f"{title + ':':<17}NOT CHECKED: {error}", flush=True)
        return False
    verdict = policy.judge(kind, findings, dt.datetime.now(tz=dt.UTC).date())
    said = f"{len(verdict.left)} FOUND" if verdict.left else "clean"
    excepted = f" ({verdict.let_pass} excepted in {POLICY})" if verdict.let_pass else ""
    print(f"{title + ':':<17}{said} in {looked_at}{excepted}", flush=True)
    for line in verdict.left:
        print(f"  {line}")
    return not verdict.left


if __name__ == "__main__":
    main()
