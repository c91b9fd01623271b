"""What every key store does, whatever it keeps its keys in."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
import sqlalchemy

from adapters.key_stores.csv_file import CsvKeyStore
from adapters.key_stores.row import COLUMNS
from adapters.key_stores.sql_database import SqlKeyStore
from application.ports.key_store import KeyStore
from domain.api_key import ApiKey, Scope, Token
from domain.errors import DuplicateKey, KeyNotFound, KeyStoreMalformed
from tests.example_keys import example_key
from tests.fakes.in_memory_key_store import InMemoryKeyStore

Opener = Callable[[], KeyStore]

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


# The real ones, each by how it is opened on a folder or a url.
ADAPTERS: dict[str, Callable[[str], KeyStore]] = {"csv": csv_file, "sqlite": sqlite, "postgresql": postgresql}


@pytest.fixture
def location(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> str:
    return str(request.getfixturevalue("fresh_postgres_url")) if kind == "postgresql" else str(tmp_path)


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
        assert keys.all() == []
        assert keys.find(first.id) is None

        keys.add(first)

        assert keys.find(first.id) == first
        assert keys.all() == [first]

    def test_every_further_key_is_found_beside_the_first(self, keys: KeyStore) -> None:
        added = [example_key() for _ in range(5)]
        for key in added:
            keys.add(key)

        assert [keys.find(key.id) for key in added] == added
        assert len(keys.all()) == 5

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

        assert keys.all() == [key]

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

        assert keys.all() == sorted(made, key=lambda key: (key.created_at, key.id))

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
        assert {key.id for key in keys.all()} == {key.id for key in added}

    def test_of_simultaneous_revocations_one_stands(self, keys: KeyStore) -> None:
        key = example_key()
        keys.add(key)
        times = [REVOCATION + timedelta(seconds=second) for second in range(6)]

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda at: keys.revoke(key.id, at), times))

        assert len(set(answers)) == 1
        assert keys.find(key.id) == answers[0]


def _add_at_the_signal(kind: str, location: str, keys: list[ApiKey], signal: Barrier) -> None:
    store = ADAPTERS[kind](location)
    signal.wait()
    for key in keys:
        store.add(key)
    if isinstance(store, SqlKeyStore):
        store.close()


@pytest.mark.parametrize("kind", ADAPTERS)
def test_processes_that_start_on_a_fresh_store_at_once_lose_nothing(kind: str, location: str, keys: KeyStore) -> None:
    shares = [[example_key() for _ in range(6)] for _ in range(4)]
    context = multiprocessing.get_context("forkserver")  # processes that share nothing with this one
    context.set_forkserver_preload([__name__])
    signal = context.Barrier(len(shares))
    processes = [context.Process(target=_add_at_the_signal, args=(kind, location, share, signal)) for share in shares]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * len(shares)
    assert {key.id for key in keys.all()} == {key.id for share in shares for key in share}


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
        if self.kind == "csv":
            line = next(line for line in self.file.read_text().splitlines() if line.startswith(key_id))
            return [cell or None for cell in line.split(",")]
        with self.connection() as connection:
            # As text, for there are values that no datetime holds.
            columns = ", ".join(f"CAST({column} AS TEXT)" for column in COLUMNS)
            query = sqlalchemy.text(f"SELECT {columns} FROM api_keys WHERE id = :id")  # noqa: S608
            return list(connection.execute(query, {"id": key_id}).one())

    def write(self, key_id: str, column: str, text: str | None) -> None:
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
            for ask in (lambda: keys.find(key.id), keys.all, lambda: keys.revoke(key.id, REVOCATION)):
                with pytest.raises(KeyStoreMalformed, match=column) as caught:
                    ask()
                said = str(caught.value)
                assert key.id in said or "line 2" in said
                assert "tsd_plain_text" not in said
                assert said.isprintable()
            by_hand.write(key.id, column, dict(zip(COLUMNS, sound, strict=True))[column])
        assert keys.find(key.id) == key

    def test_other_keys_still_work(self, keys: KeyStore, spoiled: ApiKey) -> None:
        other = example_key()
        keys.add(other)
        assert keys.find(other.id) == other
        assert keys.revoke(other.id, REVOCATION) == other.revoked(REVOCATION)
        assert keys.find(other.id) == other.revoked(REVOCATION)

    def test_its_id_stays_taken(self, keys: KeyStore, spoiled: ApiKey) -> None:
        with pytest.raises(DuplicateKey):
            keys.add(spoiled)

    def test_it_is_kept_as_it_is_until_somebody_mends_it(
        self, keys: KeyStore, by_hand: ByHand, spoiled: ApiKey
    ) -> None:
        before = by_hand.row(spoiled.id)
        other = example_key()
        keys.add(other)
        keys.revoke(other.id, REVOCATION)
        with pytest.raises(KeyStoreMalformed):
            keys.revoke(spoiled.id, REVOCATION)

        assert by_hand.row(spoiled.id) == before
