"""The licences of what is shipped, read from the bill of materials and held against the policy."""

from collections.abc import Sequence
from typing import Any

from license_expression import ExpressionError, get_spdx_licensing

from scripts.supply_chain.exceptions import Finding


def stated_licences(component: dict[str, Any]) -> list[str]:
    """What a component's own metadata states: SPDX expressions, or whatever it wrote instead."""
    stated = component.get("licenses", [])
    return [one.get("expression") or one["license"].get("id") or one["license"]["name"] for one in stated]


def unfit_licences(components: Sequence[dict[str, Any]], allowed: frozenset[str]) -> list[Finding]:
    """The components that state no licence, or one that is not allowed."""
    findings = []
    for component in components:
        stated = stated_licences(component)
        if not stated or not all(allows(allowed, one) for one in stated):
            text = "; ".join(stated)
            told = f"{component['name']} {component['version']}: {text or 'states no licence'}"
            findings.append(Finding(told, {"package": (component["name"],), "stated": (text,)}))
    return findings


def allows(allowed: frozenset[str], stated: str) -> bool:
    """Whether these licences satisfy a stated one: all parts of an AND, one part of an OR."""
    if stated in allowed:
        return True
    try:
        expression = get_spdx_licensing().parse(stated)
    except ExpressionError:
        return False
    return expression is not None and _satisfied(allowed, expression)


def _satisfied(allowed: frozenset[str], expression: Any) -> bool:
    parts = [_satisfied(allowed, part) for part in expression.args]
    match type(expression).__name__:
        case "AND":
            return all(parts)
        case "OR":
            return any(parts)
        case _:
            return str(expression) in allowed
