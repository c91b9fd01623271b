"""A valuation is shown as it was answered, with what it was sold for and what valuers hold instead."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from application.record_outcomes import ToldOutcome
from domain.api_key import Scope
from domain.errors import InvalidFollowUp, KeyStoreUnavailable
from domain.follow_up import Outcome, ValuerOverride
from entrypoints.http.follow_up_bodies import read_outcomes
from tests.fakes.fixed_clock import NOON
from tests.fakes.records import a_record
from tests.http.service import FAR_AWAY, HOME, Service, fields

SOLD = "2026-11-21"


def valued(service: Service, key: dict[str, str] | None = None, query: str = "", **more: object) -> dict[str, Any]:
    """A valuation that was answered."""
    answer = service.client.post(f"/v1/valuations{query}", json=HOME | more, headers=key or service.key())
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def told(valuation_id: str, price: float = 187_000.0, sold_on: str = SOLD) -> dict[str, Any]:
    return {"valuation_id": valuation_id, "price": price, "sold_on": sold_on}


class TestAValuationOnRecord:
    @pytest.mark.parametrize(
        ("query", "more"),
        [
            ("", {}),
            ("?explain=true&comparables=3&level=0.8", {"client_ref": "file 7", "valuation_date": "2025-02-28"}),
            ("", FAR_AWAY),
            ("", {"pool": True, "sector": "Vitacura"}),
        ],
    )
    def test_is_shown_to_the_last_digit_as_it_was_answered(
        self, asked: Service, query: str, more: dict[str, Any]
    ) -> None:
        key = asked.key(Scope.VALUE)
        answered = valued(asked, key, query, **more)
        shown = asked.client.get(f"/v1/valuations/{answered['valuation_id']}", headers=key)
        assert shown.headers["X-Model-Version"] == "v1"
        assert {name: shown.json()[name] for name in answered} == answered
        assert ("explanation" in shown.json()) == bool(query)

    def test_comes_with_what_was_asked_by_whom_and_of_which_model(self, asked: Service) -> None:
        key = asked.key()
        answered = valued(
            asked, key | {"X-Request-ID": "visit-7"}, "?level=0.8", pool=True, valuation_date="2026-02-28"
        )
        shown = asked.client.get(f"/v1/valuations/{answered['valuation_id']}", headers=key).json()
        assert shown.pop("latency_ms") > 0
        own = {name: shown[name] for name in shown.keys() - answered.keys()}
        assert own == {
            "recorded_at": "2026-11-22T12:00:00Z",
            "request_id": "visit-7",
            "key_id": key["X-API-Key"].split("_")[1],
            "property": HOME | {"pool": "true"},
            "asked": {"valuation_date": "2026-02-28", "level": 0.8},
            "schema_version": 2,
            "artifact_sha256": asked.models.describe("v1").artifact.sha256,
            "coordinate_decimals": None,
            "outcomes": [],
            "overrides": [],
        }

    def test_is_for_who_asked_for_it_for_the_key_in_its_place_and_for_auditors(self, service: Service) -> None:
        owner = service.token(Scope.VALUE)
        path = f"/v1/valuations/{valued(service, {'X-API-Key': owner})['valuation_id']}"
        rotated = service.post(f"/v1/keys/{owner.split('_')[1]}/rotate", {}).json()["token"]
        for token, status in ((owner, 200), (rotated, 200), (service.token(Scope.AUDIT_READ), 200)):
            assert service.client.get(path, headers={"X-API-Key": token}).status_code == status
        strange = service.client.get(path, headers=service.key(Scope.VALUE, Scope.OUTCOMES_WRITE))
        assert (strange.status_code, strange.json()["type"]) == (404, "/problems/valuation-not-found")
        assert "audit:read" in strange.json()["detail"]
        assert service.client.get(path, headers=service.key(Scope.MONITOR_READ)).status_code == 403

    def test_of_an_earlier_tasador_names_the_model_alone(self, service: Service) -> None:
        service.valuations.record([a_record("old")])
        shown = service.client.get("/v1/valuations/old", headers=service.key(Scope.AUDIT_READ)).json()
        assert shown["model"] == {"version": "v1", "recipe": None, "trained_at": None}

    def test_holds_what_was_said_of_it_since(self, service: Service) -> None:
        made, key = valued(service)["valuation_id"], service.key()
        for price in (1.5, 2.5):
            assert service.post("/v1/outcomes", told(made, price), key).status_code == 200
        override = {"value": 5.5, "reason": "roof\nand walls", "valuer": "M. Rojas"}
        assert service.post(f"/v1/valuations/{made}/override", override, key).status_code == 200
        shown = service.client.get(f"/v1/valuations/{made}", headers=service.key()).json()
        assert [each["price"] for each in shown["outcomes"]] == [1.5, 2.5]
        [overridden] = shown["overrides"]
        assert {name: overridden[name] for name in override} == override
        assert overridden["key_id"] == key["X-API-Key"].split("_")[1]
        assert overridden["recorded_at"] == "2026-11-22T12:00:00Z"

    def test_cannot_be_shown_where_the_record_or_the_keys_cannot_be_read(
        self, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path, other = f"/v1/valuations/{valued(service)['valuation_id']}", service.key(Scope.VALUE)
        assert service.client.get(path, headers=other).status_code == 404

        def down(*_: object) -> None:
            raise KeyStoreUnavailable("The key database at keys.internal:5432 does not answer: start it.")

        monkeypatch.setattr(service.keys, "find", down)
        answer = service.client.get(path, headers=other)
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/keys-unavailable")
        assert "keys.internal" not in answer.text


class TestOutcomes:
    def test_are_recorded_with_who_told_them(self, service: Service) -> None:
        made, key = valued(service)["valuation_id"], service.key(Scope.OUTCOMES_WRITE) | {"X-Request-ID": "visit-9"}
        answer = service.client.post("/v1/outcomes", json=told(made), headers=key)
        receipt = told(made) | {"status": "recorded", "tests_value": False}
        assert answer.json() == {"recorded": 1, "already_known": 0, "not_recorded": 0, "outcomes": [receipt]}
        [outcome] = service.valuations.follow_ups(made)
        assert isinstance(outcome, Outcome)
        assert (outcome.key_id, outcome.request_id) == (key["X-API-Key"].split("_")[1], "visit-9")
        assert service.client.post("/v1/outcomes", json=told(made), headers=key).json()["already_known"] == 1
        assert len(list(service.valuations.follow_ups())) == 1

    def test_of_a_list_never_fail_the_others(self, service: Service) -> None:
        made = valued(service)["valuation_id"]
        rows = [told("x"), told(made), [], {}, told(made, -1.0), told(made) | {"colour": 1}, told(made, 2.0)]
        answer = service.post("/v1/outcomes", {"outcomes": rows}).json()
        assert (answer["recorded"], answer["already_known"], answer["not_recorded"]) == (2, 0, 5)
        bad = {place: [each["field"] for each in row.get("errors", ())] for place, row in enumerate(answer["outcomes"])}
        assert bad == {
            0: ["outcomes[0].valuation_id"],
            1: [],
            2: ["outcomes[2]"],
            3: ["outcomes[3].valuation_id", "outcomes[3].price", "outcomes[3].sold_on"],
            4: ["outcomes[4].price"],
            5: ["outcomes[5].colour"],
            6: [],
        }

    def test_may_be_none(self, asked: Service) -> None:
        answer = asked.post("/v1/outcomes", {"outcomes": []})
        assert answer.json() == {"recorded": 0, "already_known": 0, "not_recorded": 0, "outcomes": []}

    def test_of_no_known_valuation_are_a_404(self, asked: Service) -> None:
        answer = asked.post("/v1/outcomes", told("x"))
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/valuation-not-found")
        assert answer.json()["detail"] == "No valuation of this id is on record."

    @pytest.mark.parametrize(
        ("change", "bad"),
        [
            ({"price": "5"}, {"price": "must be a number, not text"}),
            ({"price": True}, {"price": "must be a number, not true or false"}),
            ({"price": 0}, {"price": "must be a number from 0.01 to 1e+15"}),
            ({"price": 10**400}, {"price": "must be a number from 0.01 to 1e+15"}),
            ({"sold_on": "yesterday"}, {"sold_on": "must be a date like 2026-11-22"}),
            ({"sold_on": None}, {"sold_on": "must be a date like 2026-11-22"}),
            ({"sold_on": "2026-11-24"}, {"sold_on": "must not lie in the future"}),
            (
                {"price": 0, "sold_on": "2026-11-24"},
                {"price": "must be a number from 0.01 to 1e+15", "sold_on": "must not lie in the future"},
            ),
            (
                {"price": "5", "sold_on": "1899-12-31"},
                {"price": "must be a number, not text", "sold_on": "must not lie before 1900-01-01"},
            ),
            ({"valuation_id": 5}, {"valuation_id": "must be text, not a number"}),
            ({"valuation_id": "x" * 101}, {"valuation_id": "must have at most 100 characters"}),
            ({"colour": 1, "price": None}, {"colour": "is not known here", "price": "must be a number, not null"}),
            (
                {"outcomes": [], "colour": 1},
                {"colour": "is not known here", "outcomes": "send either one outcome or `outcomes`, not both"},
            ),
        ],
    )
    def test_that_cannot_be_are_told_field_by_field(
        self, asked: Service, change: dict[str, Any], bad: dict[str, str]
    ) -> None:
        body = json.dumps(told("x") | change).encode()
        assert fields(asked.post_bytes("/v1/outcomes", body)) == bad

    def test_are_at_most_so_many(self) -> None:
        rows: list[object] = [told("x")] * 5000
        with pytest.raises(InvalidFollowUp, match="outcomes: must be a list of outcomes, not a number"):
            read_outcomes({"outcomes": 5}, NOON)
        assert read_outcomes({"outcomes": rows}, NOON) == [ToldOutcome("x", 187_000.0, date(2026, 11, 21))] * 5000
        with pytest.raises(InvalidFollowUp, match="must hold at most 5000 outcomes, not 5001"):
            read_outcomes({"outcomes": [*rows, {}]}, NOON)

    @pytest.mark.parametrize("may_lose_records", [False, True])
    def test_are_never_dropped_silently(self, tmp_path: Path, *, may_lose_records: bool) -> None:
        with Service(tmp_path, may_lose_records=may_lose_records).running() as service:
            made = valued(service)["valuation_id"]
            service.valuations.full = True
            override = {"value": 5, "reason": "r", "valuer": "v"}
            for path, body in (
                ("/v1/outcomes", told(made)),
                ("/v1/outcomes", {"outcomes": [told(made)]}),
                (f"/v1/valuations/{made}/override", override),
            ):
                answer = service.post(path, body)
                assert (answer.status_code, answer.json()["type"]) == (503, "/problems/log-unavailable")
                assert answer.headers["Retry-After"]
            service.valuations.full = False
            assert list(service.valuations.follow_ups()) == []
            assert service.post("/v1/outcomes", told(made)).json()["recorded"] == 1


class TestAnOverride:
    def test_is_recorded_of_any_valuation_by_who_may_write_outcomes(self, service: Service) -> None:
        made, key = valued(service)["valuation_id"], service.key(Scope.OUTCOMES_WRITE)
        body = {"value": 171_000, "reason": " roof ", "valuer": "M. Rojas"}
        path = f"/v1/valuations/{made}/override"
        first, again = (service.client.post(path, json=body, headers=key).json() for _ in range(2))
        assert (first["status"], again["status"]) == ("recorded", "already_known")
        assert (first["valuation_id"], first["value"], first["reason"]) == (made, 171_000.0, "roof")
        [override] = service.valuations.follow_ups(made)
        assert isinstance(override, ValuerOverride)
        assert override.key_id == key["X-API-Key"].split("_")[1]

    @pytest.mark.parametrize(
        ("body", "bad"),
        [
            ({}, {"value": "is missing", "reason": "is missing", "valuer": "is missing"}),
            (
                {"value": "1", "reason": 1, "valuer": ["x"]},
                {
                    "value": "must be a number, not text",
                    "reason": "must be text, not a number",
                    "valuer": "must be text, not a list",
                },
            ),
            (
                {"value": -1, "reason": " ", "valuer": "x" * 201},
                {
                    "value": "must be a number from 0.01 to 1e+15",
                    "reason": "must not be empty",
                    "valuer": "must have at most 200 characters",
                },
            ),
            (
                {"value": 1, "reason": "a\x00b", "valuer": "v", "by": "me"},
                {"by": "is not known here", "reason": "must not hold control characters"},
            ),
        ],
    )
    def test_that_cannot_be_is_told_field_by_field(
        self, asked: Service, body: dict[str, Any], bad: dict[str, str]
    ) -> None:
        made = valued(asked)["valuation_id"]
        assert fields(asked.post(f"/v1/valuations/{made}/override", body)) == bad

    def test_of_no_known_valuation_is_a_404(self, asked: Service) -> None:
        answer = asked.post("/v1/valuations/x/override", {"value": 1, "reason": "r", "valuer": "v"})
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/valuation-not-found")
        assert answer.json()["detail"] == "No valuation of this id is on record."


@pytest.mark.parametrize("path", ["/v1/outcomes", "/v1/valuations/x/override"])
@pytest.mark.parametrize("body", [b"", b"[]", b"3", b"null", b'"x"', b"{"])
def test_a_body_that_is_no_object_is_malformed(asked: Service, path: str, body: bytes) -> None:
    answer = asked.post_bytes(path, body)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed-body")


def test_coordinates_are_rounded_on_record_and_exact_in_the_answer(tmp_path: Path) -> None:
    with Service(tmp_path, coordinate_decimals=1).running() as service:
        answered = valued(service, query="?comparables=2")
        shown = service.client.get(f"/v1/valuations/{answered['valuation_id']}", headers=service.key()).json()
    assert (shown["property"]["latitude"], shown["coordinate_decimals"]) == (-33.5, 1)
    comparables = [[each["latitude"] for each in told["comparables"]] for told in (answered, shown)]
    assert [round(each, 1) for each in comparables[0]] == comparables[1] != comparables[0]
    assert shown["value"] == answered["value"]
