"""Peppers in an environment variable, for where secrets come from the platform that runs the service."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from application.ports.pepper_store import PepperStore
from domain.api_key import Pepper
from domain.errors import SecretUnavailable

_PEPPER = re.compile(r"([0-9A-Za-z-]{1,32}):((?:[0-9a-fA-F]{2}){32,})")


@dataclass(frozen=True, slots=True)
class EnvironmentPepperStore(PepperStore):
    """Reads peppers from a variable that holds `<id>:<64 or more hexadecimal digits>`, several with spaces between.

    The first is the current one. Nothing is ever written: it is rotated where the variable is set.
    """

    variable: str
    environment: Mapping[str, str] = field(repr=False)

    def current(self) -> Pepper:
        """The first pepper. Raises SecretUnavailable, naming the variable."""
        return next(iter(self._peppers().values()))

    def is_empty(self) -> bool:
        """False: where the variable holds nothing, SecretUnavailable is raised."""
        return not self._peppers()

    def find(self, pepper_id: str) -> Pepper | None:
        """The pepper of this id, or None. Raises SecretUnavailable, naming the variable."""
        return self._peppers().get(pepper_id)

    def rotate(self) -> Pepper:
        """Raises SecretUnavailable: it says how it is done."""
        raise SecretUnavailable(
            f"The pepper comes from the environment variable {self.variable}: to rotate it, put another before those "
            "that it holds, as <id>:<64 hexadecimal digits>, and start the service again."
        )

    def _peppers(self) -> dict[str, Pepper]:
        matches = [_PEPPER.fullmatch(word) for word in self.environment.get(self.variable, "").split()]
        peppers = {match[1]: Pepper(match[1], bytes.fromhex(match[2])) for match in matches if match}
        if not peppers or len(peppers) < len(matches):
            raise SecretUnavailable(
                f"The environment variable {self.variable}, which key_store.pepper_variable names, holds no peppers: "
                "set it to <id>:<64 hexadecimal digits>, several with spaces between, the current one first."
            )
        return peppers
