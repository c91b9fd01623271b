"""What every key store does, whatever it keeps its keys in."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing.synchronize import Barrier
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from adapters.key_stores.csv_file import CsvKeyStore
from adapters.key_stores.row import COLUMNS
from adapters.key_stores.sql_database import SqlKeyStore
from application.ports.key_store import KeptKeys, KeyStore
from domain.api_key import ADMIN_MUST_LAST, ApiKey, Scope, Token
from domain.errors import (
    DuplicateKey,
    KeyNotActive,
    KeyNotFound,
    KeyStoreMalformed,
    KeyStoreSpoiled,
    LastAdminKey,
)
from domain.key_event import KeyEvent, issued, revoked, rotated
from tests.example_keys import example_key
from tests.fakes.in_memory_key_store import InMemoryKeyStore
from tests.fork_server import FORK_SERVER
from tests.openbao_server import Share

Opener = Callable[[], KeyStore]

CREATION = datetime(2026, 11, 22, 12, 30, 15, 123456, tzinfo=UTC)  # of the example keys
ROTATION = datetime(2026, 11, 25, 8, 0, 0, 7, tzinfo=UTC)
REVOCATION = datetime(2026, 12, 1, 8, 0, 0, 5, tzinfo=UTC)
AWKWARD_LABELS = (
    "Ñuñoa & Cía. Ltda.",
    "评估公司 🏠",
    'a, "quoted", label; with\\separators',
    "'already quoted'",
    "'",
    "=HYPERLINK(1)",
    "+56 9 1234 5678",
    "-1",
    "@sum",
    "'=1+1",
    "''+1",
    "0123",
    "NULL",
    "%s %(id)s :id ? {id}",
    "x" * 100,
)


def csv_file(location: str) -> KeyStore:
    return CsvKeyStore(Path(location) / "keys" / "keys.csv")


def sqlite(location: str) -> KeyStore:
    return SqlKeyStore(f"sqlite:///{location}/database/tasador.db")


def postgresql(url: str) -> KeyStore:
    return SqlKeyStore(url)


def vault_server(location: str) -> KeyStore:
    return Share.at(location).open()


# The real ones, each by how it is opened on a folder or a url.
ADAPTERS: dict[str, Callable[[str], KeyStore]] = {
    "csv": csv_file,
    "sqlite": sqlite,
    "postgresql": postgresql,
    "vault": vault_server,
}


def an_admin(lifetime: timedelta = timedelta(days=90)) -> ApiKey:
    return example_key(scopes=frozenset({Scope.KEYS_ADMIN}), lifetime=lifetime)


def a_successor(created_at: datetime = ROTATION) -> ApiKey:
    return replace(example_key(created_at=created_at), created_by="carla")


@pytest.fixture
def location(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> str:
    if kind == "vault":
        return str(request.getfixturevalue("openbao").share().location)
    if kind != "postgresql":
        return str(tmp_path)
    url: str = request.getfixturevalue("postgres_url")
    with psycopg.connect(url) as connection:  # five times as fast as a database for each test
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return url


@pytest.fixture
def reopen(kind: str, location: str) -> Iterator[Opener]:
    """Opens the same store again and again."""
    if kind == "memory":
        only = InMemoryKeyStore()
        yield lambda: only
        return
    with ExitStack() as opened:

        def open_it() -> KeyStore:
            store = ADAPTERS[kind](location)
            if isinstance(store, SqlKeyStore):
                opened.enter_context(closing(store))
            return store

        yield open_it


@pytest.fixture
def keys(reopen: Opener) -> KeyStore:
    return reopen()


@pytest.mark.parametrize("kind", ["memory", *ADAPTERS])
class TestKeyStore:
    def test_a_fresh_store_has_no_keys_and_takes_its_first(self, keys: KeyStore) -> None:
        first = example_key()
        assert keys.all().keys == []
        assert keys.find(first.id) is None

        keys.add(first)

        assert keys.find(first.id) == first
        assert keys.all().keys == [first]

    def test_every_further_key_is_found_beside_the_first(self, keys: KeyStore) -> None:
        added = [example_key() for _ in range(5)]
        for key in added:
            keys.add(key)

        assert [keys.find(key.id) for key in added] == added
        assert len(keys.all().keys) == 5

    def test_keys_survive_reopening(self, reopen: Opener) -> None:
        kept, taken_back = example_key(), example_key()
        store = reopen()
        store.add(kept)
        store.add(taken_back)
        store.revoke(taken_back.id, REVOCATION)

        later = reopen()

        assert later.find(kept.id) == kept
        assert later.find(taken_back.id) == taken_back.revoked(REVOCATION)

    def test_what_one_holder_changes_another_sees(self, reopen: Opener) -> None:
        server, console = reopen(), reopen()
        key = example_key()
        assert server.find(key.id) is None

        console.add(key)
        assert server.find(key.id) == key

        console.revoke(key.id, REVOCATION)
        assert server.find(key.id) == key.revoked(REVOCATION)

    def test_an_id_is_taken_once(self, keys: KeyStore) -> None:
        key = example_key()
        keys.add(key)

        with pytest.raises(DuplicateKey, match=key.id):
            keys.add(ApiKey(key.id, "an impostor", "0" * 64, "p", key.scopes, key.created_at, key.expires_at))

        assert keys.all().keys == [key]

    def test_ids_that_differ_in_case_are_two_keys(self, keys: KeyStore) -> None:
        upper, lower = example_key(Token("ABCDEF000001", "x")), example_key(Token("abcdef000001", "y"))
        keys.add(upper)
        assert keys.find(lower.id) is None
        keys.add(lower)
        assert (keys.find(upper.id), keys.find(lower.id)) == (upper, lower)

    def test_labels_come_back_as_they_were(self, reopen: Opener) -> None:
        labelled = {label: example_key(label=label) for label in AWKWARD_LABELS}
        store = reopen()
        for key in labelled.values():
            store.add(key)
        for key in list(labelled.values())[::2]:
            store.revoke(key.id, REVOCATION)

        later = reopen()

        for label, key in labelled.items():
            found = later.find(key.id)
            assert found is not None
            assert found.label == label

    def test_every_scope_comes_back(self, keys: KeyStore) -> None:
        key = example_key(scopes=frozenset(Scope))
        keys.add(key)
        assert keys.find(key.id) == key

    def test_times_come_back_to_the_microsecond_and_in_utc(self, keys: KeyStore) -> None:
        key = example_key(created_at=datetime(2026, 3, 29, 1, 30, 0, 999999, tzinfo=UTC))
        keys.add(key)

        revoked = keys.revoke(key.id, REVOCATION.astimezone(timezone(timedelta(hours=-3))))

        assert revoked == keys.find(key.id) == key.revoked(REVOCATION)
        assert revoked.revoked_at is not None
        for moment in (revoked.created_at, revoked.expires_at, revoked.revoked_at):
            assert moment.utcoffset() == timedelta(0)

    def test_all_lists_the_oldest_first_and_equally_old_ones_by_id(self, keys: KeyStore) -> None:
        noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
        made = [example_key(created_at=noon + timedelta(minutes=minutes)) for minutes in (3, 1, 2, 1, 1, 0)]
        for key in made:
            keys.add(key)

        assert keys.all().keys == sorted(made, key=lambda key: (key.created_at, key.id))

    def test_a_revocation_is_returned_and_kept(self, keys: KeyStore) -> None:
        key = example_key()
        keys.add(key)
        keys.add(example_key())

        assert keys.revoke(key.id, REVOCATION) == key.revoked(REVOCATION)
        assert keys.find(key.id) == key.revoked(REVOCATION)

    def test_the_first_revocation_stands(self, keys: KeyStore) -> None:
        key = example_key()
        keys.add(key)
        keys.revoke(key.id, REVOCATION)

        for later in (REVOCATION + timedelta(days=1), REVOCATION - timedelta(days=1)):
            assert keys.revoke(key.id, later).revoked_at == REVOCATION
        assert keys.find(key.id) == key.revoked(REVOCATION)

    def test_a_revoked_key_cannot_be_added_anew(self, keys: KeyStore) -> None:
        key = example_key()
        keys.add(key)
        keys.revoke(key.id, REVOCATION)

        with pytest.raises(DuplicateKey):
            keys.add(key)

        assert keys.find(key.id) == key.revoked(REVOCATION)

    def test_other_keys_are_untouched_by_a_revocation(self, keys: KeyStore) -> None:
        others = [example_key(), example_key()]
        key = example_key()
        for each in (others[0], key, others[1]):
            keys.add(each)

        keys.revoke(key.id, REVOCATION)

        assert [keys.find(other.id) for other in others] == others

    def test_an_unknown_key_cannot_be_revoked(self, keys: KeyStore) -> None:
        keys.add(example_key())
        with pytest.raises(KeyNotFound, match="Unknown00000"):
            keys.revoke("Unknown00000", REVOCATION)

    def test_threads_lose_nothing(self, keys: KeyStore) -> None:
        added = [example_key() for _ in range(24)]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(keys.add, added))
            found = list(pool.map(keys.find, [key.id for key in added]))

        assert found == added
        assert {key.id for key in keys.all().keys} == {key.id for key in added}

    def test_of_simultaneous_revocations_one_stands(self, keys: KeyStore) -> None:
        key = example_key()
        keys.add(key)
        times = [REVOCATION + timedelta(seconds=second) for second in range(6)]

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda at: keys.revoke(key.id, at), times))

        assert len(set(answers)) == 1
        assert keys.find(key.id) == answers[0]

    def test_who_made_a_key_and_who_took_it_back_and_why_come_back(self, reopen: Opener) -> None:
        store = reopen()
        texts = [label for label in AWKWARD_LABELS if label.isprintable()]
        made = [replace(example_key(), created_by=text) for text in texts]
        for key, text in zip(made, texts, strict=True):
            store.add(key)
            store.revoke(key.id, REVOCATION, text, text)

        later = reopen()

        for key, text in zip(made, texts, strict=True):
            assert later.find(key.id) == key.revoked(REVOCATION, text, text)

    def test_the_reason_of_the_first_revocation_stands(self, keys: KeyStore) -> None:
        key = example_key()
        keys.add(key)
        keys.revoke(key.id, REVOCATION, "ana", "left the company")

        again = keys.revoke(key.id, REVOCATION + timedelta(days=1), "berta", "another reason")

        assert again == keys.find(key.id) == key.revoked(REVOCATION, "ana", "left the company")


@pytest.mark.parametrize("kind", ["memory", *ADAPTERS])
class TestRotation:
    def test_keeps_the_successor_and_ends_the_key_after_the_overlap(self, reopen: Opener) -> None:
        store, key, successor = reopen(), example_key(), a_successor()
        store.add(key)
        until = ROTATION + timedelta(hours=1)

        rotated_key = store.rotate(key.id, successor, until)

        assert rotated_key == replace(key, replaced_by=successor.id, expires_at=until)
        assert reopen().find(key.id) == rotated_key
        assert reopen().find(successor.id) == successor

    def test_never_lets_a_key_live_longer(self, keys: KeyStore) -> None:
        key = example_key()
        keys.add(key)
        assert keys.rotate(key.id, a_successor(), key.expires_at + timedelta(days=1)).expires_at == key.expires_at

    def test_is_refused_for_a_key_that_is_not_active(self, keys: KeyStore) -> None:
        taken_back, expired, replaced = example_key(), example_key(lifetime=timedelta(hours=1)), example_key()
        for key in (taken_back, expired, replaced):
            keys.add(key)
        keys.revoke(taken_back.id, CREATION)
        keys.rotate(replaced.id, a_successor(), ROTATION + timedelta(days=1))
        before = keys.all().keys, keys.events()

        for key in (taken_back, expired, replaced):
            with pytest.raises(KeyNotActive, match=key.id):
                keys.rotate(key.id, a_successor(), ROTATION)
        with pytest.raises(KeyNotFound, match="Unknown00000"):
            keys.rotate("Unknown00000", a_successor(), ROTATION)

        assert (keys.all().keys, keys.events()) == before

    def test_to_an_id_that_is_taken_changes_nothing(self, keys: KeyStore) -> None:
        key, other = example_key(), example_key()
        keys.add(key)
        keys.add(other)
        before = keys.all().keys, keys.events()

        for taken in (other, key):
            with pytest.raises(DuplicateKey, match=taken.id):
                keys.rotate(key.id, replace(a_successor(), id=taken.id), ROTATION)

        assert (keys.all().keys, keys.events()) == before

    def test_that_is_asked_for_twice_at_once_happens_once(self, keys: KeyStore) -> None:
        key = example_key()
        keys.add(key)
        successors = [a_successor() for _ in range(4)]

        def rotate(successor: ApiKey) -> bool:
            try:
                keys.rotate(key.id, successor, ROTATION)
            except KeyNotActive:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(rotate, successors))

        (successor,) = [successor for successor, did in zip(successors, done, strict=True) if did]
        assert {key.id for key in keys.all().keys} == {key.id, successor.id}
        assert [event.action for event in keys.events()] == ["issued", "issued", "rotated"]


@pytest.mark.parametrize("kind", ["memory", *ADAPTERS])
class TestUses:
    def test_are_kept_and_never_set_back(self, reopen: Opener) -> None:
        store, used, idle = reopen(), example_key(), example_key()
        store.add(used)
        store.add(idle)
        late = datetime(2026, 11, 23, 12, tzinfo=UTC)

        for at in (late, late - timedelta(microseconds=1), CREATION):
            store.note_uses({used.id: at, "Unknown00000": at})
        store.note_uses({})

        assert reopen().find(used.id) == replace(used, last_used_at=late)
        assert reopen().find(idle.id) == idle
        store.note_uses({key.id: late + timedelta(microseconds=1) for key in (used, idle)})
        assert {key.last_used_at for key in reopen().all().keys} == {late + timedelta(microseconds=1)}

    def test_are_no_events_and_outlast_the_key(self, keys: KeyStore) -> None:
        key = example_key()
        keys.add(key)
        keys.note_uses({key.id: ROTATION})
        taken_back = keys.revoke(key.id, REVOCATION)
        keys.note_uses({key.id: REVOCATION})
        assert taken_back.last_used_at == ROTATION
        assert keys.find(key.id) == replace(taken_back, last_used_at=REVOCATION)
        assert [event.action for event in keys.events()] == ["issued", "revoked"]


@pytest.mark.parametrize("kind", ["memory", *ADAPTERS])
class TestEvents:
    def test_of_a_fresh_store_are_none(self, keys: KeyStore) -> None:
        assert keys.events() == []

    def test_tell_all_that_happened_in_its_order(self, reopen: Opener) -> None:
        store, key, successor = reopen(), replace(example_key(), created_by="ana"), a_successor()
        other = KeyEvent(ROTATION + timedelta(days=1), "pepper_rotated", "", 'berta, "Ltda"', "=a\n-> b")

        store.add(key)
        rotated_key = store.rotate(key.id, successor, ROTATION + timedelta(hours=1))
        store.record(other)
        taken_back = store.revoke(successor.id, REVOCATION, "carla", 'ñ, "stolen"')

        assert store.events() == reopen().events()
        assert store.events() == [
            *(issued(key), issued(successor), rotated(rotated_key, successor)),
            *(other, revoked(taken_back)),
        ]

    def test_are_not_made_by_what_did_not_happen(self, keys: KeyStore) -> None:
        key = example_key()
        keys.add(key)
        keys.revoke(key.id, REVOCATION)
        before = keys.events()

        keys.revoke(key.id, REVOCATION)
        with pytest.raises(DuplicateKey):
            keys.add(key)
        with pytest.raises(KeyNotFound):
            keys.revoke("Unknown00000", REVOCATION)

        assert keys.events() == before

    def test_outlast_what_they_are_about(self, keys: KeyStore) -> None:
        for at in (REVOCATION, ROTATION):
            keys.record(KeyEvent(at, "pepper_rotated", "", "ana"))
        assert [event.at for event in keys.events()] == [REVOCATION, ROTATION]


@pytest.mark.parametrize("kind", ["memory", *ADAPTERS])
class TestTheLastKeyThatMayManageKeys:
    def test_is_spared_where_that_is_asked_for(self, keys: KeyStore) -> None:
        expired, taken_back, plain, last = an_admin(timedelta(days=1)), an_admin(), example_key(), an_admin()
        for key in (expired, taken_back, plain, last):
            keys.add(key)
        keys.revoke(taken_back.id, CREATION)

        with pytest.raises(LastAdminKey, match=last.id):
            keys.revoke(last.id, REVOCATION, spare_last_admin=True)

        assert keys.find(last.id) == last
        for other in (expired, taken_back, plain):
            keys.revoke(other.id, REVOCATION, spare_last_admin=True)
        assert keys.revoke(last.id, REVOCATION).revoked_at == REVOCATION

    def test_is_not_the_one_beside_which_another_is_active(self, keys: KeyStore) -> None:
        first, second = an_admin(), an_admin()
        keys.add(first)
        keys.add(second)
        assert keys.revoke(first.id, REVOCATION, spare_last_admin=True).revoked_at == REVOCATION

    def test_is_spared_where_the_other_ends_within_a_day(self, keys: KeyStore) -> None:
        """Else an admin would pass as another that was issued for a minute, just to revoke the rest."""
        day_later = REVOCATION + ADMIN_MUST_LAST - CREATION
        last, ends_too_soon, lasts = an_admin(), an_admin(day_later), an_admin(day_later + timedelta(microseconds=1))
        keys.add(last)
        keys.add(ends_too_soon)
        with pytest.raises(LastAdminKey, match=last.id):
            keys.revoke(last.id, REVOCATION, spare_last_admin=True)
        keys.add(lasts)
        assert keys.revoke(last.id, REVOCATION, spare_last_admin=True).revoked_at == REVOCATION

    def test_is_left_when_all_are_revoked_at_once(self, keys: KeyStore) -> None:
        admins = [an_admin() for _ in range(5)]
        for key in admins:
            keys.add(key)

        def revoke(key: ApiKey) -> str | None:
            try:
                keys.revoke(key.id, REVOCATION, spare_last_admin=True)
            except LastAdminKey as refused:
                return refused.key_id
            return None

        with ThreadPoolExecutor(5) as pool:
            refused = [key_id for key_id in pool.map(revoke, admins) if key_id]

        assert [key.id for key in keys.all().keys if key.is_admin_at(REVOCATION)] == refused
        assert len(refused) == 1


def _change_at_the_signal(kind: str, location: str, keys: list[ApiKey], shared: list[ApiKey], signal: Barrier) -> None:
    """Issues keys and rotates one of three and revokes another; and does the same to keys that all want to change."""
    store = ADAPTERS[kind](location)
    signal.wait()
    for key in shared:
        with suppress(DuplicateKey):
            store.add(key)
    for number, key in enumerate(keys):
        store.add(key)
        if number % 3 == 1:
            store.rotate(key.id, a_successor(), ROTATION + timedelta(hours=1))
        if number % 3 == 2:
            store.revoke(key.id, REVOCATION, key.label)
        store.note_uses({key.id: ROTATION})
    for key in shared[::2]:
        store.revoke(key.id, REVOCATION, keys[0].label)
    for key in shared[1::2]:
        with suppress(KeyNotActive):
            store.rotate(key.id, a_successor(), ROTATION)
    if isinstance(store, SqlKeyStore):
        store.close()


@pytest.mark.parametrize("kind", ADAPTERS)
def test_processes_that_start_on_a_fresh_store_at_once_lose_nothing_and_double_nothing(
    kind: str, location: str, keys: KeyStore
) -> None:
    shares = [[example_key(label=f"process {number}") for _ in range(6)] for number in range(4)]
    shared = [example_key() for _ in range(4)]
    signal = FORK_SERVER.Barrier(len(shares))
    processes = [
        FORK_SERVER.Process(target=_change_at_the_signal, args=(kind, location, share, shared, signal))
        for share in shares
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * len(shares)
    check_nothing_was_lost_or_doubled(keys, shares, shared)


def check_nothing_was_lost_or_doubled(keys: KeyStore, shares: list[list[ApiKey]], shared: list[ApiKey]) -> None:
    """Every key is there as its last change left it, and every change is one event, in an order that can be."""
    stored = {key.id: key for key in keys.all().keys}
    own = [key for share in shares for key in share]
    plain, rotated_ones, revoked_ones = (
        [key for share in shares for key in share[which::3]] + others
        for which, others in ((0, []), (1, shared[1::2]), (2, shared[::2]))
    )
    for key in own:
        assert stored[key.id].last_used_at == ROTATION
    for key in plain:
        assert replace(stored[key.id], last_used_at=None) == key
    for key in revoked_ones:
        assert replace(stored[key.id], last_used_at=None) in {
            key.revoked(REVOCATION, share[0].label) for share in shares
        }
    successors = {stored[key.id].replaced_by for key in rotated_ones}
    assert set(stored) == {key.id for key in (*own, *shared)} | successors
    assert len(stored) == len(own) + len(shared) + len(rotated_ones)

    events = keys.events()
    told = [(event.action, event.key_id) for event in events]
    assert sorted(told) == sorted(
        [
            *(("issued", key_id) for key_id in stored),
            *(("rotated", key.id) for key in rotated_ones),
            *(("revoked", key.id) for key in revoked_ones),
        ]
    )
    for event, (action, key_id) in zip(events, told, strict=True):
        if action == "revoked":
            assert event == revoked(stored[key_id])
        assert told.index(("issued", key_id)) <= told.index((action, key_id))


@dataclass(frozen=True)
class ByHand:
    """Somebody who looks at the rows of a store and edits them, past the program."""

    kind: str
    location: str

    @property
    def file(self) -> Path:
        return Path(self.location) / "keys" / "keys.csv"

    @contextmanager
    def connection(self) -> Iterator[sqlalchemy.Connection]:
        url = sqlalchemy.make_url(
            self.location if self.kind == "postgresql" else f"sqlite:///{self.location}/database/tasador.db"
        )
        engine = sqlalchemy.create_engine(
            url.set(drivername={"postgresql": "postgresql+psycopg"}.get(self.kind, self.kind))
        )
        with engine.begin() as connection:
            yield connection
        engine.dispose()

    def row(self, key_id: str) -> list[str | None]:
        if self.kind == "vault":
            fields = Share.at(self.location).read_by_hand(f"keys/{key_id}")
            return [fields.get(column) for column in COLUMNS]
        if self.kind == "csv":
            line = next(line for line in self.file.read_text().splitlines() if line.startswith(key_id))
            return [cell or None for cell in line.split(",")]
        with self.connection() as connection:
            # As text, for there are values that no datetime holds.
            columns = ", ".join(f"CAST({column} AS TEXT)" for column in COLUMNS)
            query = sqlalchemy.text(f"SELECT {columns} FROM api_keys WHERE id = :id")  # noqa: S608
            return list(connection.execute(query, {"id": key_id}).one())

    def write(self, key_id: str, column: str, text: str | None) -> None:
        if self.kind == "vault":
            fields = Share.at(self.location).read_by_hand(f"keys/{key_id}")
            Share.at(self.location).write_by_hand(f"keys/{key_id}", {**fields, column: text})
            return
        if self.kind == "csv":
            row = self.row(key_id)
            edited = [text if name == column else cell for name, cell in zip(COLUMNS, row, strict=True)]
            before, after = (",".join(cell or "" for cell in cells) for cells in (row, edited))
            self.file.write_text(self.file.read_text().replace(before, after))
            return
        literal = "NULL" if text is None else f"'{text}'"
        with self.connection() as connection:
            statement = f"UPDATE api_keys SET {column} = {literal} WHERE id = :id"  # noqa: S608
            connection.execute(sqlalchemy.text(statement), {"id": key_id})


NONSENSE = [
    ("label", " "),
    ("secret_hash", "tsd_plain_text"),
    ("secret_hash", "ñ" * 64),
    ("pepper_id", ""),
    ("scopes", "everything"),
    ("scopes", ""),
    ("created_at", "infinity"),
    ("expires_at", "infinity"),
    ("expires_at", "2200-01-01 00:00:00+00:00"),
    ("revoked_at", "-infinity"),
    ("revoked_by", "x" * 101),
    ("revoked_because", " spaced "),
    ("created_by", "x" * 101),
    ("last_used_at", "infinity"),
    ("replaced_by", "nobody"),
]


@pytest.mark.parametrize("kind", ADAPTERS)
class TestKeySpoiledByHand:
    @pytest.fixture
    def by_hand(self, kind: str, location: str) -> ByHand:
        return ByHand(kind, location)

    @pytest.fixture
    def spoiled(self, keys: KeyStore, by_hand: ByHand) -> ApiKey:
        key = example_key()
        keys.add(key)
        by_hand.write(key.id, "expires_at", "infinity")
        return key

    def test_it_is_refused_with_its_place_and_the_column(self, keys: KeyStore, by_hand: ByHand) -> None:
        key = example_key()
        keys.add(key)
        sound = by_hand.row(key.id)
        for column, nonsense in NONSENSE:
            by_hand.write(key.id, column, nonsense)
            questions: list[Callable[[], object]] = [
                lambda: keys.find(key.id),
                lambda: keys.revoke(key.id, REVOCATION),
                lambda: keys.rotate(key.id, a_successor(), ROTATION),
            ]
            for ask in questions:
                with pytest.raises(KeyStoreMalformed, match=column) as caught:
                    ask()
                said = str(caught.value)
                assert not isinstance(caught.value, KeyStoreSpoiled)
                assert keys.all() == KeptKeys([], (said,))
                assert key.id in said or "line 2" in said
                assert "tsd_plain_text" not in said
                assert said.isprintable()
            by_hand.write(key.id, column, dict(zip(COLUMNS, sound, strict=True))[column])
        assert keys.find(key.id) == key

    def test_other_keys_are_listed_and_it_is_told_of(self, keys: KeyStore, by_hand: ByHand) -> None:
        added = [example_key() for _ in range(5)]
        for key in added:
            keys.add(key)
        by_hand.write(added[1].id, "expires_at", "infinity")
        by_hand.write(added[3].id, "scopes", "everything")
        kept = keys.all()
        assert kept.keys == sorted(added[::2], key=lambda key: key.id)
        assert sorted("expires_at" in fault for fault in kept.faults) == [False, True]
        assert sorted("scopes" in fault for fault in kept.faults) == [False, True]

    def test_other_keys_still_work(self, keys: KeyStore, spoiled: ApiKey) -> None:
        other = example_key()
        keys.add(other)
        assert keys.find(other.id) == other
        assert keys.revoke(other.id, REVOCATION) == other.revoked(REVOCATION)
        assert keys.find(other.id) == other.revoked(REVOCATION)

    def test_it_does_not_count_as_another_that_may_manage_keys(self, keys: KeyStore, by_hand: ByHand) -> None:
        spoiled, last = an_admin(), an_admin()
        keys.add(spoiled)
        keys.add(last)
        by_hand.write(spoiled.id, "expires_at", "infinity")
        with pytest.raises(LastAdminKey):
            keys.revoke(last.id, REVOCATION, spare_last_admin=True)

    def test_its_id_stays_taken(self, keys: KeyStore, spoiled: ApiKey) -> None:
        with pytest.raises(DuplicateKey):
            keys.add(spoiled)
        other = example_key()
        keys.add(other)
        with pytest.raises(DuplicateKey):
            keys.rotate(other.id, replace(a_successor(), id=spoiled.id), ROTATION)
        assert keys.find(other.id) == other

    def test_it_is_kept_as_it_is_until_somebody_mends_it(
        self, keys: KeyStore, by_hand: ByHand, spoiled: ApiKey
    ) -> None:
        before = by_hand.row(spoiled.id)
        other = example_key()
        keys.add(other)
        keys.note_uses({spoiled.id: ROTATION, other.id: ROTATION})
        keys.revoke(other.id, REVOCATION)
        with pytest.raises(KeyStoreMalformed):
            keys.revoke(spoiled.id, REVOCATION)

        assert keys.find(other.id) == replace(other, last_used_at=ROTATION).revoked(REVOCATION)
        assert [event.action for event in keys.events()] == ["issued", "issued", "revoked"]
        assert by_hand.row(spoiled.id) == before
