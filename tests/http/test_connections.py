"""What a connection takes of a stranger: so much, for so long, and one clear answer to whatever is no request."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from structlog.testing import CapturingLogger
from uvicorn.server import ServerState

from entrypoints.http.connection import Connection
from entrypoints.http.door import Bounds, Door
from entrypoints.http.metrics import Metrics, Traffic
from entrypoints.http.observation import Observed
from entrypoints.http.roster import Roster
from entrypoints.http.tls import Certificate, Handshake

GET = b"GET /here HTTP/1.1\r\nHost: tasador\r\n"
POST = b"POST /here HTTP/1.1\r\nHost: tasador\r\n"
BOUNDS = Bounds(connections=40)
LARGE = bytes(20_000_000)


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Caller:
    """The other end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def says(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> "Answer":
        """The next answer."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:-2])}
        body = await self.reader.readexactly(int(fields["content-length"]))
        return Answer(int(lines[0].split()[1]), fields, body)

    async def is_hung_up_on(self) -> bool:
        try:
            return await self.reader.read(1) == b""
        except ConnectionError:
            return True


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Listening:
    """A listening server of an application that answers a request when it is whole."""

    door: Door
    clock: Clock
    state: ServerState
    log: CapturingLogger
    port: int
    begun: asyncio.Event
    may_answer: asyncio.Event
    callers: list[Caller] = field(default_factory=list)

    async def caller(self, data: bytes = b"") -> Caller:
        """A new connection on which this has been said, and heard."""
        before = len(self.state.connections)
        caller = Caller(*await asyncio.open_connection("127.0.0.1", self.port))
        self.callers.append(caller)
        await until(lambda: len(self.state.connections) > before or before > self.door.bounds.connections - 5)
        await caller.says(data)
        await asyncio.sleep(0)
        return caller

    def open(self) -> tuple[Any, ...]:
        """The connections that are open."""
        return tuple(self.state.connections)

    def pass_seconds(self, seconds: float) -> None:
        """So long later the door looks around, as it does each second."""
        for _ in range(int(seconds)):
            self.clock.seconds += 1
            self.door.look_around(self.open())


async def until(seen: Any) -> None:
    """Waits until this is seen; the test fails after some seconds."""
    async with asyncio.timeout(10):
        while not seen():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def listening(
    bounds: Bounds = BOUNDS, answer: bytes = b"ok", certificate: Certificate | None = None
) -> AsyncIterator[Listening]:
    """A server of connections, over TLS where there is a certificate."""
    begun, may_answer = asyncio.Event(), asyncio.Event()
    may_answer.set()

    async def answering(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        while (message := await receive())["type"] == "http.request" and message["more_body"]:
            pass
        await may_answer.wait()
        start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(answer))]}
        await send(start)
        await send({"type": "http.response.body", "body": answer, "more_body": False})

    log, clock, state = CapturingLogger(), Clock(), ServerState()
    observed = Observed(answering, log, Traffic(Metrics(Roster.alone()), []))
    door = Door(observed, bounds, clock)
    config = uvicorn.Config(observed, log_config=None, access_log=False, proxy_headers=False)
    config.load()
    loop = asyncio.get_running_loop()

    def protocol() -> asyncio.Protocol:
        if certificate:
            return Handshake(door, certificate, config, state, {}, loop)
        return Connection(door, config, state, {}, loop)

    server = await loop.create_server(protocol, "127.0.0.1", 0)
    found = Listening(door, clock, state, log, server.sockets[0].getsockname()[1], begun, may_answer)
    try:
        yield found
    finally:
        may_answer.set()
        for caller in found.callers:
            caller.writer.close()
        for connection in found.open():
            connection.drop()
        server.close()
        await server.wait_closed()
        await until(lambda: not state.tasks)


async def heard(found: Listening, stage: str) -> None:
    """Waits until the only connection waits for this."""
    await until(lambda: [each._stage.value for each in found.open()] == [stage])


def run(test: Any) -> None:
    asyncio.run(asyncio.wait_for(test, 20))


REFUSED = [
    (431, "too large a field", GET + b"X: " + b"x" * 20_000 + b"\r\n\r\n"),
    (431, "a field without an end", GET + b"X: " + b"x" * 2_000_000),
    (431, "fields without an end", GET + b"X: x\r\n" * 300_000),
    (431, "too many fields", GET + b"X: x\r\n" * 101 + b"\r\n"),
    (414, "too long an address", b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: tasador\r\n\r\n"),
    (414, "an address without an end", b"GET /" + b"x" * 2_000_000),
    (400, "no HTTP", b"\x16\x03\x01\x02\x00\r\n\r\n"),
    (400, "HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    (400, "HTTP/0.9", b"GET /here\r\n\r\n"),
    (400, "no host", b"GET /here HTTP/1.1\r\n\r\n"),
    (400, "two hosts", GET + b"Host: other\r\n\r\n"),
    (400, "a length and chunks", POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (400, "chunks and a length", POST + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n"),
    (400, "two lengths", POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
    (400, "a length with a sign", POST + b"Content-Length: +2\r\n\r\nab"),
    (400, "no length that could be", POST + b"Content-Length: 99999999999999999999999\r\n\r\n"),
    (400, "a coding unknown here", POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    (400, "two codings", POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (400, "chunks in HTTP/1.0", b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (400, "a chunk of no size", POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    (400, "an extension without an end", POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 2_000_000),
    (400, "a trailer without an end", POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 2_000_000),
    (400, "a folded field", GET + b"X: a\r\n b\r\n\r\n"),
    (400, "a NUL in a field", GET + b"X: a\0b\r\n\r\n"),
    (400, "another protocol with a body", POST + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n{}"),
    (400, "a tunnel", b"CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n"),
]


@pytest.mark.parametrize(
    ("status", "data"), [(status, data) for status, _, data in REFUSED], ids=[n for _, n, _ in REFUSED]
)
def test_what_is_no_request_is_refused_in_plain_words_and_ends_the_connection(status: int, data: bytes) -> None:
    async def test() -> None:
        async with listening() as found:
            caller = await found.caller()
            caller.writer.write(data)
            answer = await caller.answer()
            problem = json.loads(answer.body)
            assert (answer.status, problem["status"]) == (status, status)
            assert problem.keys() >= {"type", "title", "detail", "instance"}
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["connection"] == "close"
            assert len(answer.headers["x-request-id"]) == 32
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert "server" not in answer.headers
            assert await caller.is_hung_up_on()
            assert found.log.calls[-1].args == ("request refused",) or found.log.calls[0].args == ("request refused",)

    run(test())


def test_a_refusal_carries_the_id_that_the_caller_gave() -> None:
    async def test() -> None:
        async with listening() as found:
            caller = await found.caller(GET + b"X-Request-ID: visit-1\r\nHost: other\r\n\r\n")
            assert (await caller.answer()).headers["x-request-id"] == "visit-1"

    run(test())


def test_what_comes_after_a_refusal_is_not_kept() -> None:
    async def test() -> None:
        async with listening() as found:
            caller = await found.caller(GET + b"Host: other\r\n\r\n")
            await caller.answer()
            await caller.says(GET + b"\r\n" + b"x" * 100_000)
            found.pass_seconds(3)
            await until(lambda: not found.state.connections)
            assert not found.begun.is_set()

    run(test())


@pytest.mark.parametrize(
    ("data", "version"),
    [
        (GET + b"\r\n", "kept"),
        (b"GET /here HTTP/1.0\r\n\r\n", "closed"),
        (b"GET http://tasador/here HTTP/1.1\r\nHost: tasador\r\n\r\n", "kept"),
        (b"\r\n\r\n" + GET + b"\r\n", "kept"),
        (GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n", "closed"),
        (GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "closed"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nHost: other\r\n\r\n", "kept"),
        (GET + b"X: x\r\n" * 90 + b"\r\n", "kept"),
        (GET + b"X: " + b"x" * 16_000 + b"\r\n\r\n", "kept"),
    ],
)
def test_what_is_a_request_is_answered(data: bytes, version: str) -> None:
    async def test() -> None:
        async with listening() as found:
            caller = await found.caller(data)
            answer = await caller.answer()
            assert (answer.status, answer.body) == (200, b"ok")
            assert (answer.headers.get("connection") == "close") == (version == "closed")
            if version == "kept":
                await caller.says(GET + b"\r\n")
                assert (await caller.answer()).status == 200
            else:
                assert await caller.is_hung_up_on()

    run(test())


def test_who_expects_to_be_told_to_go_on_is() -> None:
    async def test() -> None:
        async with listening() as found:
            caller = await found.caller(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            assert await caller.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            await caller.says(b"{}")
            assert (await caller.answer()).status == 200

    run(test())


def test_requests_sent_ahead_are_answered_in_order_before_a_bad_one_ends_it() -> None:
    async def test() -> None:
        async with listening() as found:
            caller = await found.caller((GET + b"\r\n") * 3 + b"NONSENSE\r\n\r\n")
            answers = [await caller.answer() for _ in range(3)]
            assert [answer.status for answer in answers] == [200, 200, 200]
            assert answers[-1].headers["connection"] == "close"
            assert await caller.is_hung_up_on()

    run(test())


def test_only_so_many_requests_are_taken_ahead() -> None:
    async def test() -> None:
        async with listening() as found:
            caller = await found.caller((GET + b"\r\n") * 1_000)
            answers = 0
            while (await caller.answer()).headers.get("connection") != "close":
                answers += 1
            assert answers == found.door.bounds.waiting_requests
            assert await caller.is_hung_up_on()

    run(test())


def test_a_head_that_takes_too_long_is_told_so() -> None:
    async def test() -> None:
        async with listening() as found:
            caller = await found.caller(GET)
            await heard(found, "head")
            found.pass_seconds(9)
            assert [each.is_closing() for each in transports(found)] == [False]
            found.pass_seconds(1)
            assert (await caller.answer()).status == 408
            assert await caller.is_hung_up_on()

    run(test())


def test_dribbling_wins_no_time() -> None:
    async def test() -> None:
        async with listening() as found:
            caller = await found.caller(GET)
            await heard(found, "head")
            for _ in range(10):
                await caller.says(b"X: x\r\n")
                found.pass_seconds(1)
            assert (await caller.answer()).status == 408

    run(test())


@pytest.mark.parametrize("data", [b"", b"\r\n"])
def test_who_says_nothing_is_hung_up_on_without_a_word(data: bytes) -> None:
    async def test() -> None:
        async with listening() as found:
            caller = await found.caller(data)
            found.pass_seconds(10)
            assert await caller.is_hung_up_on()
            assert found.log.calls == []

    run(test())


def test_a_kept_connection_has_its_time_from_the_next_requests_first_byte() -> None:
    async def test() -> None:
        async with listening() as found:
            caller = await found.caller(GET + b"\r\n")
            await caller.answer()
            found.pass_seconds(8)
            await caller.says(GET)
            await heard(found, "head")
            found.pass_seconds(8)
            await caller.says(b"\r\n")
            assert (await caller.answer()).status == 200

    run(test())


def test_a_body_that_comes_too_slowly_is_told_so() -> None:
    async def test() -> None:
        async with listening() as found:
            caller = await found.caller(POST + b"Content-Length: 9000\r\n\r\n")
            await until(found.begun.is_set)
            for _ in range(29):
                await caller.says(b"x")
                found.pass_seconds(1)
            await asyncio.sleep(0.01)
            found.pass_seconds(2)
            answer = await caller.answer()
            assert answer.status == 408
            assert "slowly" in json.loads(answer.body)["detail"]
            assert await caller.is_hung_up_on()

    run(test())


def test_a_large_body_over_a_slow_line_is_taken() -> None:
    async def test() -> None:
        async with listening() as found:
            caller = await found.caller(POST + b"Content-Length: 81920\r\n\r\n")
            await until(found.begun.is_set)
            for sent in range(1, 11):
                await caller.says(b"x" * 8192)
                await until(lambda sent=sent: [each._body_bytes for each in found.open()] == [sent * 8192])
                found.pass_seconds(8)
            assert (await caller.answer()).status == 200

    run(test())


def test_an_answer_that_takes_long_is_waited_for() -> None:
    async def test() -> None:
        async with listening() as found:
            found.may_answer.clear()
            caller = await found.caller(GET + b"\r\n")
            await until(found.begun.is_set)
            found.pass_seconds(300)
            found.may_answer.set()
            assert (await caller.answer()).status == 200

    run(test())


def test_an_answer_that_nobody_reads_is_cut() -> None:
    async def test() -> None:
        async with listening(answer=b"x" * 20_000_000) as found:
            caller = await found.caller(GET + b"\r\n")
            caller.reader._transport.pause_reading()  # type: ignore[attr-defined]
            await until(lambda: any(each.get_write_buffer_size() for each in transports(found)))
            found.pass_seconds(29)
            assert len(found.state.connections) == 1
            found.pass_seconds(3)
            assert len(found.state.connections) == 0

    run(test())


def test_a_caller_is_let_in_while_a_stranger_holds_all_connections_and_says_nothing() -> None:
    async def test() -> None:
        async with listening() as found:
            for _ in range(3 * BOUNDS.connections):
                await found.caller(GET)
            for _ in range(5):
                caller = await found.caller(GET + b"\r\n")
                assert (await caller.answer()).status == 200
            assert len(found.state.connections) <= BOUNDS.connections

    run(test())


def test_whoever_is_being_answered_keeps_the_connection_and_one_too_many_is_asked_to_come_back() -> None:
    async def test() -> None:
        async with listening(Bounds(connections=10)) as found:
            found.may_answer.clear()
            served = [await found.caller(GET + b"\r\n") for _ in range(10)]
            await until(lambda: len(found.state.tasks) == 10)
            refused = await found.caller(GET + b"\r\n")
            answer = await refused.answer()
            assert (answer.status, answer.headers["retry-after"]) == (503, "5")
            assert await refused.is_hung_up_on()
            found.may_answer.set()
            assert [(await caller.answer()).status for caller in served] == [200] * 10

    run(test())


class TestAnAnswerThatIsNotRead:
    def test_waits_in_so_much_memory_and_no_more(self) -> None:
        async def test() -> None:
            async with listening(answer=LARGE) as found:
                await found.caller((GET + b"\r\n") * 4)
                await until(lambda: paused(found) == 1)
                assert sum(each.get_write_buffer_size() for each in transports(found)) <= 2 * BOUNDS.unread_bytes

        run(test())

    def test_makes_room_for_a_caller(self) -> None:
        async def test() -> None:
            async with listening(answer=LARGE) as found:
                for _ in range(BOUNDS.connections):
                    await found.caller((GET + b"\r\n") * 4)
                await until(lambda: paused(found) == BOUNDS.connections)
                found.pass_seconds(2)
                caller = await found.caller()
                assert len(found.open()) < BOUNDS.connections
                assert paused(found) == len(found.open()) - 1
                await caller.says(GET + b"\r\n")
                assert (await caller.reader.readuntil(b"\r\n")) == b"HTTP/1.1 200 OK\r\n"

        run(test())

    def test_is_as_dispensable_as_none_after_a_second(self) -> None:
        async def test() -> None:
            async with listening(answer=LARGE) as found:
                await found.caller(GET + b"\r\n")
                await until(lambda: paused(found) == 1)
                [connection] = found.open()
                assert connection.idle() == (True, 0.0)
                found.pass_seconds(1)
                assert connection.idle() == (False, 0.0)

        run(test())

    def test_is_waited_for_where_it_is_read_slowly(self) -> None:
        async def test() -> None:
            async with listening(answer=LARGE) as found:
                caller = await found.caller(GET + b"\r\n")
                await until(lambda: paused(found) == 1)
                [connection] = found.open()
                for _ in range(2):
                    found.pass_seconds(29)
                    while connection._unread_since != found.clock():
                        await caller.reader.readexactly(8192)
                found.pass_seconds(29)
                assert len(found.open()) == 1

        run(test())

    def test_is_read_before_the_next_request_of_that_connection_begins(self) -> None:
        async def test() -> None:
            requests = 400
            bounds = Bounds(waiting_requests=requests, unread_bytes=1)
            async with listening(bounds, answer=b"x" * 60_000) as found:
                caller = await found.caller()
                [connection] = found.open()
                await caller.says((GET + b"\r\n") * requests)
                await until(lambda: connection.flow.write_paused and not connection._is_answering())
                found.pass_seconds(29)
                assert 0 < len(connection.pipeline) < requests
                assert len(found.log.calls) + len(connection.pipeline) <= requests
                assert [(await caller.answer()).status for _ in range(requests)] == [200] * requests
                await until(lambda: len(found.log.calls) == requests)

        run(test())

    def test_is_nobodys_any_more_when_the_caller_goes(self) -> None:
        async def test() -> None:
            async with listening(answer=LARGE) as found:
                caller = await found.caller((GET + b"\r\n") * 4)
                await until(lambda: paused(found) == 1)
                caller.writer.transport.abort()
                await until(lambda: not (found.open() or found.state.tasks))
                assert len(found.log.calls) == 1

        run(test())


def paused(found: Listening) -> int:
    """How many connections have more to say than is read."""
    return sum(isinstance(each, Connection) and each.flow.write_paused for each in found.open())


def transports(found: Listening) -> list[Any]:
    return [each.transport for each in found.open()]
