"""What sinks that write one file have in common."""

from collections.abc import Sequence
from typing import BinaryIO

from adapters.outputs.places import place_of
from adapters.portfolio_sinks.columns import check_names
from application.ports.portfolio_sink import PortfolioSink
from application.ports.portfolio_source import PortfolioHead


class FileSink(PortfolioSink):
    """A sink at a path, at a URL, or in a binary stream."""

    def __init__(self, location: str | BinaryIO) -> None:
        self._place = place_of(location)

    @property
    def name(self) -> str:
        """The path, or the URL without secrets."""
        return self._place.name

    def check(self, head: PortfolioHead, answers: Sequence[str]) -> None:
        """Looks at the names and at the place."""
        check_names(self.name, head, answers)
        self._place.check()
