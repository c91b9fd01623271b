"""TLS: who may speak it, for how long a handshake may take, and certificates that are renewed or of no use."""

import asyncio
import contextlib
import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from structlog.testing import CapturingLogger

from entrypoints.http.door import Bounds
from entrypoints.http.metrics import Metrics, Traffic
from entrypoints.http.observation import Observed
from entrypoints.http.roster import Roster
from entrypoints.http.server import Server
from entrypoints.http.shared_memory import SharedMemory
from entrypoints.http.tls import Certificate, CertificateUnusable
from tests.http.test_connections import GET, LARGE, POST, Caller, Listening, listening, paused, run, transports, until

AUTHORITY = trustme.CA()
END = datetime(2040, 1, 31, 12, tzinfo=UTC)


def issue(folder: Path, *, ends: datetime | None = None) -> tuple[Path, Path]:
    """The files of a new certificate and its key."""
    issued = AUTHORITY.issue_cert("localhost", not_after=ends)
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    key.chmod(0o600)
    return certificate, key


@dataclass
class Dates:
    """A clock that stands still until a test sets it."""

    date: datetime

    def __call__(self) -> datetime:
        return self.date


class FleetingFile(type(Path())):  # type: ignore[misc]
    """A file that, where a test wants it so, is gone once it was read."""

    is_fleeting = False

    def read_bytes(self) -> bytes:
        content: bytes = super().read_bytes()
        if self.is_fleeting:
            self.unlink()
        return content


async def securely(found: Listening, newest: ssl.TLSVersion | None = None) -> Caller:
    trusting = ssl.create_default_context()
    AUTHORITY.configure_trust(trusting)
    if newest:
        trusting.maximum_version = newest
    caller = Caller(*await asyncio.open_connection("127.0.0.1", found.port, ssl=trusting, server_hostname="localhost"))
    found.callers.append(caller)
    return caller


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_requests_are_answered_over_tls(tmp_path: Path, newest: ssl.TLSVersion) -> None:
    async def test() -> None:
        async with listening(certificate=Certificate(*issue(tmp_path))) as found:
            caller = await securely(found, newest)
            for data in (GET + b"\r\n", POST + b"Content-Length: 100000\r\n\r\n" + b"x" * 100_000, GET + b"\r\n"):
                await caller.says(data)
                answer = await caller.answer()
                assert answer.status == 200
                assert "max-age=" in answer.headers["strict-transport-security"]

    run(test())


def test_no_handshake_hangs_on_the_loop_that_serves(tmp_path: Path) -> None:
    """There the first bytes of a handshake may come before `start_tls` listens."""

    async def test() -> None:
        async with listening(certificate=Certificate(*issue(tmp_path))) as found:
            for _ in range(5):
                for caller in await asyncio.gather(*(securely(found) for _ in range(6))):
                    await caller.says(GET + b"\r\n")
                    assert (await caller.answer()).status == 200

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(test(), 20))


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_an_answer_that_is_not_read_waits_in_so_much_memory_and_no_more_over_tls(tmp_path: Path, loop: Any) -> None:
    async def test() -> None:
        async with listening(answer=LARGE, certificate=Certificate(*issue(tmp_path))) as found:
            caller = await securely(found)
            await caller.says((GET + b"\r\n") * 4)
            await until(lambda: paused(found) == 1)
            most = 3 * found.door.bounds.unread_bytes
            assert sum(each.get_write_buffer_size() for each in transports(found)) < most
            caller.writer.transport.abort()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(asyncio.wait_for(test(), 20))


def test_a_refusal_reaches_its_caller_over_tls(tmp_path: Path) -> None:
    async def test() -> None:
        async with listening(certificate=Certificate(*issue(tmp_path))) as found:
            caller = await securely(found)
            await caller.says(b"NONSENSE\r\n\r\n")
            assert (await caller.answer()).status == 400
            found.pass_seconds(3)
            await until(lambda: not found.state.connections)

    run(test())


@pytest.mark.parametrize("data", [b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n"])
def test_who_never_ends_a_handshake_is_hung_up_on(tmp_path: Path, data: bytes) -> None:
    async def test() -> None:
        async with listening(certificate=Certificate(*issue(tmp_path))) as found:
            caller = await found.caller(data)
            found.pass_seconds(10)
            with contextlib.suppress(ConnectionError):
                while await caller.reader.read(100):
                    pass
            await until(lambda: not found.state.connections)
            assert found.log.calls == []

    run(test())


def test_a_caller_is_let_in_while_a_stranger_holds_all_handshakes(tmp_path: Path) -> None:
    async def test() -> None:
        bounds = Bounds(connections=20)
        async with listening(bounds, certificate=Certificate(*issue(tmp_path))) as found:
            for _ in range(60):
                await found.caller(b"\x16")
            caller = await securely(found)
            await caller.says(GET + b"\r\n")
            assert (await caller.answer()).status == 200
            assert len(found.state.connections) <= 20

    run(test())


class TestACertificate:
    def test_that_is_renewed_is_used_from_the_next_handshake_on(self, tmp_path: Path) -> None:
        certificate = Certificate(*issue(tmp_path))
        before = certificate.context
        assert not certificate.renew()
        issue(tmp_path)
        assert certificate.renew()
        assert certificate.context is not before

    def test_whose_renewal_is_of_no_use_stays_and_that_is_told_once(self, tmp_path: Path) -> None:
        files = issue(tmp_path)
        certificate = Certificate(*files)
        before = certificate.context
        files[0].write_text("half of it")
        with pytest.raises(CertificateUnusable, match="holds no certificate"):
            certificate.renew()
        assert not certificate.renew()
        assert certificate.context is before

    @pytest.mark.parametrize(
        ("left", "told"),
        [
            (timedelta(days=15), []),
            (timedelta(days=13, hours=20), ["the TLS certificate expires in 13 days"]),
            (timedelta(days=1, hours=5), ["the TLS certificate expires in 1 day"]),
            (timedelta(hours=3), ["the TLS certificate expires in less than a day"]),
            (timedelta(0), ["the TLS certificate has expired"]),
            (timedelta(days=-3, hours=-1), ["the TLS certificate has been expired for 3 days"]),
        ],
    )
    def test_that_expires_soon_is_warned_of(self, tmp_path: Path, left: timedelta, told: list[str]) -> None:
        clock = Dates(END - timedelta(days=100))
        certificate = Certificate(*issue(tmp_path, ends=END), now=clock)
        clock.date = END - left
        assert certificate.warnings() == told

    def test_that_could_not_be_renewed_is_warned_of_until_it_is(self, tmp_path: Path) -> None:
        files = issue(tmp_path)
        certificate = Certificate(*files)
        files[0].write_text("half of it")
        with pytest.raises(CertificateUnusable):
            certificate.renew()
        assert certificate.warnings() == ["the TLS certificate could not be renewed: see the log"]
        issue(tmp_path)
        assert certificate.renew()
        assert certificate.warnings() == []

    def test_that_expires_soon_is_remembered_once_a_day_until_it_is_renewed(self, tmp_path: Path) -> None:
        clock = Dates(END - timedelta(days=20))
        certificate = Certificate(*issue(tmp_path, ends=END), now=clock)
        reminders = []
        for _ in range(22 * 24):
            clock.date += timedelta(hours=1)
            reminders.append(certificate.reminder())
        told = [reminder for reminder in reminders if reminder]
        assert len(told) == 18  # with 14 to 1 days left, on the last day, and on the three after it
        assert told[0] == f"http.tls_certificate: {tmp_path}/certificate.pem expires in 14 days: renew it"
        assert told[-1].endswith("has been expired for 2 days: renew it")
        clock.date = END
        issue(tmp_path, ends=END + timedelta(days=90))
        certificate.renew()
        assert certificate.reminder() is None

    def test_that_has_expired_is_refused(self, tmp_path: Path) -> None:
        files = issue(tmp_path, ends=datetime(2040, 1, 2, tzinfo=UTC))
        with pytest.raises(CertificateUnusable, match=r"certificate.pem has expired \(2040-01-02 00:00 UTC\): renew"):
            Certificate(*files, now=lambda: datetime(2040, 1, 3, tzinfo=UTC))

    def test_that_is_not_valid_yet_is_refused(self, tmp_path: Path) -> None:
        files = issue(tmp_path)
        with pytest.raises(CertificateUnusable, match=r"is not valid before .* check this machine's clock"):
            Certificate(*files, now=lambda: datetime(1999, 1, 1, tzinfo=UTC))

    def test_of_another_key_is_refused(self, tmp_path: Path) -> None:
        certificate, _ = issue(tmp_path)
        (tmp_path / "other").mkdir()
        _, other = issue(tmp_path / "other")
        with pytest.raises(CertificateUnusable, match=r"other/key\.pem is not the key of the certificate in"):
            Certificate(certificate, other)

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----", "is encrypted and nobody is there"),
            ("nonsense", "holds no private key"),
        ],
    )
    def test_whose_key_is_of_no_use_is_refused(self, tmp_path: Path, content: str, told: str) -> None:
        certificate, key = issue(tmp_path)
        key.write_text(content)
        with pytest.raises(CertificateUnusable, match=told):
            Certificate(certificate, key)

    def test_whose_key_is_of_another_kind_is_refused(self, tmp_path: Path) -> None:
        certificate, key = issue(tmp_path)
        key.write_bytes(trustme.CA(key_type=trustme.KeyType.RSA).private_key_pem.bytes())
        with pytest.raises(CertificateUnusable, match=r"key\.pem is not the key of the certificate in"):
            Certificate(certificate, key)

    def test_that_is_too_weak_is_named_and_not_its_key(self, tmp_path: Path) -> None:
        short = rsa.generate_private_key(65537, 1024)  # noqa: S505 (that is what is refused)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        begin = END - timedelta(days=1)
        builder = x509.CertificateBuilder(name, name, short.public_key(), 1, begin, END)
        certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
        certificate.write_bytes(builder.sign(short, hashes.SHA256()).public_bytes(Encoding.PEM))
        key.write_bytes(short.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        with pytest.raises(CertificateUnusable, match=r"^http\.tls_certificate: .*pem has too short a key: get one"):
            Certificate(certificate, key, now=lambda: begin)

    def test_that_goes_away_while_it_is_read_is_refused_and_looked_at_again(self, tmp_path: Path) -> None:
        files = issue(tmp_path)
        key = FleetingFile(files[1])
        certificate = Certificate(files[0], key)
        issue(tmp_path)
        key.is_fleeting = True
        with pytest.raises(CertificateUnusable, match=r"key\.pem cannot be read \(no such file or directory\)"):
            certificate.renew()
        key.is_fleeting = False
        issue(tmp_path)
        assert certificate.renew()

    def test_that_is_missing_is_refused(self, tmp_path: Path) -> None:
        certificate, key = issue(tmp_path)
        key.unlink()
        with pytest.raises(CertificateUnusable, match=r"http.tls_key: .*key.pem cannot be read \(no such file"):
            Certificate(certificate, key)

    @pytest.mark.parametrize(("mode", "advised"), [(0o600, False), (0o640, False), (0o444, True)])
    def test_whose_key_everybody_may_read_is_remarked_on(self, tmp_path: Path, mode: int, advised: bool) -> None:
        certificate, key = issue(tmp_path)
        os.chmod(key, mode)  # noqa: PTH101
        assert (Certificate(certificate, key).advice() is not None) == advised


class TestTheServer:
    @pytest.mark.parametrize(
        ("worker", "told"), [(0, ["certificate to be renewed", "certificate not renewed"]), (1, [])]
    )
    def test_tells_of_its_certificate_once_for_all_workers(self, tmp_path: Path, worker: int, told: list[str]) -> None:
        clock = Dates(END - timedelta(days=100))
        files = issue(tmp_path, ends=END)
        log, roster = CapturingLogger(), Roster(SharedMemory(2), worker)
        app = Observed(_nothing, log, Traffic(Metrics(roster), []))
        server = Server(app, roster, alone=False, certificate=Certificate(*files, now=clock))
        server.config.load()
        asyncio.run(server.on_tick(0))
        assert log.calls == []
        clock.date = END - timedelta(days=3)
        asyncio.run(server.on_tick(0))
        files[0].write_text("half of it")
        asyncio.run(server.on_tick(0))
        asyncio.run(server.on_tick(0))
        assert [(call.method_name, *call.args) for call in log.calls] == [("warning", event) for event in told]
        assert app.notices.now() == [
            "the TLS certificate could not be renewed: see the log",
            "the TLS certificate expires in 3 days",
        ]


async def _nothing(*_: Any) -> None:
    """An application that is not asked."""
