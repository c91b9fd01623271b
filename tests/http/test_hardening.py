"""What browsers are told, who is believed about a caller, and what no caller can do to the log."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any, Literal

import pytest
from dependency_injector import providers
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from config.container import Container
from config.faults import ConfigurationError
from config.loader import load_settings
from config.settings import HttpSettings, LoggingSettings, Settings
from entrypoints.http.app import make_app
from entrypoints.http.forwarded import TrustedProxies
from entrypoints.http.observation import Observed
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_key_store import InMemoryKeyStore
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.in_memory_pepper_store import InMemoryPepperStore
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog
from tests.http.service import Service

FORGERIES = [
    "\n{}",
    "\r\nforged",
    "\x1b[2K\x1b[1A",
    "\u2028forged",
    "\u2029",
    "\x85forged",
    "\u202egorf",
    "\x00",
    "a b=c",
]
Form = Literal["console", "json", "classic"]


def an_app(folder: Path, http: HttpSettings, form: Form = "json") -> Observed:
    settings = Settings(logging=LoggingSettings(directory=folder, format=form), http=http)
    return make_app(
        Container(
            settings=settings,
            clock=providers.Object(FixedClock()),
            key_store=providers.Object(InMemoryKeyStore()),
            pepper_store=providers.Object(InMemoryPepperStore()),
            model_repository=providers.Object(InMemoryModelRepository()),
            valuation_log=providers.Object(InMemoryValuationLog()),
        )
    )


async def ask(app: Observed, path: str, headers: list[tuple[bytes, bytes]], client: str, query: bytes = b"") -> Any:
    """The start of the answer to a request that no client library would send."""
    said: list[Any] = []
    scope: Any = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": b"/", "query_string": query, "root_path": "", "headers": headers,
        "client": (client, 1), "server": ("tasador", 80), "state": {},
    }  # fmt: skip

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    await app(scope, receive, send)
    return said[0]


@pytest.mark.parametrize("path", ["/health/live", "/nothing", "/predict", "/docs", "/openapi.json"])
def test_every_answer_tells_browsers_to_do_nothing_with_it(asked: Service, path: str) -> None:
    told = asked.client.get(path).headers
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["Referrer-Policy"] == "no-referrer"
    assert told["X-Frame-Options"] == "DENY"
    assert told["Cross-Origin-Resource-Policy"] == "same-origin"
    assert told["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in told["Permissions-Policy"]
    assert "frame-ancestors 'none'" in told["Content-Security-Policy"]
    assert told["Content-Security-Policy"].startswith("default-src 'self'" if path == "/docs" else "default-src 'none'")
    assert len(told.get_list("Content-Security-Policy")) == len(told.get_list("Cache-Control")) == 1
    assert "Server" not in told
    assert "Strict-Transport-Security" not in told
    assert "Access-Control-Allow-Origin" not in told


@pytest.mark.parametrize(
    ("client", "proto", "asked_for"),
    [("10.1.1.1", b"https", True), ("10.1.1.1", b"http", False), ("192.0.2.1", b"https", False)],
)
def test_tls_is_asked_for_again_over_tls_alone(tmp_path: Path, client: str, proto: bytes, asked_for: bool) -> None:
    app = an_app(tmp_path, HttpSettings(trusted_proxies=("10.0.0.0/8",)))
    start = asyncio.run(ask(app, "/nothing", [(b"x-forwarded-proto", proto)], client))
    assert (b"strict-transport-security" in dict(start["headers"])) == asked_for


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["1.2.3.4, 203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["1.2.3.4, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
        ("10.0.0.1", ["1.2.3.4", "203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["203.0.113.7:1234"], "203.0.113.7"),
        ("10.0.0.1", ["[2001:db8::1]:443"], "2001:db8::1"),
        ("10.0.0.1", ["2001:DB8:0::1"], "2001:db8::1"),
        ("::ffff:10.0.0.1", ["::ffff:203.0.113.7"], "203.0.113.7"),
        ("fd00::1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7, _hidden"], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.2"], "10.0.0.1"),
        ("10.0.0.1", ["fe80::1%eth0\n"], "10.0.0.1"),
        ("192.0.2.1", ["203.0.113.7"], "192.0.2.1"),
        ("testclient", ["203.0.113.7"], "testclient"),
    ],
)
def test_the_caller_is_the_last_address_that_is_no_trusted_proxy(peer: str, forwarded: list[str], client: str) -> None:
    scope: dict[str, Any] = {
        "client": (peer, 1), "scheme": "http", "headers": [(b"x-forwarded-for", each.encode()) for each in forwarded],
    }  # fmt: skip
    TrustedProxies(["10.0.0.0/8", "fd00::1"]).see_through(scope)
    assert scope["client"][0] == client


@given(st.lists(st.binary(max_size=40), max_size=4))
def test_no_forwarded_text_passes_for_an_address(forwarded: list[bytes]) -> None:
    scope: dict[str, Any] = {
        "client": ("10.0.0.1", 1), "scheme": "http", "headers": [(b"x-forwarded-for", each) for each in forwarded],
    }  # fmt: skip
    TrustedProxies(["10.0.0.0/8"]).see_through(scope)
    assert re.fullmatch(r"[0-9a-f.:]+", scope["client"][0])


@pytest.mark.parametrize("form", ["console", "json", "classic"])
def test_nothing_in_a_request_forges_a_line_of_the_log(tmp_path: Path, form: Form) -> None:
    app = an_app(tmp_path, HttpSettings(trusted_proxies=("10.0.0.0/8",)), form)

    async def forge() -> None:
        for text in FORGERIES:
            raw = text.encode()
            named = [(name, raw) for name in (b"x-request-id", b"user-agent", b"x-forwarded-for", b"referer", b"x-a")]
            assert (await ask(app, f"/nothing{text}", named, "10.0.0.1", raw))["status"] < 500
            assert (await ask(app, "/nothing", [], text))["status"] < 500

    asyncio.run(forge())
    [file] = tmp_path.glob("tasador-*.log")
    lines = file.read_text("utf-8").split("\n")[:-1]
    assert len(lines) == 2 * len(FORGERIES)
    assert all(line.isprintable() for line in lines)
    if form != "classic":
        assert {json.loads(line)["event"] for line in lines} == {"request"}


def test_no_request_fills_the_log(tmp_path: Path) -> None:
    app = an_app(tmp_path, HttpSettings())
    asyncio.run(ask(app, "/" + "\0" * 2600, [(b"user-agent", b"x" * 8000)], "10.0.0.1", b"x" * 8000))
    [file] = tmp_path.glob("tasador-*.log")
    [line] = file.read_text("utf-8").splitlines()
    assert len(line) < 2000
    assert json.loads(line)["path"].endswith("... (cut, 2601 characters)")


class TestOtherSites:
    def test_may_not_call_by_default(self, asked: Service) -> None:
        headers = {"Origin": "https://desk.example", "Access-Control-Request-Method": "POST"}
        told = asked.client.options("/predict", headers=headers).headers
        assert not [name for name in told if name.lower().startswith("access-control")]

    def test_that_are_named_may(self, tmp_path: Path) -> None:
        with TestClient(an_app(tmp_path, HttpSettings(cors_origins=("https://desk.example",)))) as browser:
            for origin, allowed in (("https://desk.example", True), ("https://desk.example.evil", False)):
                headers = {"Origin": origin, "Access-Control-Request-Method": "POST", "X-Request-ID": "visit-1"}
                preflight = browser.options("/predict", headers=headers)
                answer = browser.get("/health/live", headers={"Origin": origin})
                for each in (preflight, answer):
                    assert each.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
                    assert "Access-Control-Allow-Credentials" not in each.headers
                assert preflight.headers["X-Request-ID"] == "visit-1"
                assert preflight.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"CORS_ORIGINS": '["*"]'}, "http.cors_origins[0]: '*' would let the pages of any web site"),
        ({"CORS_ORIGINS": '["https://a.example/"]'}, "http.cors_origins[0]: https://a.example/ is no origin"),
        ({"TRUSTED_PROXIES": '["10.0.0.1", "10.0.0.1/8"]'}, "http.trusted_proxies[1]: 10.0.0.1/8 is neither"),
        ({"TRUSTED_PROXIES": '["proxy.local"]'}, "http.trusted_proxies[0]: proxy.local is neither"),
        ({"TLS_KEY": "key.pem"}, "http.tls_certificate is needed where http.tls_key is set."),
        ({"TLS_CERTIFICATE": "cert.pem"}, "http.tls_key is needed where http.tls_certificate is set."),
    ],
)
def test_settings_that_open_the_door_wrongly_are_refused_by_name(
    tmp_path: Path, values: dict[str, str], told: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(None, {f"TASADOR_HTTP__{name}": value for name, value in values.items()}, tmp_path)
    assert told in str(refused.value)
