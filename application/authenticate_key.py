"""Letting in who has a key, and nobody else."""

from collections.abc import Callable
from dataclasses import dataclass, field

from application.key_uses import KeyUses
from application.known_keys import KnownKeys
from application.ports.clock import Clock
from application.ports.key_event_log import KeyEventLog
from application.ports.key_store import KeyStore
from application.ports.pepper_store import PepperStore
from domain.api_key import ApiKey, Pepper, Scope, Token
from domain.errors import KeyRejected, ScopeMissing, SecretUnavailable

_NO_HASH = "0" * 64  # what an unknown key's secret is compared with, so that it costs what a known one's does


@dataclass(frozen=True, slots=True)
class AuthenticateKey:
    """Tells whose key a token is, and whether it may do what it is presented for.

    First `at_once`, then `ask`, then `let_in` or `turn_away`, which record it.
    """

    keys: KeyStore
    peppers: PepperStore
    clock: Clock
    events: KeyEventLog
    of_strangers: Pepper = field(default_factory=Pepper.generate)
    """Hashes the secrets of unknown keys, so that they cost what known ones do: no key's, and never stored."""

    known: KnownKeys = field(default_factory=KnownKeys)
    uses: KeyUses = field(default_factory=KeyUses)

    def ask(self, presented: str | None) -> ApiKey:
        """The key whose token `presented` spells, where it is valid now, by asking the store. Nothing is recorded yet.

        Raises KeyRejected with the same message whatever the cause, and, where nothing can be said of the key,
        KeyStoreUnavailable, KeyStoreMalformed or SecretUnavailable.
        """
        if not presented:
            raise KeyRejected("missing")
        token = Token.parse(presented)
        if token is None:
            raise KeyRejected("malformed")
        return self._asked(token)

    def at_once(self, presented: str | None) -> ApiKey | None:
        """The same without asking the store, where that has let the key in a moment ago; None where it is to be asked.

        Nobody is turned away by memory alone.
        """
        return self._from_memory(presented, self.known.find)

    def meanwhile(self, presented: str | None) -> ApiKey | None:
        """The same for who has asked the store and got no answer yet."""
        return self._from_memory(presented, self.known.held)

    def without_store(self, presented: str | None) -> ApiKey | None:
        """The same where the store does not answer at all: a key that it let in within the last minute, or None."""
        return self._from_memory(presented, self.known.find_without_store)

    def remembers(self, presented: str | None) -> bool:
        """Whether this token was right when it was last seen, however long ago: its bearer is no stranger."""
        token = Token.parse(presented) if presented else None
        known = self.known.recall(token.key_id) if token else None
        return token is not None and known is not None and known[1].matches(token.secret, known[0].secret_hash)

    def let_in(self, key: ApiKey, needed: Scope, request: str = "") -> ApiKey:
        """The key, which was proven, where it has this scope; recorded under `request`. Raises ScopeMissing."""
        self.uses.note(key.id, self.clock.now())
        if needed not in key.scopes:
            self.events.record("refused", key.id, cause="scope", needed=needed.value, request=request)
            raise ScopeMissing(f"This key was not given the scope '{needed}', which is needed here: use one that was.")
        self.events.record("validated", key.id, needed=needed.value, request=request)
        return key

    def turn_away(self, rejected: KeyRejected, request: str = "") -> None:
        """Records a refusal under `request`; nothing of the token is in it but the id of a well-formed one."""
        self.events.record("refused", rejected.key_id, cause=rejected.cause, request=request)

    def _from_memory(self, presented: str | None, find: Callable[[str], tuple[ApiKey, Pepper] | None]) -> ApiKey | None:
        token = Token.parse(presented) if presented else None
        if token is None:
            return None
        known = find(token.key_id)
        if known is None:
            self.of_strangers.matches(token.secret, _NO_HASH)  # costs what a known one's does
            return None
        key, pepper = known
        proven = pepper.matches(token.secret, key.secret_hash) and key.state_at(self.clock.now()) == "active"
        return key if proven else None

    def _asked(self, token: Token) -> ApiKey:
        asked_at = self.known.now()
        key = self.keys.find(token.key_id)
        self.known.store_answers()
        pepper = self.peppers.find("" if key is None else key.pepper_id) or self.of_strangers
        # The secret before the state: a guess at an expired key is a wrong secret, not an expired key.
        matches = pepper.matches(token.secret, _NO_HASH if key is None else key.secret_hash)
        if key is None:
            self.known.forget(token.key_id)
            raise KeyRejected("unknown", token.key_id)
        if pepper is self.of_strangers:
            self.known.forget(token.key_id)
            raise SecretUnavailable(
                f"The pepper of key {key.id} is lost, so that it cannot be checked: restore key_store.pepper_file from "
                "its backup, or issue another key."
            )
        if not matches:
            raise KeyRejected("wrong_secret", token.key_id)
        state = key.state_at(self.clock.now())
        if state != "active":
            self.known.forget(token.key_id)
            raise KeyRejected(state, key.id)
        self.known.remember(key, pepper, asked_at)
        return key
