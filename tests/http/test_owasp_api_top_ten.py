"""The OWASP API Security Top 10 of 2023, line by line, as far as each applies here.

https://owasp.org/API-Security/editions/2023/en/0x11-t10/
"""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar

from domain.api_key import Scope, Token
from domain.errors import KeyStoreMalformed
from tests.http.service import HOME, SMALL, Breakable, Service

BODIES: dict[str, Any] = {
    "/predict": HOME,
    "/predict_batch": {"data": [HOME]},
    "/v1/valuations": HOME,
    "/v1/valuations/batch": {"properties": [HOME]},
    "/v1/valuations/what-if": {"property": HOME, "changes": {"n_bathroom": 3}},
    "/v1/outcomes": {"outcomes": [{"valuation_id": "x", "price": 1, "sold_on": "2026-01-01"}]},
    "/v1/valuations/x/override": {"value": 1, "reason": "x", "valuer": "x"},
    "/v1/keys": {"label": "x", "scopes": ["keys:admin"]},
}
PAGES = {"/", "/console/{build}/{name}", "/docs", "/docs/{name}", "/openapi.json"}
OPEN = {*PAGES, "/health/live", "/health/ready", "/metrics"}


def routes(service: Service) -> Iterator[tuple[str, str, set[Scope]]]:
    """Every method and path that is served, with the scopes any of which it needs."""
    app = service.app.app
    assert isinstance(app, Litestar)
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in sorted(handler.http_methods - {"OPTIONS"}):
                opt = handler.opt
                yield method, route.path_format, {opt["scope"], *opt["other_scopes"]} if opt["scope"] else set()


def fill(path: str, key_id: str = "Unknown00000") -> str:
    return (
        path.replace("{version}", "v2")
        .replace("{key_id}", key_id)
        .replace("{name}", "start.js")
        .replace("{build}", "x")
        .replace("{valuation_id}", "x")
    )


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Service]:
    """A service of which a key may ask twenty times a minute."""
    with Service(tmp_path, rate_limit="20/minute").running() as service:
        yield service


class TestApi1BrokenObjectLevelAuthorization:
    """Objects with ids are keys, models and valuations.

    Keys and models stand open to who holds their scope, and to nobody else; a valuation to the key that asked for it,
    to keys that were rotated from that, and to who may audit.
    """

    def test_the_id_of_anothers_valuation_gives_nothing(self, asked: Service) -> None:
        owner = asked.key(Scope.VALUE)
        made = asked.client.post("/v1/valuations", json=HOME, headers=owner).json()["valuation_id"]
        strange = asked.client.get(f"/v1/valuations/{made}", headers=asked.key(*set(Scope) - {Scope.AUDIT_READ}))
        unknown = asked.client.get(f"/v1/valuations/{'0' * 36}", headers=owner)
        told = [answer.json() | {"instance": ""} for answer in (strange, unknown)]
        assert told[0] == told[1]
        assert (strange.status_code, unknown.status_code) == (404, 404)
        assert "X-Model-Version" not in strange.headers
        for reader in (owner, asked.key(Scope.AUDIT_READ)):
            assert asked.client.get(f"/v1/valuations/{made}", headers=reader).status_code == 200

    def test_the_id_of_another_key_gives_nothing_to_who_may_not_manage_keys(self, asked: Service) -> None:
        victim = Token.parse(asked.token())
        assert victim
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/rotate")):
            answer = asked.client.request(
                method, f"/v1/keys/{victim.key_id}{path}", headers=asked.key(*set(Scope) - {Scope.KEYS_ADMIN})
            )
            assert answer.status_code == 403
        assert asked.keys.find(victim.key_id) is not None

    @pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "v1%00", "%2e%2e", "v1;v2", "' OR 1=1--"])
    def test_the_name_of_an_object_leads_nowhere_else(self, asked: Service, name: str) -> None:
        for path in ("/v1/models/", "/v1/keys/", "/v1/valuations/", "/docs/"):
            answer = asked.client.get(f"{path}{name}", headers=asked.key())
            assert answer.status_code == 404, answer.text
            assert "passwd" not in answer.text.replace(answer.json()["instance"], "").replace(name, "")


class TestApi2BrokenAuthentication:
    def test_guessing_is_slowed_down_and_the_owner_is_not(self, service: Service) -> None:
        owner = Token.parse(service.token())
        assert owner
        answers = [
            service.client.get("/v1/models", headers={"X-API-Key": Token(owner.key_id, "0" * 43).reveal()})
            for _ in range(100)
        ]
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {401, 429}
        assert statuses == sorted(statuses)
        assert int(answers[-1].headers["Retry-After"]) >= 1
        assert service.client.get("/v1/models", headers={"X-API-Key": owner.reveal()}).status_code == 200

    def test_a_key_in_the_address_is_no_key(self, asked: Service) -> None:
        token = asked.token()
        for name in ("key", "api_key", "X-API-Key", "token", "access_token"):
            assert asked.client.get("/v1/models", params={name: token}).status_code == 401
        secret = Token.parse(token)
        assert secret
        assert secret.secret not in asked.everything_written()

    def test_an_empty_header_beside_a_key_is_none(self, asked: Service) -> None:
        headers = {"X-API-Key": "", "Authorization": f"Bearer {asked.token()}"}
        assert asked.client.get("/v1/models", headers=headers).status_code == 200

    def test_a_key_in_a_cookie_is_no_key(self, asked: Service) -> None:
        assert asked.client.get("/v1/models", headers={"Cookie": f"X-API-Key={asked.token()}"}).status_code == 401


class TestApi3BrokenObjectPropertyLevelAuthorization:
    def test_nobody_sets_what_is_not_his_to_set(self, service: Service) -> None:
        own: dict[str, Any] = {
            "id": "Chosen000000",
            "token": "tsd_x",
            "secret_hash": "0" * 64,
            "created_by": "root",
            "pepper_id": "p",
        }
        own |= {"expires_at": "2999-01-01T00:00:00Z", "state": "active", "revoked_at": None, "last_used_at": None}
        answer = service.post("/v1/keys", {"label": "x", **own})
        assert answer.status_code == 400
        assert {each["field"] for each in answer.json()["errors"]} == own.keys()
        assert service.keys.find("Chosen000000") is None

    def test_a_price_in_the_body_decides_nothing(self, asked: Service) -> None:
        told = [asked.post("/predict", HOME | more).json() for more in ({}, {"price": 1.0}, {"price": 1e9})]
        assert len(set(told)) == 1

    def test_no_answer_holds_what_is_stored_of_a_secret(self, asked: Service) -> None:
        token = Token.parse(asked.token())
        assert token
        stored = asked.keys.find(token.key_id)
        assert stored
        header = {"X-API-Key": token.reveal()}
        for path in (
            "/v1/keys",
            f"/v1/keys/{token.key_id}",
            "/v1/models",
            "/openapi.json",
            "/health/ready",
            "/metrics",
        ):
            told = asked.client.get(path, headers=header).text
            for secret in (token.secret, stored.secret_hash, stored.pepper_id):
                assert secret not in told, path


class TestApi4UnrestrictedResourceConsumption:
    def test_a_key_that_asks_too_often_is_told_when_to_come_again(self, limited: Service) -> None:
        service, header = limited, limited.key()
        answers = [service.client.get("/v1/models/current", headers=header) for _ in range(21)]
        assert [answer.status_code for answer in answers] == [200] * 20 + [429]
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
        assert service.client.get("/v1/models/current", headers=service.key()).status_code == 200

    @pytest.mark.parametrize("path", [*BODIES, "/v1/models/v2/promote", "/v1/keys/Unknown00000/rotate"])
    def test_no_route_takes_a_body_without_end(self, asked: Service, path: str) -> None:
        for size in (SMALL.max_body_kb, SMALL.max_batch_kb):
            assert asked.post_bytes(path, b" " * (size * 1024 + 1)).status_code in {400, 413}
        assert asked.post_bytes(path, b" " * (SMALL.max_batch_kb * 1024 + 1)).status_code == 413

    def test_nesting_does_not_exhaust_the_stack(self, asked: Service) -> None:
        assert asked.post_bytes("/predict", b"[" * 4000).status_code == 400
        assert asked.post_bytes("/predict", b'{"a":' * 600 + b"1" + b"}" * 600).status_code == 400

    @pytest.mark.parametrize(("name", "value"), [("comparables", "51"), ("comparables", "1e9"), ("level", "1e-400")])
    def test_what_costs_is_bounded(self, asked: Service, name: str, value: str) -> None:
        assert (
            asked.client.post("/v1/valuations", json=HOME, params={name: value}, headers=asked.key()).status_code == 400
        )


class TestApi5BrokenFunctionLevelAuthorization:
    def test_every_route_is_closed_to_who_has_no_key(self, asked: Service) -> None:
        for method, path, scopes in routes(asked):
            answer = asked.client.request(method, fill(path), json=BODIES.get(path))
            assert (answer.status_code == 401) == bool(scopes), (method, path)
            assert (path in OPEN) == (not scopes), (method, path)

    def test_every_scope_opens_its_own_routes_and_no_others(self, asked: Service) -> None:
        for method, path, needed in routes(asked):
            for scope in Scope if needed else ():
                answer = asked.client.request(method, fill(path), json=BODIES.get(path), headers=asked.key(scope))
                assert (answer.status_code != 403) == (scope in needed), (method, path, scope)

    @pytest.mark.parametrize(
        "header", ["X-HTTP-Method-Override", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"]
    )
    def test_no_header_turns_a_request_into_another(self, asked: Service, header: str) -> None:
        value = "/v1/keys" if "URL" in header else "DELETE"
        answer = asked.client.get("/v1/models", headers=asked.key(Scope.MODELS_READ) | {header: value})
        assert (answer.status_code, answer.json().keys()) == (200, {"models"})


class TestApi6UnrestrictedAccessToSensitiveBusinessFlows:
    """What hurts when it is automated here: issuing keys, and switching the model that is served."""

    def test_a_key_cannot_make_keys_without_end(self, limited: Service) -> None:
        service, header = limited, limited.key()
        statuses = {
            service.client.post("/v1/keys", json={"label": "x"}, headers=header).status_code for _ in range(601)
        }
        assert statuses == {201, 429}

    def test_a_key_cannot_make_itself_a_longer_life_or_more_scopes(self, service: Service) -> None:
        narrow = service.token(Scope.KEYS_ADMIN)
        own = Token.parse(narrow)
        assert own
        header = {"X-API-Key": narrow}
        for scope in set(Scope) - {Scope.KEYS_ADMIN}:
            asked_for = {"label": "x", "scopes": [scope.value]}
            assert service.client.post("/v1/keys", json=asked_for, headers=header).status_code == 403
        for lifetime in ("367d", "999999w"):
            asked_for = {"label": "x", "scopes": ["keys:admin"], "expires_in": lifetime}
            assert service.client.post("/v1/keys", json=asked_for, headers=header).status_code == 400
        rotated = service.client.post(f"/v1/keys/{own.key_id}/rotate", json={"overlap": "366d"}, headers=header).json()
        before = service.keys.find(own.key_id)
        assert before
        assert rotated["replaces"]["expires_at"] == msgspec.json.decode(msgspec.json.encode(before.expires_at))


class TestApi7ServerSideRequestForgery:
    """No field is an address that the service would ask; nothing that a caller sends is looked up anywhere."""

    def test_addresses_in_a_body_are_texts(self, asked: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("the service asked another")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        lure = "http://169.254.169.254/latest/meta-data/"
        for path, body in BODIES.items():
            sent = json.loads(json.dumps(body).replace("Departamento", lure).replace('"x"', json.dumps(lure)))
            assert asked.post(path, sent).status_code < 500

    def test_no_parameter_is_an_address(self, asked: Service) -> None:
        document = asked.client.get("/openapi.json").text
        assert '"uri"' not in document
        assert '"format":"url"' not in document


class TestApi8SecurityMisconfiguration:
    @pytest.mark.parametrize("path", ["/health/live", "/docs", "/openapi.json", "/nothing", "/v1/keys", "/metrics"])
    def test_every_answer_tells_browsers_to_be_careful(self, asked: Service, path: str) -> None:
        headers = asked.client.get(path, headers={"Origin": "https://evil.example"}).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe-eval" not in headers["Content-Security-Policy"]
        assert not [name for name in headers if name.lower().startswith("access-control-")]
        assert "server" not in headers
        assert "x-powered-by" not in headers

    def test_an_error_of_ours_tells_nothing_of_the_inside(self, service: Service) -> None:
        class Broken(Breakable):
            def find(self, key_id: str) -> Any:
                raise RuntimeError("SELECT * FROM api_keys at /srv/tasador")

        token = service.token()
        service.container.authenticate_key().known.forget(token.split("_")[1])
        service.keys.__class__ = Broken
        answer = service.client.get("/v1/models", headers={"X-API-Key": token})
        assert answer.status_code == 500
        assert not [word for word in ("SELECT", "srv", "RuntimeError", "Traceback", ".py") if word in answer.text]


class TestApi9ImproperInventoryManagement:
    def test_whatever_is_served_is_described_and_whatever_is_described_is_served(self, asked: Service) -> None:
        described = {
            (method.upper(), path)
            for path, item in asked.client.get("/openapi.json").json()["paths"].items()
            for method in item
        }
        served = {(method, path) for method, path, _ in routes(asked) if path not in PAGES}
        assert served == described

    @pytest.mark.parametrize(
        "path",
        ["/schema", "/schema/openapi.json", "/debug", "/admin", "/.env", "/v0/keys", "/v2/keys", "/swagger", "/redoc"],
    )
    def test_nothing_old_or_hidden_is_left(self, asked: Service, path: str) -> None:
        assert asked.client.get(path, headers=asked.key()).status_code == 404


class TestApi10UnsafeConsumptionOfApis:
    """What the service itself takes from others: its stores, and what a proxy says of callers."""

    def test_a_store_that_answers_nonsense_opens_nothing_and_is_not_quoted(self, service: Service) -> None:
        class Nonsense(Breakable):
            def find(self, key_id: str) -> Any:
                raise KeyStoreMalformed("keys.csv, line 3 is no key: '<script>'")

        token = service.token()
        service.keys.__class__ = Nonsense
        answer = service.client.get("/v1/models", headers={"X-API-Key": token})
        assert answer.status_code == 503
        assert "script" not in answer.text

    def test_nobody_says_where_he_calls_from_but_a_proxy_that_is_trusted(self, service: Service) -> None:
        claims = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Real-IP": "203.0.113.9"}
        service.client.get("/v1/models", headers=claims)
        assert service.log()[-1]["client"] == "testclient"
