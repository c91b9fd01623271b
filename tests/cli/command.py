"""The command line as its users meet it: what is printed, and the exit code."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entrypoints.cli.main import exit_code

CONFIGURATION = """
[market]
currency = "UF"
[data_source]
path = "sales.csv"
[training]
recipe = "forest"
"""


@dataclass(frozen=True)
class Ran:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output, which holds nothing else."""
        return json.loads(self.out)

    @property
    def told(self) -> str:
        """The one line on standard error, without its `tasador: `; nothing is on standard output."""
        assert self.out == ""
        return self.line

    @property
    def line(self) -> str:
        """The one line on standard error, without its `tasador: `."""
        assert self.err.startswith("tasador: ")
        assert self.err.endswith("\n")
        line = self.err.removeprefix("tasador: ").removesuffix("\n")
        assert line.isprintable()
        return line


Command = Callable[..., Ran]


def run(*arguments: str | Path) -> Ran:
    """Runs `tasador` with these arguments in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with own_logging(), redirect_stdout(out), redirect_stderr(err):
        code = exit_code([str(argument) for argument in arguments])
    return Ran(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


@contextmanager
def own_logging() -> Iterator[None]:
    """Puts the standard library's logging back to what it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    logging.captureWarnings(capture=False)
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(level)
        logging.captureWarnings(capture=False)
