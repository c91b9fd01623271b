"""Issuing keys, and the faults of the original service that must not come back."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.key_stores.csv_file import CsvKeyStore
from adapters.key_stores.sql_database import SqlKeyStore
from adapters.pepper_stores.secret_file import SecretFilePepperStore
from application.authenticate_key import AuthenticateKey
from application.issue_key import IssuedKey, IssueKey
from application.list_keys import ListKeys
from application.ports.key_store import KeyStore
from application.ports.pepper_store import PepperStore
from application.revoke_key import RevokeKey
from domain.api_key import Scope, Token, parse_lifetime
from domain.errors import InvalidKeyRequest, KeyRejected, KeyStoreUnavailable
from tests.door import enter
from tests.example_keys import OPERATOR
from tests.fakes.fixed_clock import NOON, FixedClock
from tests.fakes.in_memory_key_event_log import InMemoryKeyEventLog, KeyEvent
from tests.fakes.in_memory_key_store import InMemoryKeyStore
from tests.fakes.in_memory_pepper_store import InMemoryPepperStore


@dataclass
class Office:
    """Where keys are issued and checked."""

    keys: KeyStore = field(default_factory=InMemoryKeyStore)
    peppers: PepperStore = field(default_factory=InMemoryPepperStore)
    clock: FixedClock = field(default_factory=FixedClock)
    events: InMemoryKeyEventLog = field(default_factory=InMemoryKeyEventLog)

    def issue(self, label: str = "Valora SpA", scopes: tuple[str, ...] = ("value",), **options: timedelta) -> IssuedKey:
        return IssueKey(self.keys, self.peppers, self.clock, self.events)(label, scopes, OPERATOR, **options)

    def lets_in(self, token: str) -> bool:
        try:
            enter(AuthenticateKey(self.keys, self.peppers, self.clock, self.events), token)
        except KeyRejected:
            return False
        return True


@pytest.fixture(params=["csv", "sqlite"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The file of a real key store; nothing is there yet."""
    return tmp_path / "var" / {"csv": "keys.csv", "sqlite": "keys.db"}[request.param]


@pytest.fixture
def open_office(vault: Path) -> Iterator[Callable[[], Office]]:
    with ExitStack() as opened:

        def open_it() -> Office:
            peppers = SecretFilePepperStore(vault.with_name("pepper.json"))
            if vault.suffix == ".csv":
                return Office(CsvKeyStore(vault), peppers)
            return Office(opened.enter_context(closing(SqlKeyStore(f"sqlite:///{vault}"))), peppers)

        yield open_it


class TestIssueKey:
    def test_a_key_is_stored_and_its_token_opens_the_door(self) -> None:
        office = Office()
        issued = office.issue(label="  Valora SpA ", scopes=("models:read", "value"))

        assert office.keys.find(issued.key.id) == issued.key
        assert issued.key.label == "Valora SpA"
        assert issued.key.scopes == {Scope.VALUE, Scope.MODELS_READ}
        assert issued.key.created_at == NOON
        assert office.lets_in(issued.token)

    def test_a_key_expires_after_90_days_unless_told_otherwise(self) -> None:
        assert Office().issue().key.expires_at == NOON + timedelta(days=90)
        assert Office().issue(lifetime=timedelta(hours=1)).key.expires_at == NOON + timedelta(hours=1)

    def test_it_is_recorded(self) -> None:
        office = Office()
        issued = office.issue(scopes=("value", "models:read"), lifetime=timedelta(days=1))

        details = {
            "by": "operator",
            "label": "Valora SpA",
            "scopes": "models:read value",
            "expires_at": "2026-11-23T12:00:00+00:00",
        }
        assert office.events.events == [KeyEvent("issued", issued.key.id, details)]

    @pytest.mark.parametrize(
        ("label", "scopes", "lifetime"),
        [
            ("", ("value",), timedelta(days=1)),
            ("Valora", (), timedelta(days=1)),
            ("Valora", ("all",), timedelta(days=1)),
            ("Valora", ("value",), timedelta(0)),
            ("Valora", ("value",), timedelta(days=367)),
        ],
    )
    def test_an_unusable_request_leaves_nothing(self, label: str, scopes: tuple[str, ...], lifetime: timedelta) -> None:
        office = Office()
        with pytest.raises(InvalidKeyRequest):
            office.issue(label, scopes, lifetime=lifetime)
        assert office.keys.all().keys == []
        assert office.events.events == []

    def test_no_key_is_announced_that_could_not_be_stored(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        office = Office(keys=CsvKeyStore(tmp_path / "file" / "keys.csv"))
        with pytest.raises(KeyStoreUnavailable):
            office.issue()
        assert office.events.events == []

    def test_the_repr_of_an_issued_key_shows_no_token(self) -> None:
        issued = Office().issue()
        token = Token.parse(issued.token)
        assert token is not None
        assert token.secret not in repr(issued)
        assert issued.key.secret_hash not in repr(issued)

    def test_keys_are_listed_with_their_state(self) -> None:
        office = Office()
        short, long = office.issue(lifetime=timedelta(hours=1)), office.issue(lifetime=timedelta(days=1))
        gone = office.issue()
        RevokeKey(office.keys, office.clock, office.events)(gone.key.id, OPERATOR)
        office.clock.advance(timedelta(hours=1))

        listed = {each.key.id: each.state for each in ListKeys(office.keys, office.clock)().keys}

        assert listed == {short.key.id: "expired", long.key.id: "active", gone.key.id: "revoked"}


class TestFaultsOfTheOriginal:
    """Each of these was so in the service that this one replaces."""

    def test_keys_stood_in_plain_text_in_the_vault_and_in_every_log_line(
        self, vault: Path, open_office: Callable[[], Office]
    ) -> None:
        office = open_office()
        issued = office.issue()
        token = Token.parse(issued.token)
        assert token is not None
        assert office.lets_in(issued.token)
        assert not office.lets_in(issued.token[:-1])  # mistyped
        assert not office.lets_in(Token(token.key_id, token.secret[::-1]).reveal())  # guessed
        assert not office.lets_in(Token("Unknown00000", token.secret).reveal())
        RevokeKey(office.keys, office.clock, office.events)(issued.key.id, OPERATOR)
        assert not office.lets_in(issued.token)

        written = b"".join(file.read_bytes() for file in vault.parent.iterdir())
        recorded = repr(office.events.events)
        assert issued.key.id in recorded
        assert issued.key.id.encode() in written
        for secret in (token.secret, token.secret[::-1], issued.token, issued.token[:-1], token.secret[:16]):
            assert secret.encode() not in written
            assert secret not in recorded
        assert issued.key.secret_hash not in recorded

    @pytest.mark.parametrize("before", ["missing", "empty"])
    def test_a_fresh_install_could_not_create_its_first_key(
        self, vault: Path, open_office: Callable[[], Office], before: str
    ) -> None:
        if before == "empty":
            vault.parent.mkdir()
            vault.touch()

        issued = open_office().issue()

        assert open_office().lets_in(issued.token)

    @pytest.mark.parametrize(
        ("lifetime", "elapsed", "lets_in"),
        [
            ("1h", "59m", True),
            ("1h", "60m", False),
            ("1h", "61m", False),
            ("90d", "89d", True),
            ("90d", "90d", False),
            ("90d", "91d", False),
            ("24h", "23h", True),
            ("24h", "2d", False),
        ],
    )
    def test_lifespans_in_hours_were_compared_with_elapsed_days(
        self, lifetime: str, elapsed: str, lets_in: bool
    ) -> None:
        office = Office()
        issued = office.issue(lifetime=parse_lifetime(lifetime))
        office.clock.advance(parse_lifetime(elapsed))
        assert office.lets_in(issued.token) is lets_in

    def test_the_second_key_written_broke_the_file(self, open_office: Callable[[], Office]) -> None:
        tokens = [open_office().issue(label=f"client {number}, Ltd.").token for number in range(4)]

        later = open_office()

        assert [later.lets_in(token) for token in tokens] == [True] * 4
        assert [key.label for key in later.keys.all().keys].count("client 3, Ltd.") == 1
        assert len(later.keys.all().keys) == 4
