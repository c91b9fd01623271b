"""What is wrong with a configuration, and how it is told."""

import difflib
from collections.abc import Collection, Sequence


class ConfigurationError(Exception):
    """The configuration cannot be used; `str()` of it is one line that names the key and what was expected."""


def nearest(name: str, known: Collection[str]) -> str | None:
    """The one of the known names that `name` was probably meant to be."""
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.5)), None)


def dotted(keys: Sequence[str]) -> str:
    """The keys as a user writes them, on one line whatever they hold."""
    return ".".join(key if key.isprintable() else ascii(key)[1:-1] for key in keys)
