"""A syslog server, over TCP or TLS."""

import errno
import fcntl
import os
import select
import socket
import ssl
import struct
import sys
import termios
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from adapters.log_sinks.line import LogLine
from adapters.log_sinks.syslog_format import SyslogFormat
from adapters.shipping import Destination, HeldUp, Undelivered
from domain.errors import DomainError

_SECONDS_OF_PATIENCE = 5.0
_SECONDS_TO_PART = 0.5
_MILLISECONDS_UNTIL_LOST = 120_000
"""So long may a connection be dead or stand still before the kernel gives it up."""
_FIRST_LOOK, _LONGEST_LOOK = 0.0005, 0.05


class AuthoritiesUnreadable(DomainError):
    """The certificates of those who sign the server's cannot be read."""


class SyslogServer(Destination[LogLine]):
    """Sends lines to `url` (tcp://host:port or tls://host:port), whose name its certificate must bear.

    Syslog has no receipts. What counts as one is that the server's machine has acknowledged the bytes and the
    connection still stands: a connection that ends earlier is made anew and has the same lines again, so that one may
    come twice where a server is stopped. What a server has not read when it dies is lost with it.
    Raises AuthoritiesUnreadable.
    """

    def __init__(self, url: str, ca_file: Path | None = None, patience: float = _SECONDS_OF_PATIENCE) -> None:
        place = urlsplit(url)
        self._address = place.hostname or "", place.port or 0
        self._tls = _trusting(ca_file) if place.scheme == "tls" else None
        self._patience = patience
        self._connection: socket.socket | None = None
        self._unsent: memoryview | None = None

    def send(self, items: Sequence[LogLine]) -> None:
        """Sends them. Raises Undelivered or HeldUp."""
        try:
            connection = self._connected()
            if self._unsent is None:
                form = SyslogFormat(socket.gethostname(), os.getpid())
                self._unsent = memoryview(b"".join(map(form.frame, items)))
            while self._unsent:
                self._unsent = self._unsent[connection.send(self._unsent) :]
            self._await_receipt(connection)
            self._unsent = None
        except OSError as error:
            if isinstance(error, TimeoutError) and self._unsent is not None:
                raise HeldUp("the server takes no more lines") from None
            self._drop()
            raise Undelivered(_reason(error)) from None

    def close(self) -> None:
        """Ends the connection in due form."""
        if isinstance(self._connection, ssl.SSLSocket):
            with suppress(OSError, ValueError):
                self._connection.settimeout(_SECONDS_TO_PART)
                self._connection.unwrap()
        self._drop()

    def _connected(self) -> socket.socket:
        if self._connection and _has_ended(self._connection):
            self._drop()
        if self._connection is None:
            bare = socket.create_connection(self._address, self._patience)
            try:
                bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                bare.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                if sys.platform == "linux":
                    bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _MILLISECONDS_UNTIL_LOST)
                self._connection = (
                    self._tls.wrap_socket(bare, server_hostname=self._address[0]) if self._tls is not None else bare
                )
            except OSError:
                bare.close()
                raise
        return self._connection

    def _await_receipt(self, connection: socket.socket) -> None:
        """Raises TimeoutError, or another OSError where the connection has ended."""
        deadline = time.monotonic() + self._patience
        pause = _FIRST_LOOK
        while _unacknowledged(connection):
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_LOOK)
        if _has_ended(connection):
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._unsent = None


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    """TLS that trusts those authorities, by default those that the machine trusts."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise AuthoritiesUnreadable(f"logging.syslog_ca_file: {ca_file} holds no certificates in PEM.") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise AuthoritiesUnreadable(f"logging.syslog_ca_file: {ca_file} cannot be read: {reason}.") from None


def _unacknowledged(connection: socket.socket) -> int:
    """How many bytes the other machine has not acknowledged; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    return int(struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)))[0])


def _has_ended(connection: socket.socket) -> bool:
    """Whether the server has closed its side, or the connection was cut: a syslog server never just stops reading."""
    if sys.platform != "linux":
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLRDHUP)
    return bool(poll.poll(0))


def _reason(error: OSError) -> str:
    """What is wrong, in a few words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate cannot be trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "it does not answer"
    told = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return (told or type(error).__name__).lower()
