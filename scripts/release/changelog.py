"""The changelog, in the form of Keep a Changelog: which versions have their section, and from which day."""

import re
from collections.abc import Mapping

_HEADING = re.compile(r"^## \[(?P<name>[^\]]+)\](?: - (?P<day>\d{4}-\d{2}-\d{2}))?\s*$", re.MULTILINE)
UNRELEASED = "Unreleased"


def sections(text: str) -> Mapping[str, str | None]:
    """The day of each section by its name, newest first; none of what is unreleased, or where the day is missing."""
    return {found["name"]: found["day"] for found in _HEADING.finditer(text)}


def notes(text: str, name: str) -> str:
    """What stands in a section; empty where there is none."""
    for found in _HEADING.finditer(text):
        if found["name"] == name:
            return re.split(r"^## ", text[found.end() :], maxsplit=1, flags=re.MULTILINE)[0].strip()
    return ""
