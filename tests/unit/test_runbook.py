"""Whoever is woken by an alert finds what to do about it."""

import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "operations"
ALERTS = re.findall(
    r"- alert: (\w+)\n(?:(?!- alert:).)*?runbook: docs/operations/runbook\.md#(\S+)",
    (GUIDE / "alerts.yml").read_text("utf-8"),
    re.DOTALL,
)


def test_each_alert_has_its_section_in_order_and_links_to_it() -> None:
    named = re.findall(r"- alert: (\w+)", (GUIDE / "alerts.yml").read_text("utf-8"))
    sections = re.findall(r"^## (\w+)$", (GUIDE / "runbook.md").read_text("utf-8"), re.MULTILINE)
    assert sections == named
    assert [(name, name.lower()) for name in named] == ALERTS


def anchors(page: Path) -> set[str]:
    """Of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", sorted(GUIDE.glob("*.md")), ids=lambda page: page.name)
def test_links_of_the_guide_lead_somewhere(page: Path) -> None:
    for file, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text("utf-8")):
        target = (page.parent / file) if file else page
        assert target.exists(), f"{page.name}: {file}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {file}#{anchor}"
