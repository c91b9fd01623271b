"""Versioned documents in a KV engine (version 2) of HashiCorp Vault or OpenBao, over its HTTP API."""

import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import hvac
import requests
from hvac import exceptions
from requests.adapters import HTTPAdapter

from adapters.key_stores.vault_tokens import Tokens
from domain.errors import KeyStoreUnavailable

T = TypeVar("T")

_SECONDS = 3.0
_CONNECTIONS = 16
_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")
_LONGEST_ANSWER = 200


@dataclass(frozen=True, slots=True)
class Document:
    """A document's newest version: its number, 0 where there was never any, and what it holds, None where deleted."""

    version: int
    content: Mapping[str, Any] | None


class VaultSecrets:
    """The documents below a mount, each changed only by who has seen its newest version. Safe for threads.

    Constructing it connects to nothing. The server is asked directly: no proxy of the environment, no redirects, so
    that no token goes elsewhere. Every method raises KeyStoreUnavailable, within seconds, where the server does not
    answer what it is asked; no message holds a token.
    """

    def __init__(
        self, url: str, mount: str, tokens: Tokens, namespace: str | None = None, ca_file: Path | None = None
    ) -> None:
        self._url = _checked_url(url)
        self._mount = checked_path("mount", mount)
        self._tokens = tokens
        self._namespace = None if namespace is None else checked_path("namespace", namespace)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = True if ca_file is None else str(ca_file)
        self._session.mount("https://", HTTPAdapter(pool_connections=1, pool_maxsize=_CONNECTIONS))
        self._session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=_CONNECTIONS))
        self._anonymous = self._client("")
        self._last = ("", self._anonymous)  # the token that was used last, and its client

    def place(self, path: str) -> str:
        """What a person finds a document by."""
        return f"{self._mount}/{path}"

    def read(self, path: str) -> Document:
        """The newest version of a document."""

        def ask(client: Any) -> Document:
            try:
                answer = client.secrets.kv.v2.read_secret_version(
                    path, mount_point=self._mount, raise_on_deleted_version=True
                )
            except exceptions.InvalidPath as error:
                if error.errors == []:
                    return Document(0, None)
                if not isinstance(error.json, dict) or "data" not in error.json:
                    raise
                answer = error.json
            return Document(int(answer["data"]["metadata"]["version"]), answer["data"]["data"])

        return self._asked(path, ask)

    def write(self, path: str, content: Mapping[str, Any], after: int) -> bool:
        """Writes the version after the one given; False, and nothing is written, where that is not the newest."""

        def ask(client: Any) -> bool:
            try:
                answer = client.secrets.kv.v2.create_or_update_secret(path, content, cas=after, mount_point=self._mount)
            except exceptions.InvalidRequest as error:
                if "check-and-set parameter did not match" in str(error):
                    return False
                raise
            return int(answer["data"]["version"]) == after + 1

        return self._asked(path, ask)

    def names(self, folder: str) -> list[str]:
        """The names of the documents right below a folder, also of deleted ones."""

        def ask(client: Any) -> list[str]:
            try:
                answer = client.secrets.kv.v2.list_secrets(folder, mount_point=self._mount)
            except exceptions.InvalidPath as error:
                if error.errors == []:
                    return []
                raise
            return [str(name) for name in answer["data"]["keys"]]

        return self._asked(folder, ask)

    def close(self) -> None:
        """Gives the connections back. It may be used again afterwards."""
        self._session.close()

    def _asked(self, path: str, ask: Callable[[Any], T]) -> T:
        """The answer; where the token is refused, to another one, if there is another."""
        with self._translated(path):
            token = self._tokens.current(self._log_in)
            try:
                return ask(self._client_of(token))
            except exceptions.Forbidden:
                another = self._tokens.instead_of(token, self._log_in)
                if another == token:
                    raise
                return ask(self._client_of(another))

    def _log_in(self, role_id: str, secret_id: str) -> tuple[str, float]:
        try:
            answer = self._anonymous.auth.approle.login(role_id, secret_id, use_token=False)
        except (exceptions.InvalidRequest, exceptions.InvalidPath, exceptions.Forbidden) as error:
            raise self._unavailable(
                "it refuses the AppRole login: see that auth/approle is enabled, that key_store.role_id is right, and "
                "that key_store.secret_id_file holds a secret id of it that is neither used up nor expired"
            ) from error
        return str(answer["auth"]["client_token"]), float(answer["auth"]["lease_duration"])

    def _client_of(self, token: str) -> Any:
        """A client of that token alone: threads may ask with different ones while it is renewed."""
        last = self._last
        if last[0] != token:
            last = self._last = (token, self._client(token))
        return last[1]

    def _client(self, token: str) -> Any:
        return hvac.Client(
            self._url,
            token=token,
            timeout=_SECONDS,
            allow_redirects=False,
            session=self._session,
            namespace=self._namespace,
        )

    @contextmanager
    def _translated(self, path: str) -> Iterator[None]:
        try:
            yield
        except exceptions.Forbidden as error:
            raise self._unavailable(
                f"it refuses {self.place(path)}: the token has ended, or its policy lacks this; "
                "docs/operations/vault.md shows the policy"
            ) from error
        except exceptions.InvalidPath as error:
            raise self._unavailable(
                f"it has nothing at {self.place(path)}: key_store.mount must name a KV engine of version 2"
            ) from error
        except exceptions.VaultError as error:
            raise self._unavailable(f"it says {_said(error)}") from error
        except OSError as error:  # what requests raises is that too
            raise self._unavailable(_cause(error)) from error
        except (KeyError, TypeError, ValueError) as error:
            raise self._unavailable(
                f"its answer for {self.place(path)} is none of a KV engine of version 2: see that key_store.mount is "
                "one, and key_store.url the server that is active, for redirects are not followed"
            ) from error

    def _unavailable(self, cause: str) -> KeyStoreUnavailable:
        return KeyStoreUnavailable(f"The secrets server {self._url} cannot be used: {cause}.")


def checked_path(setting: str, path: str) -> str:
    """`path` without slashes around it. Raises KeyStoreUnavailable where it would not stay a path within a url."""
    trimmed = path.strip("/")
    if not _PATH.fullmatch(trimmed):
        raise KeyStoreUnavailable(
            f"key_store.{setting} is of no use: give letters, digits, '_', '-', '.' and '/', such as team/tasador."
        )
    return trimmed


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and url.isprintable()
    except ValueError:
        sound = False
    if not sound or "@" in url or "?" in url or "#" in url:
        raise KeyStoreUnavailable(
            "key_store.url is of no use where key_store.kind is 'vault': give the server's address, such as "
            "https://vault.example:8200, without a user or a password."
        )
    return url.rstrip("/")


def _cause(error: OSError) -> str:
    """What kept a request from being answered, in words."""
    if isinstance(error, requests.Timeout):
        return f"no answer within {_SECONDS:.0f} seconds: see that it runs and can be reached from here"
    root = _root(error)
    if isinstance(root, ssl.SSLCertVerificationError):
        return f"TLS failed ({root.verify_message}): key_store.ca_file must hold the certificate of who signed its own"
    if isinstance(root, ssl.SSLError):
        told = root.reason or type(root).__name__
        return f"TLS failed ({told}): see that key_store.url is that of a TLS port, and key_store.ca_file is in PEM"
    if isinstance(root, socket.gaierror):
        return f"its name is not known here ({root.strerror}): see key_store.url"
    if isinstance(error, requests.RequestException):
        told = (root.strerror if isinstance(root, OSError) else None) or "the connection broke off"
        return f"{told}: see that it runs and can be reached from here"
    return "key_store.ca_file cannot be read, or holds no certificates in PEM"


def _root(error: BaseException) -> BaseException:
    """The first cause of an error: requests and urllib3 wrap it several times."""
    seen = {id(error)}
    while True:
        inner = [error.__cause__, error.__context__, getattr(error, "reason", None), *error.args]
        following = next((each for each in inner if isinstance(each, BaseException) and id(each) not in seen), None)
        if following is None:
            return error
        error = following
        seen.add(id(error))


def _said(error: Any) -> str:
    """What the server says of its state, on one line, with what to do where that is known."""
    said = " ".join(" ".join(map(str, error.errors or [error.text or type(error).__name__])).split())
    if "sealed" in said.lower():
        return "that it is sealed: unseal it (`bao operator unseal`)"
    if isinstance(error, exceptions.RateLimitExceeded):
        return "that it is asked too often: raise its rate limit quota"
    shown = "".join(character for character in said if character.isprintable())
    return repr(shown[:_LONGEST_ANSWER])
