"""How often a key may ask, and what happens to who sends keys that are none."""

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from dependency_injector import providers
from litestar.testing import TestClient

from config.settings import Settings
from domain.api_key import ApiKey, Scope, Token
from domain.errors import FailedKeysThrottled, KeyRejected
from domain.rate_limit import RateLimit
from entrypoints.http.app import make_app
from entrypoints.http.metrics import Metrics
from entrypoints.http.roster import Roster
from entrypoints.http.throttling import LINES_OF_ALL, SUSPECTS_WAITING, FailedKeys, address_of
from tests.fakes.in_memory_key_event_log import InMemoryKeyEventLog
from tests.fakes.in_memory_rate_limiter import InMemoryRateLimiter
from tests.http.service import HOME, SMALL, Breakable, Service
from tests.redis_server import PASSWORD, RedisServer

FIELDS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy", "RateLimit")


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 6000.0

    def __call__(self) -> float:
        return self.now


class Limited:
    """A service with limits, counted in memory by a clock of the test's."""

    def __init__(self, folder: Path, rate: str = "3/minute", failed: str = "4/minute", keys: Any = None) -> None:
        self.clock = Clock()
        self.counted = InMemoryRateLimiter(self.clock)
        self.service = Service(folder, keys=keys)
        container = self.service.container
        http = msgspec.structs.replace(SMALL, rate_limit=rate, failed_keys_limit=failed)
        container.settings.override(providers.Object(msgspec.structs.replace(container.settings(), http=http)))
        container.rate_limiter.override(providers.Object(self.counted))
        self.failures = InMemoryRateLimiter(self.clock)
        container.failure_counter.override(providers.Object(self.failures))
        self.address = "192.0.2.1"
        self._app, self.service.app.app = self.service.app.app, self._from_address

    async def _from_address(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope | {"client": (self.address, 50_000)}, receive, send)

    @contextmanager
    def running(self) -> Iterator["Limited"]:
        with self.service.running():
            yield self

    def predict(self, token: str | None) -> httpx.Response:
        headers = {} if token is None else {"X-API-Key": token}
        return self.service.client.post("/predict", json=HOME, headers=headers)

    def in_flight(self) -> int:
        """How many requests are being answered, but for the one that asks."""
        page = self.service.client.get("/metrics").text
        match = re.search(r"^tasador_http_requests_in_flight (\d+)", page, re.MULTILINE)
        assert match
        return int(match[1]) - 1

    def fail_everywhere(self, times: int) -> None:
        """As many wrong keys as if from many addresses."""

        async def failed() -> None:
            for _ in range(times):
                await self.failures.hit("everybody", LINES_OF_ALL)

        asyncio.run(failed())

    def key_log(self) -> list[dict[str, Any]]:
        """The key log's lines about refusals."""
        lines = [
            msgspec.json.decode(line)
            for file in self.service.folder.glob("*keys*.log")
            for line in file.read_text().splitlines()
        ]
        return [line for line in lines if line.get("action") in {"refused", "throttled"}]


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Limited]:
    with Limited(tmp_path).running() as limited:
        yield limited


def unknown() -> str:
    return Token.generate().reveal()


def wrong_secret(token: str) -> str:
    return Token(token.split("_")[1], "0" * 43).reveal()


class TestTheLimitOfAKey:
    def test_every_answer_says_how_it_is_with_it(self, limited: Limited) -> None:
        token = limited.service.token()
        for remaining, reset in (("2", "60"), ("1", "60"), ("0", "61")):
            answer = limited.predict(token)
            assert answer.status_code == 200
            assert [answer.headers[name] for name in FIELDS] == [
                "3", remaining, reset, '"key";q=3;w=60', f'"key";r={remaining};t={reset}',
            ]  # fmt: skip

    def test_the_last_that_is_let_through_is_told_how_long_to_wait_as_the_next_would_be(self, limited: Limited) -> None:
        token = limited.service.token()
        last = [limited.predict(token) for _ in range(3)][-1]
        assert last.headers["RateLimit-Reset"] == limited.predict(token).headers["Retry-After"]
        limited.clock.now += int(last.headers["RateLimit-Reset"])
        assert limited.predict(token).status_code == 200

    def test_beyond_it_the_key_is_told_how_long_to_wait(self, limited: Limited) -> None:
        token = limited.service.token()
        for _ in range(3):
            limited.predict(token)
        answer = limited.predict(token)
        assert answer.status_code == 429
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Retry-After"] == answer.headers["RateLimit-Reset"] == "61"
        assert answer.headers["RateLimit-Remaining"] == "0"
        assert answer.json()["type"] == "/problems/rate-limited"
        assert answer.json()["detail"].startswith("This key may ask 3 times in 60 seconds")
        limited.clock.now += 61
        assert limited.predict(token).status_code == 200

    def test_other_keys_have_their_own(self, limited: Limited) -> None:
        token = limited.service.token()
        for _ in range(4):
            limited.predict(token)
        assert limited.predict(limited.service.token()).headers["RateLimit-Remaining"] == "2"

    def test_what_is_wrong_with_the_request_does_not_matter(self, limited: Limited) -> None:
        key = limited.service.key(Scope.VALUE)
        client = limited.service.client
        answers = [
            client.post("/predict", json={}, headers=key),
            client.get("/v1/models", headers=key),
            client.post("/v1/valuations", json=HOME, headers=key),
            client.get("/v1/models", headers=key),
        ]
        assert [answer.status_code for answer in answers] == [400, 403, 200, 429]
        assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]

    def test_what_needs_no_key_has_none(self, limited: Limited) -> None:
        key = limited.service.key()
        for path in ("/health/live", "/health/ready", "/metrics", "/docs", "/openapi.json", "/nowhere"):
            answer = limited.service.client.get(path, headers=key)
            assert answer.status_code != 429
            assert not any(name in answer.headers for name in FIELDS)

    def test_can_be_switched_off(self, tmp_path: Path) -> None:
        with Limited(tmp_path, rate="off").running() as limited:
            token = limited.service.token()
            for _ in range(5):
                answer = limited.predict(token)
            assert answer.status_code == 200
            assert not any(name in answer.headers for name in FIELDS)

    def test_is_told_in_the_metrics(self, limited: Limited) -> None:
        token = limited.service.token()
        for _ in range(5):
            limited.predict(token)
        assert "tasador_rate_limited_requests_total 2.0" in limited.service.client.get("/metrics").text

    def test_counted_without_redis_though_it_should_be_is_a_warning(self, limited: Limited) -> None:
        limited.counted.alone = True
        answer = limited.service.client.get("/health/ready")
        assert answer.status_code == 200
        assert answer.json()["warnings"] == ["rate limits are counted by each machine for itself: see the log"]

    def test_what_counts_is_closed_with_the_service(self, tmp_path: Path) -> None:
        limited = Limited(tmp_path)
        with limited.running():
            assert not limited.counted.is_closed
        assert limited.counted.is_closed


class TestWrongKeys:
    def test_beyond_the_limit_an_address_is_told_to_wait(self, limited: Limited) -> None:
        refusals = [limited.predict(unknown()) for _ in range(4)]
        assert {answer.status_code for answer in refusals} == {401}
        answer = limited.predict(unknown())
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "61"
        assert answer.json()["type"] == "/problems/too-many-failed-keys"
        assert not any(name in answer.headers for name in FIELDS)
        limited.clock.now += 61
        assert limited.predict(unknown()).status_code == 401

    def test_beyond_it_the_answer_is_the_same_whatever_was_wrong(self, limited: Limited) -> None:
        token = limited.service.token()
        for _ in range(4):
            limited.predict(unknown())
        answers = [limited.predict(each) for each in (unknown(), "no key", wrong_secret(token), token[:-1] + "!")]
        assert {answer.status_code for answer in answers} == {429}
        assert len({answer.content for answer in answers}) == 1

    def test_a_right_key_is_answered_from_a_throttled_address(self, limited: Limited) -> None:
        token = limited.service.token()  # never used before
        for _ in range(10):
            limited.predict(unknown())
        assert limited.predict(token).status_code == 200
        assert limited.predict(limited.service.token(Scope.AUDIT_READ)).status_code == 403

    def test_a_right_key_is_answered_however_often_its_id_was_misused(self, limited: Limited) -> None:
        token = limited.service.token()
        answers = [limited.predict(wrong_secret(token)) for _ in range(10)]
        assert [answer.status_code for answer in answers] == [401] * 4 + [429] * 6
        assert limited.predict(token).headers["RateLimit-Remaining"] == "2"

    def test_an_id_is_counted_over_all_addresses(self, limited: Limited) -> None:
        token = limited.service.token()
        answers = []
        for number in range(6):
            limited.address = f"192.0.2.{number}"
            answers.append(limited.predict(wrong_secret(token)))
        assert [answer.status_code for answer in answers] == [401] * 4 + [429] * 2
        assert limited.predict(unknown()).status_code == 401

    def test_no_key_is_no_attempt_at_one(self, limited: Limited) -> None:
        assert {limited.predict(None).status_code for _ in range(10)} == {401}
        assert limited.predict(unknown()).status_code == 401

    def test_the_key_log_sums_them_up(self, tmp_path: Path) -> None:
        with Limited(tmp_path).running() as limited:
            for _ in range(20):
                limited.predict(unknown())
            during = limited.key_log()
        assert [line["action"] for line in during] == ["refused"] * 4 + ["throttled"]
        assert during[-1]["by"] == "address"
        (told,) = limited.key_log()[len(during) :]
        assert (told["action"], told["attempts"]) == ("throttled", "16")

    def test_the_key_log_cannot_be_filled_from_many_addresses_either(self, limited: Limited) -> None:
        limited.fail_everywhere(598)
        for number in range(20):
            limited.address = f"192.0.2.{number}"
            limited.predict(unknown() if number % 2 else None)
        lines = limited.key_log()
        assert [line["action"] for line in lines] == ["refused", "refused", "throttled"]
        assert lines[-1]["by"] == "everybody"

    def test_take_no_more_memory_than_there_is_for_them_however_many_addresses_there_are(self) -> None:
        log = InMemoryKeyEventLog()
        failed = FailedKeys(InMemoryRateLimiter(), RateLimit(1, 60), log, Metrics(Roster.alone()))

        async def fail() -> None:
            for number in range(1_500):
                scope: Any = {"client": (f"10.0.{number // 250}.{number % 250}", 1)}
                for _ in range(2):
                    with suppress(FailedKeysThrottled):
                        await failed.count(scope, KeyRejected("unknown"), lambda: None)

        asyncio.run(fail())
        assert len(log.events) <= 1_001  # of a thousand sources, and of everybody else together

    def test_are_told_in_the_metrics_by_what_was_wrong(self, limited: Limited) -> None:
        for _ in range(5):
            limited.predict(unknown())
        limited.predict(None)
        page = limited.service.client.get("/metrics").text
        assert 'tasador_refused_keys_total{cause="unknown"} 5.0' in page
        assert 'tasador_refused_keys_total{cause="missing"} 1.0' in page
        assert 'tasador_throttled_keys_total{by="address"} 1.0' in page


class Slow(Breakable):
    """Keys of which the store knows at once what it has, and takes long to find out what it has not."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()
        self.go_on.set()

    def find(self, key_id: str) -> ApiKey | None:
        found = super().find(key_id)
        assert found or self.go_on.wait(20)
        return found


class TestAFloodOfWrongKeys:
    def test_keeps_out_no_owner_at_the_same_address_nor_anybody_elsewhere(self, tmp_path: Path) -> None:
        keys = Slow()
        with (
            Limited(tmp_path, rate="off", keys=keys).running() as limited,
            ThreadPoolExecutor(SUSPECTS_WAITING) as strangers,
        ):
            token = limited.service.token()
            assert limited.predict(token).status_code == 200
            for _ in range(4):
                limited.predict(unknown())
            keys.go_on.clear()
            flood = [strangers.submit(limited.predict, unknown()) for _ in range(SUSPECTS_WAITING - 1)]
            until(limited.in_flight, SUSPECTS_WAITING - 1)
            owner = strangers.submit(limited.predict, limited.service.token())  # of a key that nobody has used yet
            until(limited.in_flight, SUSPECTS_WAITING)
            full = limited.predict(unknown())
            assert full.status_code == 503
            assert full.json()["type"] == "/problems/keys-unavailable"
            assert limited.predict(token).status_code == 200
            limited.address = "198.51.100.1"
            assert limited.predict(limited.service.token()).status_code == 200
            keys.go_on.set()
            assert owner.result().status_code == 200
            assert {answered.result().status_code for answered in flood} <= {429, 503}


def until(ask: Callable[[], int], wanted: int) -> None:
    """Returns when that is the answer."""
    deadline = time.monotonic() + 20
    while ask() != wanted:
        assert time.monotonic() < deadline


@pytest.mark.parametrize(
    ("client", "address"),
    [
        (("192.0.2.7", 1), "192.0.2.7"),
        (("::ffff:192.0.2.7", 1), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("2001:db8:1:2::9", 1), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 1), "fe80::/64"),
        (("x" * 100, 1), "x" * 64),
        (None, "unknown"),
    ],
)
def test_an_address_is_one_of_ipv4_or_a_network_of_ipv6(client: tuple[str, int] | None, address: str) -> None:
    scope: Any = {"client": client}
    assert address_of(scope) == address


def test_redis_is_counted_in_where_it_is_configured(tmp_path: Path, redis_server: RedisServer) -> None:
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n")
    http = msgspec.structs.replace(
        SMALL, rate_limit="3/minute", rate_limit_url=redis_server.url, rate_limit_password_file=password
    )
    redis_server.start()
    service = Service(tmp_path)
    settings: Settings = service.container.settings()
    service.container.settings.override(providers.Object(msgspec.structs.replace(settings, http=http)))
    apps = [make_app(service.container, 3600.0) for _ in range(2)]  # each counts in memory of its own
    with TestClient(apps[0]) as one, TestClient(apps[1]) as other:
        key = service.key()
        told = [each.post("/predict", json=HOME, headers=key) for each in (one, other, one, other)]
        assert [answer.status_code for answer in told] == [200, 200, 200, 429]
        redis_server.stop()
        assert one.post("/predict", json=HOME, headers=key).status_code == 200
        assert one.get("/health/ready").json()["warnings"] == [
            "rate limits are counted by each machine for itself: see the log"
        ]
    assert PASSWORD not in service.everything_written()
