"""Processes that record, close, erase, prune and adopt, each killed at another step, and what is left of their work."""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from adapters.valuation_logs import adoption
from adapters.valuation_logs.jsonl_files import JsonlValuationLog
from adapters.valuation_logs.segment_limits import SegmentLimits
from application.verify_evidence import VerifyEvidence
from domain.follow_up import Outcome
from tests.fakes.fixed_clock import NOON
from tests.fakes.in_memory_evidence_signer import InMemoryEvidenceSigner
from tests.fakes.records import a_record

_STEPS = ("open", "write", "fsync", "replace", "unlink", "chmod", "fchmod", "ftruncate", "truncate", "mkdir", "utime")
SOLD = Outcome("id-1", 1300.5, NOON.date(), NOON)


def main(place: str, stride: int = 7) -> None:
    """Kills processes at every so many steps, and at any moment. Raises AssertionError where something is lost."""
    for to_disk in (False, True):
        _kill_while_recording(Path(place) / f"recording-{to_disk}", to_disk=to_disk)
    for kill_at in (_kill_at, _kill_adopting_at):
        if not any(kill_at(step, Path(place) / f"{kill_at.__name__}-{step}") for step in range(1, 10_000, stride)):
            raise AssertionError("no process came to its end")


def a_log(folder: Path, **more: Any) -> JsonlValuationLog:
    """A log of this folder, on whose machine it is always noon."""
    return JsonlValuationLog(folder, InMemoryEvidenceSigner(), lambda: NOON, **more)


def _kill_while_recording(folder: Path, *, to_disk: bool) -> None:
    told, tell = os.pipe()
    if (child := os.fork()) == 0:
        log = a_log(folder, to_disk=to_disk)
        for number in range(0, 10**6, 2):
            log.record([a_record(f"id-{number}"), a_record(f"id-{number + 1}")])
            os.write(tell, f"id-{number} id-{number + 1}\n".encode())
    os.close(tell)
    with os.fdopen(told) as lines:
        acknowledged = [lines.readline() for _ in range(20)]
        os.kill(child, signal.SIGKILL)
        acknowledged += lines.readlines()
    os.waitpid(child, 0)
    _verify(folder, f"killed behind {len(acknowledged)}")
    assert {each for line in acknowledged for each in line.split()} <= {record.id for record in a_log(folder).records()}


def _kill_at(step: int, folder: Path) -> bool:
    """Whether the process came to its end before that step."""
    told, tell = os.pipe()
    if (child := os.fork()) == 0:
        _work(folder, tell, step)
    os.close(tell)
    with os.fdopen(told) as lines:
        acknowledged = lines.read().split()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in {0, 9}
    _check(folder, acknowledged, f"killed at step {step}, behind {acknowledged}")
    return status == 0


def _kill_adopting_at(step: int, folder: Path) -> bool:
    """Whether the process came to its end before that step."""
    folder.mkdir()
    adoption._AT_ONCE = 2
    older = [replace(a_record(f"id-{number}"), schema=1) for number in range(7)]
    for name, records in (("1-0a", older[:5]), ("2-0b", older[5:])):
        path = folder / f"{NOON.date()}-{name}.jsonl"
        path.write_bytes(msgspec.json.Encoder().encode_lines(records))
        os.utime(path, times=(0, 0))
    if (child := os.fork()) == 0:
        _end_at(step)
        a_log(folder, limits=SegmentLimits(size=1500)).adopt()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in {0, 9}
    said = f"killed at step {step} of an adoption"
    log = a_log(folder)
    assert list(log.records()) == older, said
    log.tend()
    assert list(log.records()) == older, said
    assert not log.adopt().left, said
    assert list(log.records()) == older, said
    _verify(folder, said)
    return status == 0


def _end_at(last_step: int) -> None:
    """Has this process end at that step from now on."""
    write, steps = os.write, iter(range(1, last_step))

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **more: Any) -> Any:
            if next(steps, None) is None:
                if name == "write":
                    write(arguments[0], arguments[1][: len(arguments[1]) // 2])
                os._exit(9)
            return None if name == "fsync" else call(*arguments, **more)

        return step

    for name in _STEPS:
        setattr(os, name, counted(name, getattr(os, name)))


def _work(folder: Path, tell: int, last_step: int) -> None:
    """In a process of its own, which ends here."""
    write = os.write
    try:
        _end_at(last_step)
        log = a_log(folder)
        for done, work in (
            ("id-1 id-2", lambda: log.record([a_record("id-1"), a_record("id-2")])),
            ("outcome", lambda: log.follow_up([SOLD])),
            ("closed", log.close),
            ("id-3", lambda: log.record([a_record("id-3", at=NOON + timedelta(days=1))])),
            ("erased", lambda: log.erase(["id-1", "id-3"], NOON, "operator", "asked")),
            ("id-4", lambda: log.record([a_record("id-4", at=NOON + timedelta(days=1))])),
            ("pruned", lambda: log.prune(NOON + timedelta(hours=1), NOON, "operator")),
            ("id-5", lambda: log.record([a_record("id-5")])),
        ):
            work()
            write(tell, f"{done} ".encode())
    except BaseException as error:
        sys.stderr.write(repr(error))
        os._exit(1)
    os._exit(0)


def _check(folder: Path, acknowledged: list[str], said: str) -> None:
    log = _verify(folder, said)
    kept = {record.id for record in log.records()}
    must = {each for each in acknowledged if each.startswith("id-")}
    if "id-3" in must:  # erasing may have begun
        must -= {"id-1", "id-3"}
    if "id-4" in must:  # so may pruning
        must -= {"id-2"}
    assert must <= kept <= {"id-1", "id-2", "id-3", "id-4", "id-5"}, said
    if "erased" in acknowledged:
        assert not kept & {"id-1", "id-3"}, said
    if "pruned" in acknowledged:
        assert "id-2" not in kept, said
    assert not [path.name for path in folder.glob("*") if path.suffix == ".tmp" or path.name == "thinning.begun"], said
    log.record([a_record("id-6")])
    assert any(record.id == "id-6" for record in log.records()), said


def _verify(folder: Path, said: str) -> JsonlValuationLog:
    log = a_log(folder)
    log.tend()
    log.tend(close_all=True)
    found = VerifyEvidence(log, InMemoryEvidenceSigner())()
    assert found.sound, (said, found.faults)
    assert found.open_segments == 0, said
    return log
