"""Who is let in: nobody without a valid key with the scope, and no way to a key over HTTP."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from litestar.routes import HTTPRoute

from domain.api_key import Scope, Token
from tests.example_keys import OPERATOR
from tests.http.service import HOME, Breakable, Service

PUBLIC = {
    ("GET", "/"),
    ("GET", "/console/{build}/{name}"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/docs/{name}"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
}
FOR_EVERY_KEY = {("GET", "/v1/keys/current")}
"""A key may always be told what it is."""


def every_route(service: Service) -> set[tuple[str, str]]:
    """Method and path of all that the application answers."""
    routes = {
        (str(method), route.path_format)
        for route in service.app.app.routes  # type: ignore[attr-defined]
        if isinstance(route, HTTPRoute)
        for method in route.methods - {"OPTIONS"}
    }
    assert len(routes) > len(PUBLIC)
    return routes


def test_all_but_the_public_routes_ask_for_a_key(asked: Service) -> None:
    routes = every_route(asked)
    assert routes >= PUBLIC
    for method, path in routes - PUBLIC:
        answer = asked.client.request(method, path.replace("{version}", "v1"))
        assert answer.status_code == 401, (method, path)


def test_no_route_makes_a_key_for_who_has_none(service: Service) -> None:
    # The original issued keys over an open GET.
    for _, path in every_route(service):
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            service.client.request(method, path.replace("{version}", "v1"))
    assert service.keys.all().keys == []


def test_every_route_that_asks_for_a_key_asks_for_a_scope(asked: Service) -> None:
    auditor, other = asked.key(Scope.AUDIT_READ), asked.key(Scope.MODELS_WRITE)
    for method, path in every_route(asked) - PUBLIC - FOR_EVERY_KEY:
        is_for_auditors = method == "GET" and path.startswith("/v1/valuations")
        key = other if is_for_auditors else auditor
        answer = asked.client.request(method, path.replace("{version}", "v1"), headers=key)
        assert answer.status_code == 403, (method, path)
        assert answer.json()["type"] == "/problems/scope-missing"


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/predict", Scope.VALUE),
        ("POST", "/predict_batch", Scope.VALUE),
        ("POST", "/v1/valuations", Scope.VALUE),
        ("GET", "/v1/models", Scope.MODELS_READ),
        ("GET", "/v1/models/current", Scope.MODELS_READ),
        ("GET", "/v1/models/v1", Scope.MODELS_READ),
        ("GET", "/v1/models/v1/evaluation", Scope.MODELS_READ),
        ("GET", "/v1/models/current/evaluation", Scope.MODELS_READ),
        ("POST", "/v1/models/v1/promote", Scope.MODELS_WRITE),
        ("POST", "/v1/models/rollback", Scope.MODELS_WRITE),
    ],
)
def test_the_scope_that_is_needed_is_enough(asked: Service, method: str, path: str, scope: Scope) -> None:
    assert asked.client.request(method, path, headers=asked.key(scope)).status_code not in {401, 403}
    others = [other for other in Scope if other != scope]
    assert asked.client.request(method, path, headers=asked.key(*others)).status_code == 403


def expired(service: Service) -> str:
    token = service.token()
    service.clock.advance(timedelta(days=91))
    return token


def revoked(service: Service) -> str:
    token = service.token()
    service.container.revoke_key()(token.split("_")[1], OPERATOR, force=True)
    return token


def mistyped(service: Service) -> str:
    return service.token()[:-1] + "!"


def wrong_secret(service: Service) -> str:
    return Token(service.token().split("_")[1], "0" * 43).reveal()


@pytest.mark.parametrize(
    "token_of",
    [expired, revoked, mistyped, wrong_secret, lambda _: Token.generate().reveal(), lambda _: "", lambda _: "é"],
    ids=["expired", "revoked", "mistyped", "wrong secret", "unknown", "empty", "not ASCII"],
)
def test_a_key_that_is_not_valid_gets_the_same_answer_whatever_is_wrong_with_it(
    service: Service, token_of: Callable[[Service], str]
) -> None:
    refused = service.client.post("/predict", json=HOME, headers={b"X-API-Key": token_of(service).encode()})
    without = service.client.post("/predict", json=HOME)
    assert refused.status_code == without.status_code == 401
    assert refused.content == without.content
    assert refused.headers["WWW-Authenticate"] == without.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_may_be_sent_in_either_header_or_in_both(asked: Service) -> None:
    token = asked.token()
    for headers in (
        {"X-API-Key": token},
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"bearer  {token} "},
        {"X-API-Key": token, "Authorization": f"Bearer {token}"},
        {"X-API-Key": token, "Authorization": "Basic dXNlcjpwYXNz"},
    ):
        assert asked.client.post("/predict", json=HOME, headers=headers).status_code == 200, headers


def test_two_different_keys_are_none(asked: Service) -> None:
    both = {"X-API-Key": asked.token(), "Authorization": f"Bearer {asked.token()}"}
    assert asked.client.post("/predict", json=HOME, headers=both).status_code == 401


def test_a_key_anywhere_else_is_none(service: Service) -> None:
    token = service.token()
    names = ("X-API-Key", "api_key", "key", "token", "access_token")
    assert service.client.post("/predict", json=HOME, params=dict.fromkeys(names, token)).status_code == 401
    assert service.client.post("/predict", json={**HOME, **dict.fromkeys(names, token)}).status_code == 401
    for name in names:
        service.client.cookies.set(name, token)
    assert service.client.post("/predict", json=HOME).status_code == 401


@pytest.mark.parametrize("content", [b"{", b" " * 100_000, b""])
def test_a_body_is_not_looked_at_before_the_key(asked: Service, content: bytes) -> None:
    assert asked.client.post("/predict", content=content).status_code == 401


def test_a_key_store_that_is_down_is_no_wrong_key(service: Service) -> None:
    key = service.key()
    assert isinstance(service.keys, Breakable)
    service.keys.down = True
    answer = service.client.post("/predict", json=HOME, headers=key)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.json()["type"] == "/problems/keys-unavailable"
    assert "keys.internal" not in answer.text
    assert "keys.internal" in service.log()[-1]["error"]
    service.keys.down = False
    assert service.client.post("/predict", json=HOME, headers=key).status_code == 200


def test_no_key_is_ever_written_to_a_log(service: Service) -> None:
    # The original wrote every key into its log lines.
    token = service.token()
    secret = token.split("_")[2]
    for headers in (
        {"X-API-Key": token},
        {"Authorization": f"Bearer {token}"},
        {"X-API-Key": token[:-1] + "!"},
        {"X-API-Key": token, "Authorization": f"Bearer {token[:-2]}"},
        {"X-API-Key": token, "X-Request-ID": token},
        {"X-API-Key": token, "X-Request-ID": token[:60]},
        {"X-API-Key": token, "User-Agent": token, "Referer": token, "Content-Type": token},
    ):
        service.client.post("/predict", json={**HOME, "type": token}, headers=headers)
        service.client.post("/predict", json={**HOME, token: [token]}, headers=headers)
        service.client.post("/v1/valuations", json={**HOME, "client_ref": token}, headers=headers)
        service.client.post(f"/predict?api_key={token}&level={token}", json=HOME, headers=headers)
        service.client.get(f"/v1/models/{token}", headers=headers)
        service.client.get(f"/{token.replace('_', '%5F')}?{token}", headers=headers)
    service.container.revoke_key()(token.split("_")[1], OPERATOR, force=True)
    service.client.post("/predict", json=HOME, headers={"X-API-Key": token})
    written = service.everything_written()
    assert token.split("_")[1] in written
    assert secret not in written


def test_what_happens_to_keys_is_written_to_their_own_log(service: Service) -> None:
    service.post("/predict", HOME, {"X-Request-ID": "visit-1"})
    service.client.post("/predict", json=HOME, headers={"X-Request-ID": "visit-2"})
    [log] = service.folder.glob("keys-*.log")
    issued, validated, refused = log.read_text().splitlines()
    assert '"issued"' in issued
    assert '"validated"' in validated
    assert "visit-1" in validated
    assert '"refused"' in refused
    assert "visit-2" in refused
