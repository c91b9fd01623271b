"""The life of keys over HTTP, for those who may manage them."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from adapters.key_stores.csv_file import CsvKeyStore
from application.ports.key_store import KeptKeys
from domain.api_key import Scope, Token
from tests.fakes.fixed_clock import NOON
from tests.http.service import HOME, Breakable, Service, fields

ADMIN = Scope.KEYS_ADMIN


def ask(service: Service, method: str, path: str, token: str, **more: Any) -> httpx.Response:
    return service.client.request(method, path, headers={"X-API-Key": token}, **more)


def issue(service: Service, token: str, **body: Any) -> httpx.Response:
    return ask(service, "POST", "/v1/keys", token, json={"label": "Mortgage desk", **body})


def id_of(token: str) -> str:
    parsed = Token.parse(token)
    assert parsed
    return parsed.key_id


class TestIssue:
    def test_a_new_key_opens_the_door(self, asked: Service) -> None:
        admin = asked.token()
        answer = issue(asked, admin, scopes=["value"], expires_in="30d")
        assert answer.status_code == 201
        assert answer.headers["Cache-Control"] == "no-store"
        made = answer.json()
        assert ask(asked, "POST", "/predict", made["token"], json=HOME).status_code == 200
        assert (made["id"], made["label"], made["scopes"]) == (id_of(made["token"]), "Mortgage desk", ["value"])
        assert (made["state"], made["created_by"], made["last_used_at"]) == ("active", id_of(admin), None)
        assert datetime.fromisoformat(made["expires_at"]) == NOON + timedelta(days=30)

    def test_by_default_it_values_for_90_days(self, asked: Service) -> None:
        made = issue(asked, asked.token()).json()
        assert made["scopes"] == ["value"]
        assert datetime.fromisoformat(made["expires_at"]) == NOON + timedelta(days=90)

    def test_nobody_hands_on_what_he_lacks(self, asked: Service) -> None:
        answer = issue(asked, asked.token(ADMIN, Scope.VALUE), scopes=["value", "models:write", "audit:read"])
        assert answer.status_code == 403
        assert answer.json()["type"] == "/problems/scope-not-held"
        assert "lacks audit:read, models:write itself" in answer.json()["detail"]

    @pytest.mark.parametrize(("body", "told"), [({}, True), ({"scopes": None}, True), ({"scopes": ["value"]}, False)])
    def test_who_lacks_what_a_key_is_for_by_default_is_told_of_it(
        self, asked: Service, body: dict[str, Any], told: bool
    ) -> None:
        answer = issue(asked, asked.token(ADMIN), **body)
        assert answer.status_code == 403
        assert ("A key is for `value` where the body names no `scopes`" in answer.json()["detail"]) == told

    def test_an_admin_may_make_another(self, asked: Service) -> None:
        made = issue(asked, asked.token(ADMIN), scopes=["keys:admin"]).json()
        assert issue(asked, made["token"], scopes=["keys:admin"]).status_code == 201

    def test_every_bad_field_is_named_at_once(self, asked: Service) -> None:
        answer = issue(asked, asked.token(), label=" ", scopes=["value", "all"], expires_in="400d", colour="red")
        told = fields(answer)
        assert told.keys() == {"label", "scopes", "expires_in", "colour"}
        assert "There is no scope 'all'" in told["scopes"]
        assert "at most 366 days" in told["expires_in"]
        assert told["colour"] == "is not known here"

    @pytest.mark.parametrize(
        ("field", "value", "told"),
        [
            ("label", None, "is missing"),
            ("label", 7, "must be text"),
            ("label", "two\nlines", "A key's label is 1 to 100 printable characters"),
            ("scopes", [], "A key needs at least one scope"),
            ("scopes", "value", "must be a list of the names of scopes"),
            ("scopes", [1], "must be a list of the names of scopes"),
            ("expires_in", 30, "must be text"),
            ("expires_in", "0d", "'0d' is no lifetime"),
            ("expires_in", "soon", "'soon' is no lifetime"),
        ],
    )
    def test_a_bad_field_is_explained(self, asked: Service, field: str, value: object, told: str) -> None:
        assert fields(issue(asked, asked.token(), **{field: value}))[field].startswith(told)

    @pytest.mark.parametrize("body", [b"", b"[]", b'"value"', b"{"])
    def test_a_body_that_is_no_object_is_refused(self, asked: Service, body: bytes) -> None:
        assert asked.post_bytes("/v1/keys", body).status_code == 400

    def test_the_token_is_written_nowhere(self, asked: Service) -> None:
        made = issue(asked, asked.token()).json()
        token = Token.parse(made["token"])
        assert token
        assert token.secret not in asked.everything_written()
        assert token.secret not in ask(asked, "GET", "/v1/keys", asked.token()).text


class TestList:
    def test_every_key_is_told_and_no_secret(self, service: Service) -> None:
        admin = service.token()
        made = issue(service, admin).json()
        answer = ask(service, "GET", "/v1/keys", admin)
        assert answer.status_code == 200
        keys = answer.json()["keys"]
        assert {key["id"] for key in keys} == {id_of(admin), made["id"]}
        stored = service.keys.find(made["id"])
        assert stored
        assert stored.secret_hash not in answer.text
        assert "secret" not in answer.text

    def test_what_cannot_be_read_is_counted_and_hides_nothing(self, service: Service) -> None:
        class SpoiledKeyStore(Breakable):
            def all(self) -> KeptKeys:
                return replace(super().all(), faults=("keys.csv, line 3 is no key: label is missing.",))

        admin = service.token()
        answer = ask(service, "GET", "/v1/keys", admin)
        assert answer.json()["unreadable"] == 0
        service.keys.__class__ = SpoiledKeyStore
        answer = ask(service, "GET", "/v1/keys", admin)
        assert answer.status_code == 200
        assert ([key["id"] for key in answer.json()["keys"]], answer.json()["unreadable"]) == ([id_of(admin)], 1)
        assert "keys.csv" not in answer.text
        assert "keys.csv, line 3 is no key" in service.log()[-1]["error"]

    def test_each_is_told_to_itself_whatever_it_may_do(self, asked: Service) -> None:
        for scope in Scope:
            token = asked.token(scope)
            answer = asked.client.get("/v1/keys/current", headers={"X-API-Key": token})
            assert answer.status_code == 200
            kept = asked.keys.find(token.split("_")[1])
            assert kept
            assert answer.json() == {
                "id": kept.id,
                "label": "a test",
                "scopes": [scope.value],
                "expires_at": msgspec.to_builtins(kept.expires_at),
                "created_at": msgspec.to_builtins(kept.created_at),
            }

    def test_who_bears_none_is_told_of_none(self, asked: Service) -> None:
        answer = asked.client.get("/v1/keys/current")
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")

    def test_one_is_told_by_its_id(self, asked: Service) -> None:
        admin = asked.token()
        made = issue(asked, admin).json()
        told = ask(asked, "GET", f"/v1/keys/{made['id']}", admin).json()
        assert told == {name: value for name, value in made.items() if name != "token"}

    def test_when_a_key_was_last_used_is_told(self, service: Service) -> None:
        admin = service.token()
        service.container.store_key_uses()()
        assert ask(service, "GET", f"/v1/keys/{id_of(admin)}", admin).json()["last_used_at"] is None
        service.container.store_key_uses()()
        assert ask(service, "GET", f"/v1/keys/{id_of(admin)}", admin).json()["last_used_at"] == "2026-11-22T12:00:00Z"


class TestRevoke:
    def test_a_revoked_key_is_refused_at_once(self, asked: Service) -> None:
        admin, token = asked.token(), asked.token(Scope.VALUE)
        assert ask(asked, "POST", "/predict", token, json=HOME).status_code == 200
        answer = ask(asked, "DELETE", f"/v1/keys/{id_of(token)}", admin, params={"reason": "left the company"})
        assert answer.status_code == 200
        told = answer.json()
        assert (told["state"], told["revoked_by"], told["revoked_because"]) == (
            "revoked",
            id_of(admin),
            "left the company",
        )
        assert ask(asked, "POST", "/predict", token, json=HOME).status_code == 401

    def test_the_first_revocation_stands(self, asked: Service) -> None:
        admin, token = asked.token(), asked.token(Scope.VALUE)
        first = ask(asked, "DELETE", f"/v1/keys/{id_of(token)}", admin, params={"reason": "first"})
        again = ask(asked, "DELETE", f"/v1/keys/{id_of(token)}", asked.token(ADMIN), params={"reason": "again"})
        assert (again.status_code, again.json()) == (200, first.json())

    def test_the_last_key_that_may_manage_keys_stays(self, service: Service) -> None:
        admin = service.token()
        answer = ask(service, "DELETE", f"/v1/keys/{id_of(admin)}", admin)
        assert answer.status_code == 409
        assert answer.json()["type"] == "/problems/last-admin-key"
        assert ask(service, "GET", "/v1/keys", admin).status_code == 200

    def test_an_admin_may_revoke_its_own_key_where_another_is_left(self, asked: Service) -> None:
        admin, _ = asked.token(), asked.token(ADMIN)
        assert ask(asked, "DELETE", f"/v1/keys/{id_of(admin)}", admin).status_code == 200
        assert ask(asked, "GET", "/v1/keys", admin).status_code == 401

    @pytest.mark.parametrize(
        ("query", "told"),
        [
            ("raison=lost", {"raison": "is not known here"}),
            ("reason=a&reason=b", {"reason": "must be given only once"}),
            ("Reason", {"Reason": "is not known here"}),
        ],
    )
    def test_a_reason_that_would_be_lost_revokes_nothing(
        self, asked: Service, query: str, told: dict[str, str]
    ) -> None:
        token = asked.token()
        answer = ask(asked, "DELETE", f"/v1/keys/{id_of(token)}?{query}", asked.token())
        assert fields(answer) == told
        assert answer.json()["type"] == "/problems/invalid-parameter"
        assert ask(asked, "GET", "/v1/keys", token).status_code == 200

    def test_a_reason_in_a_body_revokes_nothing(self, asked: Service) -> None:
        token = asked.token()
        answer = ask(asked, "DELETE", f"/v1/keys/{id_of(token)}", asked.token(), json={"reason": "x"})
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed-body")
        assert "?reason=" in answer.json()["detail"]
        assert ask(asked, "GET", "/v1/keys", token).status_code == 200

    @pytest.mark.parametrize("reason", ["x" * 201, "two\nlines"])
    def test_a_reason_that_cannot_be_kept_is_refused(self, asked: Service, reason: str) -> None:
        token = asked.token()
        assert ask(asked, "DELETE", f"/v1/keys/{id_of(token)}", token, params={"reason": reason}).status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/keys"), ("GET", "/v1/keys"), ("POST", "/v1/models/v2/promote"), ("POST", "/v1/models/rollback")],
)
def test_a_key_revoked_by_another_process_leaves_nothing_behind(asked: Service, method: str, path: str) -> None:
    """It may be remembered for seconds, for valuing, but not for making itself another."""
    token = asked.token()
    assert ask(asked, "GET", "/v1/keys", token).status_code == 200
    asked.keys.revoke(id_of(token), asked.clock.now())
    assert ask(asked, method, path, token, json={"label": "x"} if path == "/v1/keys" else {}).status_code == 401


class TestRotate:
    def test_both_keys_open_the_door_for_the_overlap(self, service: Service) -> None:
        admin, old = service.token(), service.token(Scope.VALUE)
        answer = ask(service, "POST", f"/v1/keys/{id_of(old)}/rotate", admin, json={"overlap": "2h"})
        assert answer.status_code == 201
        made = answer.json()
        assert made["replaces"] == {"id": id_of(old), "expires_at": "2026-11-22T14:00:00Z"}
        for token in (old, made["token"]):
            assert ask(service, "POST", "/predict", token, json=HOME).status_code == 200
        service.clock.advance(timedelta(hours=2))
        assert ask(service, "POST", "/predict", old, json=HOME).status_code == 401
        assert ask(service, "POST", "/predict", made["token"], json=HOME).status_code == 200

    def test_without_a_body_the_overlap_is_an_hour(self, asked: Service) -> None:
        old = asked.token(Scope.VALUE)
        made = ask(asked, "POST", f"/v1/keys/{id_of(old)}/rotate", asked.token()).json()
        assert made["replaces"]["expires_at"] == "2026-11-22T13:00:00Z"

    def test_a_second_rotation_is_refused(self, asked: Service) -> None:
        admin, old = asked.token(), asked.token(Scope.VALUE)
        path = f"/v1/keys/{id_of(old)}/rotate"
        assert ask(asked, "POST", path, admin).status_code == 201
        again = ask(asked, "POST", path, admin)
        assert (again.status_code, again.json()["type"]) == (409, "/problems/key-not-active")

    def test_nobody_gets_scopes_by_rotating_the_key_of_another(self, asked: Service) -> None:
        rich = asked.token()
        answer = ask(asked, "POST", f"/v1/keys/{id_of(rich)}/rotate", asked.token(ADMIN))
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/scope-not-held")

    def test_an_admin_gets_no_successor_that_ends_sooner(self, asked: Service) -> None:
        admin = asked.token()
        answer = ask(asked, "POST", f"/v1/keys/{id_of(admin)}/rotate", admin, json={"expires_in": "1m"})
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-key-request")

    def test_bad_fields_are_named(self, asked: Service) -> None:
        old = asked.token()
        body = {"overlap": "-1h", "expires_in": "9999w", "label": "x"}
        answer = ask(asked, "POST", f"/v1/keys/{id_of(old)}/rotate", old, json=body)
        assert fields(answer).keys() == body.keys()


ROUTES = [
    ("GET", "/v1/keys", {}),
    ("POST", "/v1/keys", {"json": {"label": "x"}}),
    ("GET", "/v1/keys/{id}", {}),
    ("DELETE", "/v1/keys/{id}", {}),
    ("POST", "/v1/keys/{id}/rotate", {}),
]


@pytest.mark.parametrize(("method", "path", "more"), ROUTES)
def test_only_keys_that_may_manage_keys_get_in(asked: Service, method: str, path: str, more: dict[str, Any]) -> None:
    poor = asked.token(*(scope for scope in Scope if scope != ADMIN))
    address = path.replace("{id}", id_of(poor))
    assert ask(asked, method, address, poor, **more).status_code == 403
    assert asked.client.request(method, address, **more).status_code == 401


@pytest.mark.parametrize(("method", "path", "more"), ROUTES)
def test_parameters_that_are_not_known_are_refused_once_the_key_is_proven(
    asked: Service, method: str, path: str, more: dict[str, Any]
) -> None:
    token = asked.token()
    address = f"{path.replace('{id}', id_of(token))}?colour=red"
    assert fields(ask(asked, method, address, token, **more)) == {"colour": "is not known here"}
    assert ask(asked, method, address, asked.token(Scope.VALUE), **more).status_code == 403
    assert asked.client.request(method, address, **more).status_code == 401


@pytest.mark.parametrize(("method", "path", "more"), [each for each in ROUTES if "{id}" in each[1]])
def test_a_key_that_is_not_there_is_a_404_whatever_its_id_looks_like(
    asked: Service, method: str, path: str, more: dict[str, Any]
) -> None:
    for key_id in ("Unknown00000", "x", "a%20b", "..%2f..%2fetc", "x" * 300):
        answer = ask(asked, method, path.replace("{id}", key_id), asked.token(), **more)
        assert answer.status_code == 404, key_id


@pytest.mark.parametrize(("method", "path", "more"), [each for each in ROUTES if "{id}" in each[1]])
def test_who_names_a_key_that_is_not_there_is_not_told_where_keys_are_kept(
    tmp_path: Path, method: str, path: str, more: dict[str, Any]
) -> None:
    with Service(tmp_path, keys=CsvKeyStore(tmp_path / "keys.csv")).running() as service:
        answer = ask(service, method, path.replace("{id}", "Unknown00000"), service.token(), **more)
    assert answer.json()["detail"].startswith("There is no key of this id: an id is 12 letters and digits")
    assert "keys.csv" not in answer.text


def test_a_token_in_the_path_is_not_repeated(asked: Service) -> None:
    token = asked.token()
    answer = ask(asked, "GET", f"/v1/keys/{token}", token)
    assert answer.status_code == 404
    secret = Token.parse(token)
    assert secret
    assert secret.secret not in answer.json()["detail"]
    assert secret.secret not in asked.everything_written()
