"""What is special to keys in a secrets server: half-made changes, documents edited by hand, tokens, and outages."""

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from adapters.key_stores import vault_secrets
from adapters.key_stores.vault_secrets import Document, VaultSecrets
from adapters.key_stores.vault_server import VaultKeyStore
from adapters.key_stores.vault_tokens import AppRole, GivenToken, TokenFile, Tokens
from application.ports.key_store import KeyStore
from config.container import Container
from config.faults import ConfigurationError
from config.loader import load_settings
from config.settings import KeyStoreSettings, Settings
from domain.api_key import ApiKey, Scope
from domain.errors import (
    DuplicateKey,
    InstallationIncomplete,
    KeyNotActive,
    KeyNotFound,
    KeyStoreMalformed,
    KeyStoreUnavailable,
    LastAdminKey,
)
from domain.key_event import KeyEvent
from tests.example_keys import example_key
from tests.openbao_server import OpenBaoServer, Share, asked

ROTATION = datetime(2026, 11, 25, 8, tzinfo=UTC)
REVOCATION = datetime(2026, 12, 1, 8, tzinfo=UTC)
TOKEN = "s.a-token-that-nobody-may-see"


class Killed(BaseException):
    """The process is no more."""


class KilledSecrets(VaultSecrets):
    """The way to a server of a process that is killed before it writes for the n-th time."""

    def __init__(self, share: Share, writes: int) -> None:
        super().__init__(share.url, share.mount, GivenToken(share.token))
        self._writes_left = writes

    def write(self, path: str, content: Mapping[str, Any], after: int) -> bool:
        if not self._writes_left:
            raise Killed
        self._writes_left -= 1
        return super().write(path, content, after)


class OvertakenSecrets(VaultSecrets):
    """The way to a server of a process that is overtaken, once, between reading a document and writing the next."""

    def __init__(self, share: Share, overtake: Callable[[], object]) -> None:
        super().__init__(share.url, share.mount, GivenToken(share.token))
        self._overtake: Callable[[], object] | None = overtake

    def read(self, path: str) -> Document:
        seen = super().read(path)
        overtake, self._overtake = self._overtake, None
        if overtake:
            overtake()
        return seen


@pytest.fixture
def share(openbao: OpenBaoServer) -> Share:
    return openbao.share()


@pytest.fixture
def keys(share: Share) -> VaultKeyStore:
    return share.open()


def an_admin() -> ApiKey:
    return example_key(scopes=frozenset({Scope.KEYS_ADMIN}))


def a_successor() -> ApiKey:
    return example_key(created_at=ROTATION)


def state(store: KeyStore) -> tuple[list[ApiKey], list[KeyEvent]]:
    return store.all().keys, store.events()


class TestRotationKilledHalfWay:
    @pytest.mark.parametrize("writes", [0, 1])
    def test_is_as_if_it_had_not_begun(self, share: Share, keys: VaultKeyStore, writes: int) -> None:
        key, never_known, successor = example_key(), a_successor(), a_successor()
        keys.add(key)
        before = state(keys)
        with pytest.raises(Killed):
            VaultKeyStore(KilledSecrets(share, writes), share.prefix).rotate(key.id, never_known, ROTATION)

        assert state(keys) == before
        assert keys.find(never_known.id) is None
        with pytest.raises(KeyNotFound):
            keys.revoke(never_known.id, REVOCATION)
        keys.note_uses({never_known.id: ROTATION})

        keys.rotate(key.id, successor, ROTATION)
        assert {key.id for key in keys.all().keys} == {key.id, successor.id}
        assert [event.action for event in keys.events()] == ["issued", "issued", "rotated"]
        assert keys.find(never_known.id) is None

    def test_after_the_key_has_named_its_successor_is_whole(self, share: Share, keys: VaultKeyStore) -> None:
        key, successor = example_key(), a_successor()
        keys.add(key)
        with pytest.raises(Killed):
            VaultKeyStore(KilledSecrets(share, 2), share.prefix).rotate(key.id, successor, ROTATION)

        assert keys.find(successor.id) == successor
        assert {key.id for key in keys.all().keys} == {key.id, successor.id}
        assert [event.action for event in keys.events()] == ["issued", "issued", "rotated"]
        with pytest.raises(KeyNotActive):
            keys.rotate(key.id, a_successor(), ROTATION)

    def test_the_successor_can_be_used_rotated_and_revoked_then(self, share: Share, keys: VaultKeyStore) -> None:
        key, successor, third = example_key(), a_successor(), a_successor()
        keys.add(key)
        with pytest.raises(Killed):
            VaultKeyStore(KilledSecrets(share, 2), share.prefix).rotate(key.id, successor, ROTATION)

        keys.note_uses({successor.id: ROTATION})
        assert "in_place_of" not in share.read_by_hand(f"keys/{successor.id}")
        keys.rotate(successor.id, third, ROTATION + timedelta(days=1))
        keys.revoke(third.id, REVOCATION)

        assert keys.find(successor.id) == replace(successor, last_used_at=ROTATION).replaced(
            third.id, ROTATION + timedelta(days=1)
        )
        actions = [event.action for event in keys.events()]
        assert actions == ["issued", "issued", "rotated", "issued", "rotated", "revoked"]

    def test_a_server_that_fails_at_the_last_write_does_not_lose_the_new_token(
        self, share: Share, keys: VaultKeyStore
    ) -> None:
        class Failing(VaultSecrets):
            def write(self, path: str, content: Mapping[str, Any], after: int) -> bool:
                if path.endswith(successor.id) and after:
                    raise KeyStoreUnavailable("gone")
                return super().write(path, content, after)

        key, successor = example_key(), a_successor()
        keys.add(key)
        failing = Failing(share.url, share.mount, GivenToken(share.token))
        assert VaultKeyStore(failing, share.prefix).rotate(key.id, successor, ROTATION).replaced_by == successor.id
        assert keys.find(successor.id) == successor

    def test_one_that_comes_too_late_leaves_no_second_successor(self, share: Share, keys: VaultKeyStore) -> None:
        key, first, late = example_key(), a_successor(), a_successor()
        keys.add(key)
        overtaken = OvertakenSecrets(share, lambda: keys.rotate(key.id, first, ROTATION))
        with pytest.raises(KeyNotActive):
            VaultKeyStore(overtaken, share.prefix).rotate(key.id, late, ROTATION)
        assert {key.id for key in keys.all().keys} == {key.id, first.id}


class TestChangesThatAreOvertaken:
    def test_a_use_noted_meanwhile_does_not_undo_a_revocation(self, share: Share, keys: VaultKeyStore) -> None:
        key = example_key()
        keys.add(key)
        overtaken = OvertakenSecrets(share, lambda: keys.revoke(key.id, REVOCATION))
        VaultKeyStore(overtaken, share.prefix).note_uses({key.id: ROTATION})
        assert keys.find(key.id) == replace(key, last_used_at=ROTATION).revoked(REVOCATION)

    def test_one_that_never_has_its_turn_says_so(
        self, share: Share, keys: VaultKeyStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class AlwaysLate(VaultSecrets):
            def write(self, path: str, content: Mapping[str, Any], after: int) -> bool:
                return super().write(path, content, after + 1)

        monkeypatch.setattr("adapters.key_stores.vault_server._ATTEMPTS", 3)
        key = example_key()
        keys.add(key)
        late = VaultKeyStore(AlwaysLate(share.url, share.mount, GivenToken(share.token)), share.prefix)
        with pytest.raises(KeyStoreUnavailable, match=f"{key.id} is changed by others all the time"):
            late.revoke(key.id, REVOCATION)


class TestAdminsThatLeave:
    def test_one_whose_revocation_was_killed_half_way_counts_no_more_but_works(
        self, share: Share, keys: VaultKeyStore
    ) -> None:
        leaving, last = an_admin(), an_admin()
        keys.add(leaving)
        keys.add(last)
        with pytest.raises(Killed):
            VaultKeyStore(KilledSecrets(share, 1), share.prefix).revoke(leaving.id, REVOCATION, spare_last_admin=True)

        assert keys.find(leaving.id) == leaving
        with pytest.raises(LastAdminKey):
            keys.revoke(last.id, REVOCATION, spare_last_admin=True)
        assert keys.revoke(leaving.id, REVOCATION, spare_last_admin=True).revoked_at == REVOCATION

    def test_the_list_of_them_forgets_who_has_left(self, share: Share, keys: VaultKeyStore) -> None:
        first, second, third = an_admin(), an_admin(), an_admin()
        for key in (first, second, third):
            keys.add(key)
        keys.revoke(first.id, REVOCATION, spare_last_admin=True)
        keys.revoke(second.id, REVOCATION, spare_last_admin=True)
        assert share.read_by_hand("leaving") == {"ids": [second.id]}

    def test_a_list_that_was_edited_into_nonsense_is_named(self, share: Share, keys: VaultKeyStore) -> None:
        leaving = an_admin()
        keys.add(leaving)
        keys.add(an_admin())
        share.write_by_hand("leaving", {"ids": 3})
        with pytest.raises(KeyStoreMalformed, match=f"{share.mount}/{share.prefix}/leaving is no list of ids"):
            keys.revoke(leaving.id, REVOCATION, spare_last_admin=True)
        assert keys.find(leaving.id) == leaving


class TestDocumentsChangedByHand:
    @pytest.mark.parametrize("way", ["delete", "destroy"])
    def test_a_deleted_one_is_no_key_and_its_id_stays_taken(
        self, openbao: OpenBaoServer, share: Share, keys: VaultKeyStore, way: str
    ) -> None:
        key, other = example_key(), example_key()
        keys.add(key)
        keys.add(other)
        place = f"{share.mount}/{way if way == 'destroy' else 'data'}/{share.prefix}/keys/{key.id}"
        openbao.ask(*(("DELETE", place) if way == "delete" else ("POST", place, {"versions": [1]})))

        assert keys.find(key.id) is None
        assert keys.all().keys == [other]
        assert len(keys.events()) == 1
        with pytest.raises(KeyNotFound):
            keys.revoke(key.id, REVOCATION)
        with pytest.raises(DuplicateKey):
            keys.add(key)

    def test_one_that_was_deleted_comes_back_when_undeleted(
        self, openbao: OpenBaoServer, share: Share, keys: VaultKeyStore
    ) -> None:
        key = example_key()
        keys.add(key)
        openbao.ask("DELETE", f"{share.mount}/data/{share.prefix}/keys/{key.id}")
        openbao.ask("POST", f"{share.mount}/undelete/{share.prefix}/keys/{key.id}", {"versions": [1]})
        assert keys.find(key.id) == key

    @pytest.mark.parametrize("nonsense", [None, 3, True, ["tsd_plain_text"], {"a": "tsd_plain_text"}])
    @pytest.mark.parametrize("field", ["label", "revoked_by", "created_at", "in_place_of"])
    def test_a_field_of_another_type_is_named(
        self, share: Share, keys: VaultKeyStore, field: str, nonsense: object
    ) -> None:
        if nonsense is None and field == "in_place_of":
            return
        key = example_key()
        keys.add(key)
        share.write_by_hand(f"keys/{key.id}", {**share.read_by_hand(f"keys/{key.id}"), field: nonsense})
        with pytest.raises(KeyStoreMalformed, match=f"{share.prefix}/keys/{key.id} is no key: {field}") as caught:
            keys.find(key.id)
        assert "tsd_plain_text" not in str(caught.value)

    @pytest.mark.parametrize("nonsense", [None, 3, {}, [3], [{"action": "issued"}], "tsd_plain_text"])
    def test_events_that_are_none_are_named_and_the_key_still_opens(
        self, share: Share, keys: VaultKeyStore, nonsense: object
    ) -> None:
        key = example_key()
        keys.add(key)
        share.write_by_hand(f"keys/{key.id}", {**share.read_by_hand(f"keys/{key.id}"), "events": nonsense})
        for ask in (keys.events, lambda: keys.revoke(key.id, REVOCATION)):
            with pytest.raises(KeyStoreMalformed, match=f"{key.id} is no key: events") as caught:
                ask()
            assert "tsd_plain_text" not in str(caught.value)
        assert keys.find(key.id) == key

    def test_an_event_of_no_key_that_is_nonsense_is_named(self, share: Share, keys: VaultKeyStore) -> None:
        share.write_by_hand("events/by-hand", {"action": "tsd_plain_text"})
        with pytest.raises(KeyStoreMalformed, match=f"{share.prefix}/events/by-hand is no event") as caught:
            keys.events()
        assert "tsd_plain_text" not in str(caught.value)

    def test_what_else_lies_there_is_left_alone(self, share: Share, keys: VaultKeyStore) -> None:
        key = example_key()
        keys.add(key)
        for path in ("keys/notes", f"keys/{key.id}/below", "keys/an/archive", "events/an/archive"):
            share.write_by_hand(path, {"a": "b"})
        share.write_by_hand(f"keys/{key.id}", {**share.read_by_hand(f"keys/{key.id}"), "ticket": "OPS-1"})

        assert keys.all().keys == [key]
        assert len(keys.events()) == 1
        keys.revoke(key.id, REVOCATION)
        assert share.read_by_hand(f"keys/{key.id}")["ticket"] == "OPS-1"

    @pytest.mark.parametrize("key_id", ["", "..", "../../sys/seal", "a/b", "short", "Unknown0000?", "Unknown0000é"])
    def test_what_is_no_id_is_not_asked_for(self, key_id: str) -> None:
        nobody = VaultKeyStore(VaultSecrets("http://127.0.0.1:1", "secret", GivenToken(TOKEN)), "tasador")
        assert nobody.find(key_id) is None
        nobody.note_uses({key_id: ROTATION})
        with pytest.raises(KeyNotFound):
            nobody.revoke(key_id, REVOCATION)


def test_the_documented_policy_lets_nobody_delete_a_key_or_change_an_event(share: Share, keys: VaultKeyStore) -> None:
    key = example_key()
    keys.add(key)
    keys.record(KeyEvent(ROTATION, "pepper_rotated", "", "ana"))
    root = f"{share.mount}/metadata/{share.prefix}"
    (event,) = asked(share.url, "LIST", f"{root}/events", token=share.token)["data"]["keys"]
    for method, path in (
        ("DELETE", f"{share.mount}/data/{share.prefix}/keys/{key.id}"),
        ("DELETE", f"{root}/keys/{key.id}"),
        ("POST", f"{share.mount}/data/{share.prefix}/events/{event}"),
        ("DELETE", f"{root}/events/{event}"),
        ("GET", "sys/mounts"),
    ):
        with pytest.raises(requests.HTTPError, match="403"):
            asked(share.url, method, path, {"data": {}}, share.token)


def opened(share: Share, tokens: Tokens, url: str | None = None, ca_file: Path | None = None) -> VaultKeyStore:
    return VaultKeyStore(VaultSecrets(url or share.url, share.mount, tokens, ca_file=ca_file), share.prefix)


class Seconds:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class TestTokens:
    @pytest.fixture
    def file(self, tmp_path: Path, share: Share) -> Path:
        file = tmp_path / "token"
        file.write_text(f"{share.token}\n")
        return file

    @pytest.fixture
    def role(self, openbao: OpenBaoServer, share: Share, tmp_path: Path) -> Iterator[tuple[str, Path]]:
        """The id of a role whose tokens last for a minute, and a file with a secret id of it."""
        if "approle/" not in openbao.ask("GET", "sys/auth"):
            openbao.ask("POST", "sys/auth/approle", {"type": "approle"})
        place = f"auth/approle/role/{share.prefix}"
        openbao.ask("POST", place, {"token_policies": [share.prefix], "token_ttl": "60s", "token_max_ttl": "60s"})
        secret_id = tmp_path / "secret-id"
        secret_id.write_text(openbao.ask("POST", f"{place}/secret-id")["data"]["secret_id"] + "\n")
        yield openbao.ask("GET", f"{place}/role-id")["data"]["role_id"], secret_id
        openbao.ask("DELETE", place)

    def test_in_a_file_are_read_again_when_it_changes(self, openbao: OpenBaoServer, share: Share, file: Path) -> None:
        store = opened(share, TokenFile(file))
        store.all()
        openbao.ask("POST", "auth/token/revoke", {"token": share.token})
        with pytest.raises(KeyStoreUnavailable, match="the token has ended"):
            store.all()

        made = openbao.ask("POST", "auth/token/create", {"policies": [share.prefix]})
        file.write_text(made["auth"]["client_token"])
        assert store.all().keys == []

    def test_in_a_file_that_changed_unnoticed_are_read_again_when_refused(
        self, openbao: OpenBaoServer, share: Share, file: Path
    ) -> None:
        store = opened(share, TokenFile(file))
        store.all()
        before = file.stat()
        renewed = openbao.ask("POST", "auth/token/create", {"policies": [share.prefix]})["auth"]["client_token"]
        openbao.ask("POST", "auth/token/revoke", {"token": share.token})
        file.write_text(f"{renewed}\n")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert store.all().keys == []

    @pytest.mark.parametrize("content", [b"", b"\n", b"two\ntokens", b"a b", b"\xff\xfe", b"s.\x00"])
    def test_that_cannot_be_one_are_refused_unseen(self, share: Share, file: Path, content: bytes) -> None:
        file.write_bytes(content)
        with pytest.raises(KeyStoreUnavailable, match=f"key_store.token_file {file} holds no token") as caught:
            opened(share, TokenFile(file)).find("Unknown00000")
        assert "two" not in str(caught.value)

    def test_in_a_file_that_is_not_there_are_missed_until_it_is(self, share: Share, tmp_path: Path) -> None:
        store = opened(share, TokenFile(tmp_path / "later"))
        with pytest.raises(KeyStoreUnavailable, match=r"key_store.token_file .*later cannot be read: No such file"):
            store.all()
        (tmp_path / "later").write_text(share.token)
        assert store.all().keys == []

    def test_that_nobody_gave_are_missed_by_the_name_of_their_variable(self, share: Share) -> None:
        with pytest.raises(KeyStoreUnavailable, match=r"\$VAULT_TOKEN.* holds no token"):
            opened(share, GivenToken("")).all()

    def test_of_an_approle_are_renewed_before_they_end(self, share: Share, role: tuple[str, Path]) -> None:
        logins: list[str] = []

        class Counted(AppRole):
            def _another(self, *args: Any) -> str:
                logins.append(super()._another(*args))
                return logins[-1]

        seconds = Seconds()
        store = opened(share, Counted(*role, seconds=seconds))
        for passed in (0, 53, 2, 53):
            seconds.now += passed
            assert store.all().keys == []
        assert len(set(logins)) == len(logins) == 2

    def test_of_an_approle_that_are_revoked_are_replaced_by_another_login(
        self, openbao: OpenBaoServer, share: Share, role: tuple[str, Path]
    ) -> None:
        seconds = Seconds()
        tokens = AppRole(*role, seconds=seconds)
        store = opened(share, tokens)
        store.all()
        assert tokens._held is not None
        openbao.ask("POST", "auth/token/revoke", {"token": tokens._held[0]})

        with pytest.raises(KeyStoreUnavailable, match="the token has ended"):
            store.all()  # a login was made a moment ago: not one for each refused request
        seconds.now += 6
        assert store.all().keys == []

    def test_of_an_approle_are_got_by_one_of_many_threads(self, share: Share, role: tuple[str, Path]) -> None:
        key = example_key()
        share.open().add(key)
        logins: list[str] = []
        tokens = AppRole(*role)

        def log_in(role_id: str, secret_id: str) -> tuple[str, float]:
            logins.append(role_id)
            return share.token, 60.0

        threads = [threading.Thread(target=tokens.current, args=(log_in,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(logins) == 1

    def test_of_an_approle_are_refused_with_a_wrong_secret_id(self, share: Share, role: tuple[str, Path]) -> None:
        role[1].write_text(TOKEN)
        with pytest.raises(
            KeyStoreUnavailable, match=r"refuses the AppRole login: .*key_store.secret_id_file"
        ) as caught:
            opened(share, AppRole(*role)).all()
        assert TOKEN not in str(caught.value)
        role[1].unlink()
        with pytest.raises(KeyStoreUnavailable, match=r"key_store.secret_id_file .* cannot be read: No such file"):
            opened(share, AppRole(*role)).all()


class TestTls:
    def test_trusts_the_named_authority(self, openbao: OpenBaoServer, share: Share) -> None:
        assert opened(share, GivenToken(share.token), openbao.tls_url, openbao.ca_file).all().keys == []

    def test_is_refused_for_a_stranger_or_another_name(self, openbao: OpenBaoServer, share: Share) -> None:
        with pytest.raises(KeyStoreUnavailable, match=r"TLS failed \(.*\): key_store.ca_file must hold"):
            opened(share, GivenToken(share.token), openbao.tls_url).all()
        other_name = openbao.tls_url.replace("localhost", "127.0.0.1")
        with pytest.raises(KeyStoreUnavailable, match=r"TLS failed \(.*127\.0\.0\.1"):
            opened(share, GivenToken(share.token), other_name, openbao.ca_file).all()

    def test_is_refused_by_a_server_that_has_none(self, openbao: OpenBaoServer, share: Share) -> None:
        with pytest.raises(
            KeyStoreUnavailable, match=r"TLS failed \(.*\): see that key_store.url is that of a TLS port"
        ):
            opened(share, GivenToken(share.token), share.url.replace("http:", "https:"), openbao.ca_file).all()

    @pytest.mark.parametrize("content", [None, "nonsense"])
    def test_misses_a_ca_file_that_is_none(
        self, openbao: OpenBaoServer, share: Share, tmp_path: Path, content: str | None
    ) -> None:
        file = tmp_path / "ca.pem"
        if content:
            file.write_text(content)
        with pytest.raises(KeyStoreUnavailable, match=r"key_store.ca_file (cannot be read|is in PEM)"):
            opened(share, GivenToken(share.token), openbao.tls_url, file).all()


class TestPlaces:
    def test_a_namespace_is_a_world_of_its_own(self, openbao: OpenBaoServer) -> None:
        name = f"team-{os.getpid()}"
        openbao.ask("POST", f"sys/namespaces/{name}")
        openbao.ask("POST", f"{name}/sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
        root = GivenToken("root-of-the-tests")
        there = VaultKeyStore(VaultSecrets(openbao.url, "secret", root, namespace=name), "tasador")
        here = VaultKeyStore(VaultSecrets(openbao.url, "secret", root), "tasador")
        key = example_key()
        there.add(key)
        assert there.all().keys == [key]
        assert here.find(key.id) is None

    @pytest.mark.parametrize("version", [None, "1"])
    def test_a_mount_that_is_no_kv_of_version_2_is_told(self, openbao: OpenBaoServer, version: str | None) -> None:
        mount = f"first-{os.getpid()}-{version}"
        if version:
            openbao.ask("POST", f"sys/mounts/{mount}", {"type": "kv", "options": {"version": version}})
        store = VaultKeyStore(VaultSecrets(openbao.url, mount, GivenToken("root-of-the-tests")), "tasador")
        with pytest.raises(KeyStoreUnavailable, match=r"KV engine of version 2"):
            store.add(example_key())

    @pytest.mark.parametrize(
        "url", ["", "vault:8200", "ftp://vault", "http://", f"https://{TOKEN}@vault", "http://a:b", "http://v?a=b"]
    )
    def test_an_address_that_can_never_work_is_refused_at_once(self, url: str) -> None:
        with pytest.raises(KeyStoreUnavailable, match=r"key_store.url is of no use") as caught:
            VaultSecrets(url, "secret", GivenToken(TOKEN))
        assert TOKEN not in str(caught.value)

    @pytest.mark.parametrize("path", ["", "/", "..", "a/../b", "a//b", "a b", "a?b", "a#b", "ñ", "a\n", ".a"])
    def test_paths_that_would_lead_elsewhere_are_refused_at_once(self, path: str) -> None:
        with pytest.raises(KeyStoreUnavailable, match=r"key_store.mount is of no use"):
            VaultSecrets("http://vault", path, GivenToken(TOKEN))
        server = VaultSecrets("http://vault", "/team/secret/", GivenToken(TOKEN))
        assert server.place("x") == "team/secret/x"
        with pytest.raises(KeyStoreUnavailable, match=r"key_store.prefix is of no use"):
            VaultKeyStore(server, path)


class Answering(ThreadingHTTPServer):
    """A server that answers every request alike."""

    def __init__(self, status: int, body: str, headers: Mapping[str, str]) -> None:
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html; charset=utf-8"}


class TestServerThatDoesNotServe:
    def store(self, port: int) -> VaultKeyStore:
        return VaultKeyStore(VaultSecrets(f"http://127.0.0.1:{port}", "secret", GivenToken(TOKEN)), "tasador")

    def refusal(self, store: VaultKeyStore) -> str:
        with pytest.raises(KeyStoreUnavailable) as caught:
            store.find("Unknown00000")
        said = str(caught.value)
        assert said.isprintable()
        assert said.startswith("The secrets server http")
        assert TOKEN not in said
        return said

    @pytest.mark.parametrize(
        ("status", "body", "headers", "told"),
        [
            (503, '{"errors":["Vault is sealed"]}', JSON, "that it is sealed: unseal it"),
            (503, "<h1>no\nbackend\x1b</h1>", HTML, "it says '<h1>no backend</h1>'"),
            (429, '{"errors":["request path \\"x\\": rate limit quota exceeded"]}', JSON, "it is asked too often"),
            (500, '{"errors":["1 error occurred:\\n\\t* boom\\n\\n"]}', JSON, "it says '1 error occurred: * boom'"),
            (500, '{"errors":[3]}', JSON, "cannot be used"),
            (418, "", {}, "it says 'UnexpectedError'"),
            (400, "x" * 100_000, {}, "it says 'xxx"),
            (404, "<h1>nginx</h1>", {}, "it has nothing at secret/tasador/keys/Unknown00000"),
            (200, "<h1>Welcome</h1>", {}, "none of a KV engine of version 2"),
            (200, "[]", JSON, "none of a KV engine of version 2"),
            (200, '{"data":{"data":{},"metadata":{"version":"?"}}}', JSON, "none of a KV engine of version 2"),
            (204, "", {}, "none of a KV engine of version 2"),
            (307, "", {"Location": "http://127.0.0.1:1/"}, "redirects are not followed"),
        ],
    )
    def test_says_why(self, status: int, body: str, headers: Mapping[str, str], told: str) -> None:
        server = Answering(status, body, headers)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        store = self.store(server.server_port)
        said = self.refusal(store)
        store.close()
        server.shutdown()
        thread.join()
        server.server_close()
        assert told in said
        assert len(said) < 600
        assert server.asked == ["/v1/secret/data/tasador/keys/Unknown00000"]

    def test_is_given_up_after_a_while(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(vault_secrets, "_SECONDS", 0.1)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            assert "no answer within" in self.refusal(self.store(silent.getsockname()[1]))

    def test_is_not_there(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        assert "Connection refused: see that it runs" in self.refusal(self.store(port))

    def test_has_a_name_that_nobody_knows(self) -> None:
        store = VaultKeyStore(VaultSecrets("http://vault.invalid:8200", "secret", GivenToken(TOKEN)), "tasador")
        assert "its name is not known here" in self.refusal(store)

    def test_refuses_a_stranger(self, share: Share) -> None:
        assert "refuses" in self.refusal(opened(share, GivenToken(TOKEN)))

    def test_is_asked_directly_whatever_the_environment_says(
        self, share: Share, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert share.open().all().keys == []


class TestConfigured:
    @pytest.mark.parametrize("way", ["variable", "file"])
    def test_it_is_wired(self, share: Share, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
        monkeypatch.setenv("VAULT_TOKEN", share.token if way == "variable" else "another")
        (tmp_path / "token").write_text(share.token)
        settings = KeyStoreSettings(
            kind="vault",
            url=share.url,
            mount=share.mount,
            prefix=share.prefix,
            token_file=tmp_path / "token" if way == "file" else None,
        )
        key = example_key()
        Container(settings=Settings(key_store=settings)).key_store().add(key)
        assert share.open().all().keys == [key]

    def test_it_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "hvac", None)
        monkeypatch.delitem(sys.modules, "adapters.key_stores.vault_secrets")
        settings = Settings(key_store=KeyStoreSettings(kind="vault", url="http://127.0.0.1:1"))
        with pytest.raises(InstallationIncomplete, match=r"pip install '\.\[vault\]'"):
            Container(settings=settings).key_store()

    @pytest.mark.parametrize(
        ("toml", "told"),
        [
            ("", "key_store.url: expected the server's address"),
            ('url = "postgresql://ana:geheim@host/db"', "key_store.url: expected the server's address"),
            ('url = "https://v"\nrole_id = "r"', "key_store.secret_id_file is needed where key_store.role_id is given"),
            (
                'url = "https://v"\nsecret_id_file = "f"',
                "key_store.role_id is needed where key_store.secret_id_file is",
            ),
            (
                'url = "https://v"\nrole_id = "r"\nsecret_id_file = "f"\ntoken_file = "t"',
                "key_store.token_file and key_store.role_id: give one of them",
            ),
        ],
    )
    def test_it_needs_an_address_and_one_way_in(self, tmp_path: Path, toml: str, told: str) -> None:
        (tmp_path / "tasador.toml").write_text(f'[key_store]\nkind = "vault"\n{toml}\n')
        with pytest.raises(ConfigurationError, match=told) as caught:
            load_settings(None, {}, tmp_path)
        assert "geheim" not in str(caught.value)
