"""What every evidence archive does, whatever it is kept in."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.evidence_signers.ed25519_file import Ed25519EvidenceSigner
from adapters.valuation_logs.jsonl_files import JsonlValuationLog
from adapters.valuation_logs.sql_database import SqlValuationLog
from application.ports.evidence_archive import EvidenceArchive
from application.ports.evidence_signer import EvidenceSigner
from application.ports.valuation_log import ValuationLog
from application.verify_evidence import VerifyEvidence
from domain.errors import ValuationLogUnavailable
from domain.evidence_chain import Entry
from domain.evidence_register import Segment, segments_of
from tests.contracts.test_valuation_log import NOON, OVERRIDDEN, REFUSED, SAMPLE, SOLD, VALUED, a_record
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_evidence_signer import InMemoryEvidenceSigner
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog


class Archive(ValuationLog, EvidenceArchive, Protocol):
    """Both sides of what is kept."""


MakeArchive = Callable[[Path, EvidenceSigner, Callable[[], datetime]], Archive]
ARCHIVES: dict[str, MakeArchive] = {
    "in memory": lambda _, signer, now: InMemoryValuationLog(signer, now),
    "jsonl": lambda folder, signer, now: JsonlValuationLog(folder / "valuations", signer, now),
    "sqlite": lambda folder, signer, now: SqlValuationLog(f"sqlite:///{folder}/evidence.db", signer, now),
}


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def signer() -> InMemoryEvidenceSigner:
    return InMemoryEvidenceSigner()


@pytest.fixture(params=[*ARCHIVES, "postgresql"])
def archive(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock, signer: InMemoryEvidenceSigner
) -> Iterator[Archive]:
    if request.param in ARCHIVES:
        yield ARCHIVES[request.param](tmp_path, signer, clock.now)
        return
    with closing(SqlValuationLog(request.getfixturevalue("postgres_evidence_url"), signer, clock.now)) as log:
        yield log


def segments(archive: Archive) -> dict[str, Segment]:
    return segments_of(each.event for each in archive.events())


def contents(archive: Archive) -> list[tuple[str, str]]:
    """The kind and the subject of all that is kept and not erased, in order."""
    found = [each for segment in segments(archive) for each in archive.entries(segment)]
    return [(each.kind, each.subject) for each in found if isinstance(each, Entry) and not each.is_erased]


def faults(archive: Archive, signer: EvidenceSigner) -> list[str]:
    return [fault.said for fault in VerifyEvidence(archive, signer)().faults]


def test_has_nothing_at_first(archive: Archive, signer: InMemoryEvidenceSigner) -> None:
    archive.tend()
    archive.tend(close_all=True)
    assert (archive.events(), archive.strangers(), list(archive.entries("no-such"))) == ([], [], [])
    assert archive.erase(["anything"], NOON, "operator", "asked to") == 0
    assert archive.prune(NOON, NOON, "operator").segments == ()
    assert faults(archive, signer) == []


def test_all_that_is_recorded_is_an_entry(archive: Archive, signer: InMemoryEvidenceSigner) -> None:
    archive.record([VALUED, REFUSED])
    archive.follow_up([SOLD, OVERRIDDEN, SAMPLE])
    assert sorted(contents(archive)) == sorted(
        [
            ("valuation", VALUED.id),
            ("valuation", REFUSED.id),
            ("outcome", VALUED.id),
            ("override", REFUSED.id),
            ("sample", SAMPLE.id),
        ]
    )
    assert faults(archive, signer) == []


def test_closing_seals_what_was_recorded_and_recording_goes_on(
    archive: Archive, signer: InMemoryEvidenceSigner, clock: FixedClock
) -> None:
    archive.record([a_record(1), a_record(2, NOON - timedelta(hours=1))])
    archive.tend(close_all=True)
    archive.tend(close_all=True)
    [(_, sealed)] = segments(archive).items()
    assert sealed.closed
    assert (sealed.closed.entries, sealed.closed.first_at, sealed.closed.last_at) == (
        2,
        NOON - timedelta(hours=1),
        NOON,
    )
    archive.record([a_record(3)])
    assert [record.id for record in archive.records()] == ["id-2", "id-1", "id-3"]
    assert len(segments(archive)) == 2
    assert faults(archive, signer) == []
    archive.close()
    assert faults(archive, signer) == []


def test_what_a_stranger_signed_is_found(archive: Archive, signer: InMemoryEvidenceSigner) -> None:
    archive.record([VALUED])
    archive.tend(close_all=True)
    signer.trusted = {"test:other"}
    assert len(faults(archive, signer)) == 2


def test_erasing_takes_away_all_that_is_about_a_valuation_and_nothing_else(
    archive: Archive, signer: InMemoryEvidenceSigner
) -> None:
    archive.record([VALUED, REFUSED])
    archive.follow_up([SOLD, OVERRIDDEN])
    assert archive.erase([VALUED.id, "unknown"], NOON, "operator", "client asked") == 2
    assert sorted(contents(archive)) == [("override", REFUSED.id), ("valuation", REFUSED.id)]
    assert (archive.find(VALUED.id), list(archive.follow_ups(VALUED.id))) == (None, [])
    assert list(archive.records()) == [REFUSED]
    assert list(archive.records(client_ref=VALUED.client_ref)) == []
    told = [each.event for each in archive.events() if each.event.action == "erased"]
    assert {(event.by, event.because) for event in told} == {("operator", "client asked")}
    assert sum(len(event.numbers) for event in told) == 2
    assert archive.erase([VALUED.id], NOON, "operator", "again") == 0
    archive.record([a_record(1)])
    assert faults(archive, signer) == []


def test_pruning_removes_whole_segments_of_old_valuations(archive: Archive, signer: InMemoryEvidenceSigner) -> None:
    for day in range(3):
        archive.record([a_record(day, NOON + timedelta(days=day))])
        archive.tend(close_all=True)
    archive.record([a_record(3, NOON)])  # in a segment that is open
    second_day = NOON + timedelta(days=1)
    would_go = archive.prune(second_day, NOON, "operator", dry_run=True)
    assert (len(would_go.segments), would_go.entries) == (1, 1)
    assert len(list(archive.records())) == 4
    assert archive.prune(second_day, NOON, "operator") == would_go
    assert [record.id for record in archive.records()] == ["id-3", "id-1", "id-2"]
    assert archive.prune(second_day, NOON, "operator").segments == ()
    assert sum(segment.pruned is not None for segment in segments(archive).values()) == 1
    assert faults(archive, signer) == []


Kept = tuple[Path, dict[Path, bytes]]
"""A folder of files that are sealed, and their contents."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("evidence")
    log = files_in(folder)
    log.record([VALUED, a_record(1)])
    log.record([REFUSED])
    log.follow_up([SOLD, OVERRIDDEN, SAMPLE])
    log.erase(["id-1"], NOON, "operator", "client asked")
    files = {path: path.read_bytes() for path in folder.glob("valuations/*.jsonl")}
    assert len(files) == 3
    return folder, files


def files_in(folder: Path) -> JsonlValuationLog:
    return JsonlValuationLog(folder / "valuations", signer_in(folder), lambda: NOON)


def signer_in(folder: Path) -> Ed25519EvidenceSigner:
    return Ed25519EvidenceSigner(folder / "key.pem")


def is_found(folder: Path) -> bool:
    try:
        return bool(faults(files_in(folder), signer_in(folder)))
    except ValuationLogUnavailable:
        return True


class TestFiles:
    """Of segments and their register: a byte that is changed is found, whichever it is."""

    def test_that_nobody_changed_are_sound(self, kept: Kept) -> None:
        assert not is_found(kept[0])

    @settings(max_examples=80, deadline=None)
    @given(data=st.data())
    def test_do_not_hide_a_changed_byte(self, kept: Kept, data: st.DataObject) -> None:
        folder, files = kept
        path = data.draw(st.sampled_from(sorted(files)), "file")
        place = data.draw(st.integers(0, len(files[path]) - 1), "place")
        byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != files[path][place]), "byte")
        try:
            put(path, files[path][:place] + bytes([byte]) + files[path][place + 1 :])
            assert is_found(folder)
        finally:
            restore(files)

    @settings(max_examples=30, deadline=None)
    @given(data=st.data())
    def test_do_not_hide_that_lines_were_removed_doubled_or_moved(self, kept: Kept, data: st.DataObject) -> None:
        folder, files = kept
        path = data.draw(st.sampled_from(sorted(files)), "file")
        lines = files[path].splitlines(keepends=True)
        others = [line for content in files.values() for line in content.splitlines(keepends=True)]
        changed = data.draw(st.lists(st.sampled_from([*lines, *lines, *others]), max_size=len(lines) + 2), "lines")
        # The end of the register may be cut off without a trace there: that is what heads are exported for.
        changed = [*changed, lines[-1]] if path.stem == "register" else changed
        try:
            put(path, b"".join(changed))
            assert is_found(folder) or changed == lines
        finally:
            restore(files)


def restore(files: dict[Path, bytes]) -> None:
    for path, content in files.items():
        put(path, content)


def put(path: Path, content: bytes) -> None:
    path.unlink()  # it is not to be written to
    path.write_bytes(content)
