"""What can happen to a file of keys: first use, editors, spreadsheets, full disks, other processes."""

import dataclasses
import errno
import itertools
import os
import signal
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock

from adapters import private_file
from adapters.key_stores.csv_file import CsvKeyStore
from adapters.key_stores.event_file import EventFile
from domain.api_key import ApiKey, Scope
from domain.errors import KeyStoreMalformed, KeyStoreSpoiled, KeyStoreUnavailable, LastAdminKey
from domain.key_event import KeyEvent, issued, revoked, rotated
from tests.example_keys import example_key
from tests.fork_server import FORK_SERVER

YESTERDAYS_HEADER = b"id,label,secret_hash,pepper_id,scopes,created_at,expires_at,revoked_at\n"
HEADER = YESTERDAYS_HEADER.strip() + b",revoked_by,revoked_because,created_by,last_used_at,replaced_by\n"
ROTATION = datetime(2026, 11, 25, 8, tzinfo=UTC)
REVOCATION = datetime(2026, 12, 1, 8, tzinfo=UTC)

A_PEPPER = KeyEvent(REVOCATION, "pepper_rotated", "", "ana")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.csv"


@pytest.fixture
def keys(file: Path) -> CsvKeyStore:
    return CsvKeyStore(file)


@pytest.fixture
def stored(keys: CsvKeyStore) -> list[ApiKey]:
    """Three keys, on lines 2 to 4."""
    made = [example_key() for _ in range(3)]
    for key in made:
        keys.add(key)
    return made


def names(file: Path) -> set[str]:
    return {each.name for each in file.parent.iterdir()}


def events_file(file: Path) -> Path:
    return file.with_name("keys.csv.events.jsonl")


def lines(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines(keepends=True)


def every_question(keys: CsvKeyStore) -> list[Callable[[], object]]:
    return [
        keys.all,
        lambda: keys.find("Unknown00000"),
        keys.events,
        lambda: keys.add(example_key()),
        lambda: keys.revoke("Unknown00000", REVOCATION),
        lambda: keys.rotate("Unknown00000", example_key(), REVOCATION),
        lambda: keys.note_uses({"Unknown00000": REVOCATION}),
        lambda: keys.record(A_PEPPER),
    ]


class TestFile:
    def test_looking_makes_nothing(self, tmp_path: Path) -> None:
        keys = CsvKeyStore(tmp_path / "var" / "keys.csv")
        assert keys.all().keys == []
        assert keys.find("Unknown00000") is None
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("content", [b"", b"\n", b" \r\n\n", HEADER, HEADER.strip(), YESTERDAYS_HEADER])
    def test_an_empty_file_takes_its_first_key(self, file: Path, keys: CsvKeyStore, content: bytes) -> None:
        file.write_bytes(content)
        key = example_key()
        assert keys.all().keys == []
        keys.add(key)
        assert keys.all().keys == [key]
        assert lines(file)[0] == HEADER

    def test_a_key_is_one_readable_line(self, file: Path, keys: CsvKeyStore) -> None:
        key = example_key(label='Robles, "SpA"')
        keys.add(key)
        keys.revoke(key.id, REVOCATION, "ana", "stolen, she says")
        line = (
            f'{key.id},"Robles, ""SpA""",{key.secret_hash},example,models:read value,'
            "2026-11-22T12:30:15.123456+00:00,2027-02-20T12:30:15.123456+00:00,2026-12-01T08:00:00+00:00,"
            'ana,"stolen, she says",,,\n'
        )
        assert file.read_bytes() == HEADER + line.encode()

    def test_file_and_folder_are_the_owners_alone(self, tmp_path: Path) -> None:
        file = tmp_path / "var" / "keys.csv"
        CsvKeyStore(file).add(example_key())
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.with_name("keys.csv.lock").stat().st_mode) == 0o600
        assert stat.S_IMODE(file.with_name("keys.csv.events.jsonl").stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700

    def test_a_file_that_was_open_to_others_is_closed_with_the_next_key(self, file: Path, keys: CsvKeyStore) -> None:
        keys.add(example_key())
        file.chmod(0o644)
        keys.add(example_key())
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_a_symbolic_link_is_followed_and_stays(self, tmp_path: Path) -> None:
        volume, link = tmp_path / "volume" / "keys.csv", tmp_path / "keys.csv"
        volume.parent.mkdir()
        link.symlink_to(volume)
        key = example_key()
        CsvKeyStore(link).add(key)
        assert link.is_symlink()
        assert CsvKeyStore(volume).all().keys == [key]
        assert CsvKeyStore(volume).events() == CsvKeyStore(link).events() == [issued(key)]

    @pytest.mark.parametrize("label", ["=1+1", "+1", "-1", "@sum", "'=1+1"])
    def test_no_text_is_a_formula_to_a_spreadsheet(self, file: Path, keys: CsvKeyStore, label: str) -> None:
        key = dataclasses.replace(example_key(label=label), created_by=label, pepper_id=label)
        keys.add(key)
        revoked = keys.revoke(key.id, REVOCATION, label, label)
        cells = dict(zip(HEADER.strip().split(b","), lines(file)[1].split(b","), strict=False))
        for column in (b"label", b"pepper_id", b"revoked_by", b"revoked_because", b"created_by"):
            assert cells[column] == f"'{label}".encode()
        assert keys.find(key.id) == revoked

    def test_an_apostrophe_that_a_person_wrote_stays(self, file: Path, keys: CsvKeyStore) -> None:
        key = example_key(label="Robles")
        keys.add(key)
        file.write_bytes(file.read_bytes().replace(b",Robles,", b",'t Hooft,"))
        found = keys.find(key.id)
        assert found is not None
        assert found.label == "'t Hooft"


class TestEditedByHand:
    def test_what_an_editor_or_a_spreadsheet_adds_does_no_harm(
        self, file: Path, keys: CsvKeyStore, stored: list[ApiKey]
    ) -> None:
        edited = b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n\r\n").rstrip()
        file.write_bytes(edited)
        assert keys.all().keys == sorted(stored, key=lambda key: key.id)

        added = example_key()
        keys.add(added)
        keys.revoke(stored[1].id, REVOCATION)

        assert keys.find(added.id) == added
        assert keys.find(stored[1].id) == stored[1].revoked(REVOCATION)
        assert keys.find(stored[2].id) == stored[2]

    @pytest.mark.parametrize(
        "nonsense",
        [
            b"%s,only,three\n",
            b"%s,a,0,p,value,2026-11-22T00:00:00+00:00,2026-11-23T00:00:00+00:00,,by,why\n",
            b"%s\n",
            b'%s,"never closed,0,p,value,2026-11-22T00:00:00+00:00,2026-11-23T00:00:00+00:00,\n',
            b"%s,Nu\xf1oa,0,p,value,2026-11-22T00:00:00+00:00,2026-11-23T00:00:00+00:00,\n",
            b"%s,a,0,p,value,22.11.2026,23.11.2026,\n",
            b"%s,a,0,p,value,2026-11-22T00:00:00,2026-11-23T00:00:00,\n",
            b"%s\x00\xff\xfe,,,,,,,\n",
        ],
    )
    def test_a_line_of_nonsense_is_named_and_kept_and_the_others_work(
        self, file: Path, keys: CsvKeyStore, stored: list[ApiKey], nonsense: bytes
    ) -> None:
        first, second, third = stored
        content = lines(file)
        spoiled = nonsense % second.id.encode()
        file.write_bytes(content[0] + content[1] + spoiled + content[3])

        (fault,) = keys.all().faults
        assert "keys.csv, line 3 " in fault
        assert {key.id for key in keys.all().keys} == {first.id, third.id}
        if not spoiled.startswith(second.id.encode() + b"\x00"):
            with pytest.raises(KeyStoreMalformed, match=r"keys\.csv, line 3 "):
                keys.find(second.id)
        assert keys.find(first.id) == first
        assert keys.find(third.id) == third
        keys.add(example_key())
        keys.revoke(third.id, REVOCATION)
        assert keys.find(third.id) == third.revoked(REVOCATION)
        assert lines(file)[:3] == [content[0], content[1], spoiled]

    def test_a_key_that_was_pasted_twice_is_refused_with_both_lines(
        self, file: Path, keys: CsvKeyStore, stored: list[ApiKey]
    ) -> None:
        file.write_bytes(file.read_bytes() + lines(file)[1])
        with pytest.raises(KeyStoreMalformed, match="lines 2 and 5"):
            keys.find(stored[0].id)
        with pytest.raises(KeyStoreMalformed, match="lines 2 and 5"):
            keys.revoke(stored[0].id, REVOCATION)
        (fault,) = keys.all().faults
        assert "lines 2 and 5" in fault
        assert {key.id for key in keys.all().keys} == {stored[1].id, stored[2].id}
        assert keys.find(stored[1].id) == stored[1]

    @pytest.mark.parametrize(
        "content",
        [
            b"id;label;secret_hash\n",
            b"key,expires\n123,never\n",
            HEADER.decode().encode("utf-16"),
            HEADER.replace(b",label", b""),
            HEADER.replace(b",replaced_by", b""),
            HEADER.replace(b",replaced_by", b",replaced_by,remarks"),
            bytes(range(256)),
            b"\x00" * 4096,
            b"SQLite format 3\x00",
            HEADER.replace(b"\n", b"\r") * 2,
        ],
    )
    def test_a_file_that_is_something_else_is_named_and_left_alone(
        self, file: Path, keys: CsvKeyStore, content: bytes
    ) -> None:
        file.write_bytes(content)
        for ask in every_question(keys):
            with pytest.raises(KeyStoreSpoiled, match=r"keys\.csv is no key file"):
                ask()
        assert file.read_bytes() == content


class TestAFileThatIsLost:
    @pytest.mark.parametrize("left", [None, b"", b"\n", HEADER])
    def test_is_no_empty_one_and_works_again_once_it_is_restored(
        self, file: Path, keys: CsvKeyStore, stored: list[ApiKey], left: bytes | None
    ) -> None:
        backup = file.read_bytes()
        file.unlink() if left is None else file.write_bytes(left)
        for each in (keys, CsvKeyStore(file)):
            for ask in every_question(each):
                with pytest.raises(KeyStoreUnavailable, match=r"keys\.csv is missing or empty, although") as caught:
                    ask()
                assert str(caught.value).isprintable()
        assert (file.read_bytes() if file.exists() else None) == left

        file.write_bytes(backup)
        assert keys.find(stored[0].id) == stored[0]

    def test_with_its_events_is_missed_by_who_has_used_it_and_by_nobody_else(
        self, file: Path, keys: CsvKeyStore, stored: list[ApiKey]
    ) -> None:
        for name in names(file):
            (file.parent / name).unlink()
        for ask in every_question(keys):
            with pytest.raises(KeyStoreUnavailable, match="missing or empty, although"):
                ask()
        key = example_key()
        CsvKeyStore(file).add(key)
        assert keys.all().keys == [key]

    def test_is_not_one_to_which_nothing_but_a_pepper_has_happened(self, file: Path, keys: CsvKeyStore) -> None:
        keys.record(A_PEPPER)
        key = example_key()
        assert keys.find(key.id) is None
        keys.add(key)
        assert keys.events() == [A_PEPPER, issued(key)]


class TestAnOlderFileThatIsPutBack:
    @pytest.fixture
    def taken_back(self, file: Path, keys: CsvKeyStore, stored: list[ApiKey]) -> ApiKey:
        """The key on line 3, which was revoked after that file was copied."""
        older = file.read_bytes()
        keys.revoke(stored[1].id, REVOCATION)
        file.write_bytes(older)
        return stored[1]

    def test_does_not_make_a_revoked_key_valid_again(
        self, file: Path, keys: CsvKeyStore, stored: list[ApiKey], taken_back: ApiKey
    ) -> None:
        for each in (keys, CsvKeyStore(file)):
            with pytest.raises(KeyStoreMalformed, match=r"keys\.csv, line 3 lacks revoked_at, but the events say"):
                each.find(taken_back.id)
            with pytest.raises(KeyStoreMalformed, match="line 3 lacks revoked_at"):
                each.rotate(taken_back.id, example_key(created_at=ROTATION), ROTATION)
            (fault,) = each.all().faults
            assert "line 3 lacks revoked_at" in fault
            assert each.find(stored[0].id) == stored[0]

    def test_is_mended_by_revoking_it_again(self, keys: CsvKeyStore, taken_back: ApiKey) -> None:
        keys.revoke(taken_back.id, REVOCATION, "ana")
        assert keys.find(taken_back.id) == taken_back.revoked(REVOCATION, "ana")
        assert keys.all().faults == ()

    def test_brings_no_admin_back(self, file: Path, keys: CsvKeyStore) -> None:
        first, last = (example_key(scopes=frozenset({Scope.KEYS_ADMIN})) for _ in range(2))
        keys.add(first)
        keys.add(last)
        older = file.read_bytes()
        keys.revoke(first.id, REVOCATION)
        file.write_bytes(older)
        with pytest.raises(LastAdminKey):
            keys.revoke(last.id, REVOCATION, spare_last_admin=True)

    def test_costs_a_look_into_the_events_only_where_they_changed(
        self, keys: CsvKeyStore, stored: list[ApiKey], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keys.find(stored[0].id)
        monkeypatch.setattr(EventFile, "_read_subjects", None)
        assert keys.find(stored[1].id) == stored[1]


class TestOutOfReach:
    @pytest.mark.parametrize("place", ["keys.csv", "file/keys.csv"])
    def test_a_path_that_cannot_be_read_or_written_is_named(self, tmp_path: Path, place: str) -> None:
        (tmp_path / "keys.csv").mkdir()
        (tmp_path / "file").touch()
        keys = CsvKeyStore(tmp_path / place)
        for ask in every_question(keys):
            with pytest.raises(KeyStoreUnavailable, match=f"{tmp_path / place} cannot be") as caught:
                ask()
            assert str(caught.value).isprintable()

    @pytest.mark.parametrize("step", ["fsync", "replace"])
    def test_a_full_disk_leaves_the_keys_as_they_were(
        self, file: Path, keys: CsvKeyStore, stored: list[ApiKey], step: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        before = file.read_bytes()
        monkeypatch.setattr(*{"fsync": (os, "fsync"), "replace": (Path, "replace")}[step], fails)
        with pytest.raises(KeyStoreUnavailable, match="No space left on device"):
            keys.add(example_key())
        with pytest.raises(KeyStoreUnavailable, match="No space left on device"):
            keys.revoke(stored[0].id, REVOCATION)

        monkeypatch.undo()
        assert file.read_bytes() == before
        assert names(file) == {"keys.csv", "keys.csv.lock", "keys.csv.events.jsonl"}
        assert keys.events() == [issued(key) for key in stored]

    def test_a_lock_that_another_process_keeps_is_not_waited_for_for_ever(
        self, file: Path, keys: CsvKeyStore, stored: list[ApiKey], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(private_file, "_LOCK_SECONDS", 0.0)
        with FileLock(f"{file}.lock"):
            with pytest.raises(KeyStoreUnavailable, match="another process holds its lock"):
                keys.add(example_key())
            assert keys.find(stored[0].id) == stored[0]
        keys.add(example_key())

    def test_what_a_killed_writer_left_is_cleared_away(self, file: Path, keys: CsvKeyStore) -> None:
        (file.parent / ".keys.csv.abc123.tmp").write_bytes(HEADER[:20])
        (file.parent / ".other.csv.abc123.tmp").touch()
        keys.add(example_key())
        assert names(file) == {"keys.csv", "keys.csv.lock", "keys.csv.events.jsonl", ".other.csv.abc123.tmp"}


class TestYesterdaysFile:
    @pytest.fixture
    def old(self, file: Path) -> list[ApiKey]:
        """Two keys, the second revoked, as Tasador wrote them before it knew by whom and why."""
        plain, revoked_one = example_key(label="plain, old"), example_key().revoked(REVOCATION)
        rows = [
            f'{key.id},"{key.label}",{key.secret_hash},{key.pepper_id},{" ".join(sorted(key.scopes))},'
            f"{key.created_at.isoformat()},{key.expires_at.isoformat()},{key.revoked_at or ''}\n"
            for key in (plain, revoked_one)
        ]
        file.write_bytes(YESTERDAYS_HEADER + "".join(rows).encode())
        return [plain, revoked_one]

    def test_is_read_as_it_is(self, file: Path, keys: CsvKeyStore, old: list[ApiKey]) -> None:
        before = file.read_bytes()
        assert [keys.find(key.id) for key in old] == old
        assert keys.events() == [issued(old[0]), issued(old[1]), revoked(old[1])]
        assert names(file) == {"keys.csv"}
        assert file.read_bytes() == before

    def test_takes_the_new_header_with_the_next_change(self, file: Path, keys: CsvKeyStore, old: list[ApiKey]) -> None:
        before, added = lines(file), example_key()
        keys.add(added)
        keys.revoke(old[0].id, REVOCATION, "ana")
        assert lines(file)[0] == HEADER
        assert lines(file)[2] == before[2]
        assert [keys.find(key.id) for key in (*old, added)] == [old[0].revoked(REVOCATION, "ana"), old[1], added]
        assert keys.events() == [
            *(issued(old[0]), issued(old[1]), revoked(old[1]), issued(added)),
            revoked(old[0].revoked(REVOCATION, "ana")),
        ]


class TestEvents:
    def test_that_a_killed_writer_did_not_write_down_are_told_and_written_once(
        self, file: Path, keys: CsvKeyStore
    ) -> None:
        key, successor = example_key(), example_key(created_at=ROTATION)
        keys.add(key)
        before = events_file(file).read_bytes()
        replaced = keys.rotate(key.id, successor, REVOCATION)
        whole = events_file(file).read_bytes()
        told = [issued(key), issued(successor), rotated(replaced, successor)]
        added = example_key()

        for length in (*range(len(before), len(whole), 23), len(whole) - 1):
            events_file(file).write_bytes(whole[:length])
            assert keys.events() == told
            keys.note_uses({key.id: ROTATION})
            assert events_file(file).read_bytes().rstrip() == whole.rstrip()

        keys.add(added)
        assert keys.events() == [*told, issued(added)]

    def test_of_a_file_that_somebody_deleted_are_told_by_the_keys(
        self, file: Path, keys: CsvKeyStore, stored: list[ApiKey]
    ) -> None:
        events_file(file).unlink()
        assert keys.events() == [issued(key) for key in stored]

    def test_without_a_last_line_feed_are_kept(self, file: Path, keys: CsvKeyStore, stored: list[ApiKey]) -> None:
        keys.record(A_PEPPER)
        told = keys.events()
        events_file(file).write_bytes(events_file(file).read_bytes().rstrip())
        assert keys.events() == told
        keys.record(A_PEPPER)
        assert keys.events() == [*told, A_PEPPER]

    def test_that_cannot_be_written_down_stop_the_next_change_and_are_not_lost(
        self, file: Path, keys: CsvKeyStore, stored: list[ApiKey]
    ) -> None:
        kept = events_file(file).read_bytes()
        events_file(file).unlink()
        events_file(file).mkdir()
        with pytest.raises(KeyStoreUnavailable, match="cannot be read or written"):
            keys.add(example_key())
        assert keys.find(stored[0].id) == stored[0]
        events_file(file).rmdir()
        events_file(file).write_bytes(kept)
        assert keys.all().keys == sorted(stored, key=lambda key: key.id)
        assert keys.events() == [issued(key) for key in stored]

    def test_on_a_full_disk_are_told_by_the_keys_themselves(
        self, file: Path, keys: CsvKeyStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        key, other = example_key(), example_key()
        monkeypatch.setattr("adapters.key_stores.event_file.flush_folder", full)
        monkeypatch.setattr(EventFile, "add", lambda _, events: full() if events else None)
        keys.add(key)
        with pytest.raises(KeyStoreUnavailable, match="No space left"):
            keys.add(other)
        assert keys.events() == [issued(key)]
        monkeypatch.undo()
        keys.add(other)
        assert keys.events() == [issued(key), issued(other)]

    def test_spoiled_by_hand_are_named_and_the_keys_still_work(
        self, file: Path, keys: CsvKeyStore, stored: list[ApiKey]
    ) -> None:
        content = events_file(file).read_bytes().splitlines(keepends=True)
        for nonsense in (b"nonsense\n", b"{}\n", b"\xff\n", b'{"at":"yesterday","action":"issued"}\n', b"\n"):
            events_file(file).write_bytes(content[0] + nonsense + content[2])
            with pytest.raises(KeyStoreMalformed, match=r"keys\.csv\.events\.jsonl, line 2 is no event"):
                keys.events()
            key = example_key()
            keys.add(key)
            assert keys.find(key.id) == key


def _killed_at(file: Path, key_id: str, successor: ApiKey, step: int) -> None:
    """Rotates a key in a process that is killed when it opens, renames or removes a file for the `step`th time."""
    steps = itertools.count()

    def kill(event: str, _arguments: object) -> None:
        if event in {"open", "os.rename", "os.remove", "os.truncate"} and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(kill)
    CsvKeyStore(file).rotate(key_id, successor, REVOCATION)


def test_a_writer_that_is_killed_at_any_step_leaves_the_state_before_or_after_it(tmp_path: Path) -> None:
    ended = set()
    trials = []
    for step in range(14):
        file, key, successor = tmp_path / f"{step}" / "keys.csv", example_key(), example_key(created_at=ROTATION)
        CsvKeyStore(file).add(key)
        process = FORK_SERVER.Process(target=_killed_at, args=(file, key.id, successor, step))
        process.start()
        trials.append((file, key, successor, process))
    for file, key, successor, process in trials:
        process.join()
        ended.add(process.exitcode)
        keys, replaced = CsvKeyStore(file), key.replaced(successor.id, REVOCATION)
        happened = len(keys.all().keys) == 2
        assert keys.all().keys == ([replaced, successor] if happened else [key])
        told = [issued(key), issued(successor), rotated(replaced, successor)] if happened else [issued(key)]
        assert keys.events() == told
        added = example_key()
        keys.add(added)
        assert keys.events() == [*told, issued(added)]
        assert names(file) == {"keys.csv", "keys.csv.lock", "keys.csv.events.jsonl"}
    assert ended == {-signal.SIGKILL, 0}
