"""A training that nobody watches: what came of it, as an exit code and as a document for programs."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from config.log_lines import masked, on_one_line
from entrypoints.cli.endings import BUSY, KEPT, Terminated, ended_by_sigterm, ending_of
from entrypoints.cli.output_file import OutputUnwritable, check_writable, write_page
from entrypoints.cli.session import operator

if TYPE_CHECKING:
    from application.train_model import TrainingReport


@dataclass(slots=True)
class TrainingRun:
    """One run of `tasador train`. summary: where to write what came of it. exit_codes: whether a kept model has one."""

    summary: Path | None
    exit_codes: bool
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    exit_code: int = 0
    _is_told: bool = field(default=False, init=False)

    def came_to(self, report: "TrainingReport", *, asked_to_promote: bool) -> None:
        """The model is stored, and promoted or kept. Raises OutputUnwritable."""
        card, gate = report.stored.card, report.stored.card.gate
        kept_back = asked_to_promote and not report.promoted
        self.exit_code = KEPT if kept_back and self.exit_codes else 0
        self._is_told = True  # the training is done, whatever becomes of the summary
        try:
            self._write(
                "promoted" if report.promoted else "kept",
                self.exit_code,
                (gate.reason if gate else "") if asked_to_promote else "--no-promote was given",
                version=report.stored.version,
                recipe=card.recipe,
                rows={
                    "read": card.data.read,
                    "used": card.data.used,
                    "quarantined": card.data.quarantined,
                    "screened": card.screened,
                    "quarantine": report.quarantine,
                },
                validation=card.validation,
                metrics=card.metrics,
                notes=report.notes,
            )
        except OutputUnwritable as error:
            done = "stored and served" if report.promoted else "stored, not served"
            raise OutputUnwritable(f"{error} Model {report.stored.version} is {done} all the same.") from error

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Says what went wrong in the block, if the training did not come to its end."""
        try:
            with ended_by_sigterm():
                if self.summary:
                    check_writable(self.summary)
                yield
        except (Exception, KeyboardInterrupt, Terminated) as error:
            if not self._is_told:
                code, message = ending_of(error)
                with suppress(OutputUnwritable):  # the user is told what went wrong first
                    self._write("busy" if code == BUSY else "failed", code, on_one_line(masked(message)))
            raise

    def _write(self, outcome: str, code: int, reason: str, **figures: Any) -> None:
        if self.summary is None:
            return
        ended = datetime.now(UTC)
        nothing = dict.fromkeys(("version", "recipe", "rows", "validation", "metrics", "notes"))
        document = {
            "outcome": outcome,
            "exit_code": code,
            "reason": reason,
            "started_at": self.started,
            "ended_at": ended,
            "seconds": (ended - self.started).total_seconds(),
            "by": operator(),
            "host": socket.gethostname(),
            "process": os.getpid(),
            **nothing,
            **figures,
        }
        write_page(self.summary, msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")


def scheduled(command: Callable[..., None]) -> Callable[..., int]:
    """Gives a command of training what cron and its like need: a summary, codes for outcomes, an end by SIGTERM.

    It gets its TrainingRun as `run`.
    """

    @click.option(
        "--summary",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Write what came of it, also of a failure, to one JSON document there.",
    )
    @click.option("--exit-codes", is_flag=True, help="End with 3 where the gate kept the model from service.")
    @wraps(command)
    def watched(*, summary: Path | None, exit_codes: bool, **options: Any) -> int:
        run = TrainingRun(summary, exit_codes)
        with run.watched():
            command(run=run, **options)
        return run.exit_code

    return watched
