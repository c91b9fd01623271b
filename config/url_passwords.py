"""Passwords do not belong on a command line, which every user of the machine can read."""

import re

from config.faults import ConfigurationError
from config.loader import shown_url

_EMPTY_PASSWORD = re.compile(r"^([^/?@]*//[^:/?@]*):(?=@[^@]*$)")  # user:@host


def refuse_password_in(url: str, told_by: str) -> None:
    """Raises ConfigurationError, without repeating it, where a url has, or may have, a password in it.

    `told_by`: what the command line calls the url.
    """
    plain = without_empty_password(url)
    if shown_url(plain) != plain:
        raise ConfigurationError(
            f"{told_by} holds a password, which everyone on this machine could read in the list of processes: leave "
            "it out, and give that of a database by a password file, PGPASSFILE or PGPASSWORD, and those of other "
            "places in the environment. It should be changed now."
        )


def without_empty_password(url: str) -> str:
    """The url with `user@` for `user:@`, so that no one takes it for one with a password."""
    return _EMPTY_PASSWORD.sub(r"\1", url)
