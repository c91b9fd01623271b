"""What every evidence archive does, whatever it is kept in."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
import sqlalchemy as sql
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.evidence_signers.ed25519_file import Ed25519EvidenceSigner
from adapters.valuation_logs.entry_lines import line_of
from adapters.valuation_logs.jsonl_files import JsonlValuationLog
from adapters.valuation_logs.sql_database import SqlValuationLog
from adapters.valuation_logs.sql_tables import ENTRIES, entry_row
from application.ports.evidence_archive import AdoptedEvidence, EvidenceArchive
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
    assert archive.adopt() == AdoptedEvidence()
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


def test_all_that_is_kept_about_some_is_found_and_read(archive: Archive) -> None:
    archive.record([VALUED, REFUSED, a_record(1)])
    archive.tend(close_all=True)
    archive.follow_up([SOLD, OVERRIDDEN, SAMPLE])
    found = [each for each in archive.about([VALUED.id, REFUSED.id]) if isinstance(each, Entry)]
    read = [archive.evidence_in(entry) for entry in found]
    assert (len(read), [each in read for each in (VALUED, REFUSED, SOLD, OVERRIDDEN)]) == (4, [True] * 4)
    assert archive.evidence_in(replace(found[0], content=b"{}")) is None
    assert archive.evidence_in(found[0].erased()) is None
    assert archive.fences_gone() in ([], ())


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


def test_what_cannot_be_read_is_told_and_keeps_back_nothing_else(archive: Archive, tmp_path: Path) -> None:
    archive.record([VALUED, REFUSED])
    archive.follow_up([SOLD, OVERRIDDEN])
    spoil(archive, tmp_path, [VALUED.id])
    for read in (archive.records, archive.recent, archive.follow_ups):
        with pytest.raises(ValuationLogUnavailable):
            list(read())
    valuations, said = list[str](), list[str]()
    assert list(archive.records(damaged=valuations.append)) == [REFUSED]
    assert list(archive.follow_ups(damaged=said.append)) == [OVERRIDDEN]
    assert len({*valuations, *said}) == 2
    newest = list[str]()
    assert [record for _, record in archive.recent(damaged=newest.append) if record] == [REFUSED]
    assert newest == valuations
    assert archive.find(REFUSED.id) == REFUSED
    assert archive.known([VALUED.id, REFUSED.id]) == {REFUSED.id: REFUSED.at}


def spoil(archive: Archive, folder: Path, subjects: Sequence[str]) -> None:
    """Puts something else in the place of what is kept about these."""
    if isinstance(archive, SqlValuationLog):
        with archive._database.transaction(writing=True) as connection:
            unfence(connection)
            connection.execute(sql.update(ENTRIES).where(ENTRIES.c.subject.in_(subjects)).values(content=b"garbage"))
    elif isinstance(archive, InMemoryValuationLog):
        archive.spoil(*subjects)
    else:
        for path in (folder / "valuations").glob("*-*.jsonl"):
            lines = path.read_bytes().splitlines(keepends=True)
            put(
                path,
                b"".join(b"garbage\n" if any(each.encode() in line for each in subjects) else line for line in lines),
            )


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


def alter(archive: Archive, change: Callable[[Entry], Entry]) -> None:
    """Changes what is kept, as somebody may who can write there and has no key to sign with."""
    for segment in segments(archive):
        entries = [change(each) for each in archive.entries(segment) if isinstance(each, Entry)]
        match archive:
            case InMemoryValuationLog():
                archive.sealed[segment] = entries
            case JsonlValuationLog():
                path = archive._folder / f"{segment}.jsonl"
                put(path, path.read_bytes().splitlines(keepends=True)[0] + b"".join(map(line_of, entries)))
            case SqlValuationLog():
                with archive._database.transaction(writing=True) as connection:
                    unfence(connection)
                    for entry in entries:
                        row = entry_row(entry, getattr(archive.evidence_in(entry), "client_ref", None))
                        of_it = (ENTRIES.c.segment == segment) & (ENTRIES.c.number == entry.number)
                        connection.execute(sql.update(ENTRIES).where(of_it).values(row))


def unfence(connection: sql.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        return
    for name in list(connection.scalars(sql.text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))):
        connection.exec_driver_sql(f"DROP TRIGGER {name}")


def posing_as_first(entry: Entry) -> Entry:
    return replace(entry, subject="id-1")


def with_its_client(entry: Entry) -> Entry:
    return replace(entry, content=(entry.content or b"").replace(b"id-2", b"id-3")) if entry.number == 2 else entry


@pytest.mark.parametrize("change", [posing_as_first, with_its_client])
def test_nothing_is_erased_from_a_segment_that_was_altered(
    archive: Archive, signer: InMemoryEvidenceSigner, change: Callable[[Entry], Entry]
) -> None:
    archive.record([a_record(1), a_record(2)])
    archive.tend(close_all=True)
    archive.record([a_record(1)])
    archive.tend(close_all=True)
    altered, *_ = segments(archive)
    alter(archive, change)
    with pytest.raises(ValuationLogUnavailable, match=rf"segment {altered} is not .*: .*`tasador audit verify`"):
        archive.erase(["id-1"], NOON, "operator", "asked")
    kept = [each for segment in segments(archive) for each in archive.entries(segment)]
    assert [each for each in kept if isinstance(each, Entry) and each.is_erased] == []
    assert [each.event.action for each in archive.events()] == ["opened", "closed"] * 2


def test_nothing_is_erased_or_pruned_by_the_word_of_somebody_else(
    archive: Archive, signer: InMemoryEvidenceSigner
) -> None:
    archive.record([VALUED])
    archive.tend(close_all=True)
    signer.trusted = {"test:other"}
    tomorrow = NOON + timedelta(days=1)
    for take in (
        lambda: archive.erase([VALUED.id], NOON, "operator", "asked"),
        lambda: archive.prune(tomorrow, NOON, "operator"),
    ):
        with pytest.raises(ValuationLogUnavailable, match=r"event 1 of the register .* not trusted"):
            take()
    assert (len(archive.events()), list(archive.records())) == (2, [VALUED])


def test_what_is_put_in_the_place_of_an_erased_record_is_no_record_and_is_erased_again(
    archive: Archive, signer: InMemoryEvidenceSigner
) -> None:
    archive.record([VALUED, REFUSED])
    archive.follow_up([SOLD])
    archive.tend(close_all=True)
    kept = {(each.segment, each.number): each for name in segments(archive) for each in entries_of(archive, name)}
    archive.erase([VALUED.id], NOON, "operator", "asked")
    alter(archive, lambda entry: kept[entry.segment, entry.number])
    assert len(faults(archive, signer)) == 2
    assert (archive.find(VALUED.id), list(archive.records())) == (None, [REFUSED])
    assert list(archive.follow_ups()) == list(archive.follow_ups(VALUED.id)) == []
    assert archive.erase([VALUED.id], NOON, "operator", "again") == 2
    assert contents(archive) == [("valuation", REFUSED.id)]


def entries_of(archive: Archive, segment: str) -> list[Entry]:
    return [each for each in archive.entries(segment) if isinstance(each, Entry)]


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
