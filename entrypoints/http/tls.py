"""TLS: the certificate, taken anew when its files change, and the handshake before a connection speaks HTTP."""

import asyncio
import os
import ssl
import stat
from asyncio import AbstractEventLoop, Transport
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from domain.errors import DomainError
from entrypoints.http.connection import SECONDS_TO_SPEAK, Connection
from entrypoints.http.door import Door

_DAYS_WARNED_BEFORE = 14
_TOO_WEAK = {
    "EE_KEY_TOO_SMALL": "has too short a key",
    "CA_KEY_TOO_SMALL": "comes with an authority's certificate that has too short a key",
    "CA_MD_TOO_WEAK": "is signed in a way that is no longer safe, or one that it comes with is",
}

_Stamp = tuple[tuple[int, int, int], ...]


class CertificateUnusable(DomainError):
    """TLS cannot be spoken with this certificate and key; `str()` of it names the file and what to do."""


def _now() -> datetime:
    return datetime.now(UTC)


class Certificate:
    """A certificate with its chain, and its key, each a PEM file. Raises CertificateUnusable."""

    def __init__(self, certificate: Path, key: Path, now: Callable[[], datetime] = _now) -> None:
        self._certificate, self._key, self._now = certificate, key, now
        self._seen = self._stamp()
        self.context, self._ends = self._load()
        self._is_stale = False
        self._reminded: str | None = None

    def renew(self) -> bool:
        """Whether the files have changed and are used from the next handshake on.

        Raises CertificateUnusable where they have changed and are of no use, once for each change.
        """
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen, self._is_stale = stamp, True
        self.context, self._ends = self._load()
        self._is_stale = False
        return True

    def warnings(self) -> list[str]:
        """What whoever runs the service should know of it, without the files' names."""
        told = ["the TLS certificate could not be renewed: see the log"] if self._is_stale else []
        return [*told, f"the TLS certificate {ending}"] if (ending := self._ending()) else told

    def reminder(self) -> str | None:
        """That it ends soon, or has ended, and what to do; once a day."""
        ending = self._ending()
        if ending == self._reminded:  # it counts days
            return None
        self._reminded = ending
        return ending and f"http.tls_certificate: {self._certificate} {ending}: renew it"

    def _ending(self) -> str | None:
        days = (self._ends - self._now()) / timedelta(days=1)
        if days > _DAYS_WARNED_BEFORE:
            return None
        if days >= 1:
            return f"expires in {_counted(days)}"
        if days > 0:
            return "expires in less than a day"
        return "has expired" if days > -1 else f"has been expired for {_counted(-days)}"

    def advice(self) -> str | None:
        """What is amiss with the files, and no reason not to serve: mounted secrets are readable by all by default."""
        if stat.S_IMODE(self._key.stat().st_mode) & stat.S_IROTH:
            return f"http.tls_key: every user of this machine may read {self._key}: chmod 640 it where you can"
        return None

    def _stamp(self) -> _Stamp:
        try:
            found = [file.stat() for file in (self._certificate, self._key)]
        except OSError:  # in the middle of a renewal
            return ()
        return tuple((each.st_ino, each.st_size, each.st_mtime_ns) for each in found)

    def _load(self) -> tuple[ssl.SSLContext, datetime]:
        """What TLS is spoken with, and until when it is valid."""
        ends = self._checked_end(_bytes_of("http.tls_certificate", self._certificate))
        if b"ENCRYPTED" in _bytes_of("http.tls_key", self._key):
            raise CertificateUnusable(
                f"http.tls_key: {self._key} is encrypted and nobody is there to type its password: "
                "store it decrypted (openssl pkey), with mode 0600."
            )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(self._certificate, self._key, password="")  # else it would ask for one
        except ssl.SSLError as error:
            raise CertificateUnusable(self._fault(error.reason)) from None
        except OSError as error:  # in the middle of a renewal
            fault = f"{self._certificate} and {self._key} cannot be read ({(error.strerror or str(error)).lower()})"
            raise CertificateUnusable(f"http.tls_certificate: {fault}: put both there.") from None
        return context, ends

    def _fault(self, reason: str | None) -> str:
        """Why the TLS library, which gives this reason, takes neither the certificate nor its key."""
        if reason in _TOO_WEAK:
            fault = f"{_TOO_WEAK[reason]}: get one with an RSA key of 2048 bits or more, or EC, signed with SHA-256"
            return f"http.tls_certificate: {self._certificate} {fault}."
        if reason in ("KEY_VALUES_MISMATCH", "NO_CERTIFICATE_ASSIGNED"):
            fault = f"is not the key of the certificate in {self._certificate}: name the two that belong together"
        else:
            fault = "holds no private key in PEM form that TLS could use: name the file that does"
        return f"http.tls_key: {self._key} {fault}."

    def _checked_end(self, content: bytes) -> datetime:
        from cryptography.x509 import load_pem_x509_certificates

        try:
            own = load_pem_x509_certificates(content)[0]
        except ValueError:
            raise CertificateUnusable(
                f"http.tls_certificate: {self._certificate} holds no certificate in PEM form: name the file with the "
                "server's certificate, followed by those that lead to its authority."
            ) from None
        if self._now() >= own.not_valid_after_utc:
            fault = f"has expired ({own.not_valid_after_utc:%Y-%m-%d %H:%M} UTC): renew it"
        elif self._now() < own.not_valid_before_utc:
            fault = f"is not valid before {own.not_valid_before_utc:%Y-%m-%d %H:%M} UTC: check this machine's clock"
        else:
            return own.not_valid_after_utc
        raise CertificateUnusable(f"http.tls_certificate: {self._certificate} {fault}.")


class Handshake(asyncio.Protocol):
    """What a connection is until TLS is agreed on; it counts, and is timed, like any other that has said nothing."""

    def __init__(
        self,
        door: Door,
        certificate: Certificate,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        self._connection = Connection(door, config, server_state, app_state, _loop)
        self._connections: set[Any] = server_state.connections
        self._loop = _loop or asyncio.get_running_loop()
        self._door = door
        self._context = certificate.context
        self._since = door.clock()
        self._early = b""
        self._task: asyncio.Task[None] | None = None
        self._is_lost = self._is_to_stop = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begins, where there is room; to whom there is none nothing can be said yet."""
        self._transport = transport
        self._connections.add(self)
        if not self._door.lets_in(self, self._connections):
            self.drop()

    def data_received(self, data: bytes) -> None:
        """The first bytes, with which the handshake begins; after that, what comes right behind it.

        It cannot begin before: on uvloop they may come here before `start_tls` has put itself in this protocol's place.
        """
        if self._task is None:
            self._transport.pause_reading()
            self._task = self._loop.create_task(self._shake_hands(self._transport, data))
        else:
            self._early += data

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002
        """The caller is gone."""
        self._is_lost = True
        self._connections.discard(self)

    def looked_at(self, now: float) -> None:
        """Ends it if it has had its time."""
        if now - self._since >= self._door.bounds.head_seconds:
            self.drop()

    def idle(self) -> tuple[bool, float]:
        """It has never been answered."""
        return False, self._since

    def drop(self) -> None:
        """Ends it at once."""
        self._connections.discard(self)
        self._transport.abort()

    def shutdown(self) -> None:
        """It may still end well and ask, if it does soon."""
        self._is_to_stop = True
        self._loop.call_later(SECONDS_TO_SPEAK, self._end_unless_done)

    def _end_unless_done(self) -> None:
        if self in self._connections:
            self.drop()

    async def _shake_hands(self, transport: Transport, first: bytes) -> None:
        self._loop.call_soon(_hand_over, transport, first)
        seconds = self._door.bounds.head_seconds
        try:
            secure = await self._loop.start_tls(
                transport,
                self,
                self._context,
                server_side=True,
                ssl_handshake_timeout=seconds,
                ssl_shutdown_timeout=self._door.bounds.farewell_seconds,
            )
        except OSError:  # what was said was not TLS, or not ours, or nothing: no reason for a line in the log
            self.drop()
            return
        if self._is_lost or self not in self._connections or secure is None:
            return
        self._connections.discard(self)
        secure.set_protocol(self._connection)
        self._connection.connection_made(secure)
        if self._early:
            self._connection.data_received(self._early)
        if self._is_to_stop:
            self._connection.shutdown()


def _hand_over(transport: Transport, first: bytes) -> None:
    """Gives the first bytes to the protocol that `start_tls` has put in ours' place, before it begins or reads on."""
    protocol: Any = transport.get_protocol()
    while first:
        room = protocol.get_buffer(len(first))
        taken = min(len(room), len(first))
        room[:taken] = first[:taken]
        protocol.buffer_updated(taken)
        first = first[taken:]


def _counted(days: float) -> str:
    return "1 day" if days < 2 else f"{int(days)} days"


def _bytes_of(setting: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        fault = (error.strerror or str(error)).lower()
        raise CertificateUnusable(
            f"{setting}: {file} cannot be read ({fault}): name a file that user {os.getuid()} may read."
        ) from None
