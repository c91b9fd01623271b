"""Homes in Parquet on standard input."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from adapters.durable_files import make_folder
from adapters.portfolio_sources.parquet_files import ParquetPortfolio
from application.ports.portfolio_source import PortfolioHead, PortfolioPart, PortfolioSource
from domain.errors import SourceMalformed, SourceUnavailable

_NAME = "standard input"
_PREFIX = "standard-input-"
_DAY = 86_400


class ParquetStream(PortfolioSource):
    """Puts all of a stream into a temporary file in `folder` first, since the index of Parquet stands at its end."""

    def __init__(self, standard_input: Callable[[], BinaryIO], folder: Path) -> None:
        self._standard_input = standard_input
        self._folder = folder
        self._held: tempfile._TemporaryFileWrapper[bytes] | None = None
        self._head: PortfolioHead | None = None

    def head(self) -> PortfolioHead:
        """What the footer says."""
        if self._head is None:
            with self._portfolio() as portfolio:
                self._head = replace(portfolio.head(), identity=_NAME)
        return self._head

    def parts(self) -> Iterator[PortfolioPart]:
        """All rows; the temporary file is gone afterwards."""
        with self._portfolio() as portfolio:
            yield from portfolio.parts()
        self._let_go()

    @contextmanager
    def _portfolio(self) -> Iterator[ParquetPortfolio]:
        """The file as a portfolio; nothing of it stays where it is none."""
        held = self._held = self._held or self._spooled()
        try:
            yield ParquetPortfolio(held.name, name=_NAME)
        except SourceMalformed as error:
            self._let_go()
            raise SourceMalformed(str(error).replace(held.name, _NAME)) from None
        except GeneratorExit:
            self._let_go()
            raise

    def _spooled(self) -> "tempfile._TemporaryFileWrapper[bytes]":
        try:
            make_folder(self._folder)
            self._sweep()
            held = tempfile.NamedTemporaryFile(dir=self._folder, prefix=_PREFIX)  # noqa: SIM115 (kept)
            shutil.copyfileobj(self._standard_input(), held)
            held.flush()
        except OSError as error:
            raise SourceUnavailable(
                f"Standard input cannot be put into {self._folder}, as Parquet must be: "
                f"{(error.strerror or str(error)).lower()}."
            ) from error
        return held

    def _sweep(self) -> None:
        """Removes what runs left that were killed a day ago or longer."""
        for left in self._folder.glob(f"{_PREFIX}*"):
            with suppress(FileNotFoundError):
                if left.stat().st_mtime < time.time() - _DAY:
                    left.unlink()

    def _let_go(self) -> None:
        if self._held is not None:
            self._held.close()
