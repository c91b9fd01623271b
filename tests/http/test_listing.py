"""Valuations on record are listed, newest first, and searched."""

import pytest

from domain.api_key import Scope
from domain.errors import ValuationLogUnavailable
from tests.fakes.fixed_clock import NOON
from tests.fakes.records import a_record
from tests.http.service import FAR_AWAY, HOME, Service, fields

PATH = "/v1/valuations"


def test_a_listed_valuation_tells_what_was_answered_in_short(service: Service) -> None:
    service.valuations.forget()
    key = service.key()
    asked = [HOME | {"client_ref": "file 7"}, FAR_AWAY]
    answers = [service.client.post(PATH, json=each, headers=key).json() for each in asked]
    page = service.client.get(PATH, headers=key).json()
    assert (page["next"], page["searched_back_to"], page["unreadable"]) == (None, None, 0)
    for shown, answer, home in zip(reversed(page["valuations"]), answers, asked, strict=True):
        own = {
            "recorded_at": "2026-11-22T12:00:00Z",
            "key_id": key["X-API-Key"].split("_")[1],
            "type": home["type"],
            "sector": home["sector"],
            "net_usable_area": home["net_usable_area"],
            "model_version": answer["model"]["version"],
        }
        assert shown == own | {name: answer[name] for name in shown.keys() - own.keys()}
        assert {"valuation_id", "client_ref", "status", "reason", "value", "value_low", "fsd"} <= shown.keys()


def test_pages_are_followed_by_next_while_others_value(service: Service) -> None:
    service.valuations.forget()
    key = service.key(Scope.AUDIT_READ)
    service.valuations.record([a_record(f"id-{number}", at=NOON) for number in range(5)])
    found, cursor = [], ""
    while cursor is not None:
        page = service.client.get(f"{PATH}?limit=2{cursor and f'&before={cursor}'}", headers=key).json()
        found += [each["valuation_id"] for each in page["valuations"]]
        service.post(PATH, HOME)
        cursor = page["next"]
    assert found == [f"id-{number}" for number in range(4, -1, -1)]
    assert [each["status"] for each in service.client.get(f"{PATH}?search=ID-3", headers=key).json()["valuations"]] == [
        "valued"
    ]
    refused = service.client.get(f"{PATH}?status=refused&until=2026-11-23", headers=key)
    assert refused.json()["valuations"] == []


def test_a_key_sees_its_own_and_those_before_it_without_their_key(service: Service) -> None:
    service.valuations.forget()
    owner = service.token(Scope.VALUE)
    made = service.client.post(PATH, json=HOME, headers={"X-API-Key": owner}).json()["valuation_id"]
    rotated = service.post(f"/v1/keys/{owner.split('_')[1]}/rotate", {}).json()["token"]
    told = {}
    for name, token in (("owner", owner), ("rotated", rotated), ("auditor", service.token(Scope.AUDIT_READ))):
        [shown] = service.client.get(PATH, headers={"X-API-Key": token}).json()["valuations"]
        assert shown["valuation_id"] == made
        told[name] = shown.get("key_id")
    assert told == {"owner": owner.split("_")[1], "rotated": None, "auditor": owner.split("_")[1]}
    assert service.client.get(PATH, headers=service.key(Scope.VALUE)).json()["valuations"] == []
    assert service.client.get(PATH, headers=service.key(Scope.MONITOR_READ)).status_code == 403


LIMIT = "must be a whole number from 1 to 200"
CURSOR = "must be `next` of an earlier answer, as it was"
TEXT = "must be one line of 1 to 100 printable characters"
MOMENT = "must be a day like 2026-11-22, or a time like 2026-11-22T09:30:00Z"


@pytest.mark.parametrize(
    ("query", "bad"),
    [
        ("limit=0&before=x&status=sold&search=%00&client_ref=&since=never&until=2026-13-01",
         {"limit": LIMIT, "before": CURSOR, "status": "must be valued or refused", "search": TEXT, "client_ref": TEXT,
          "since": MOMENT, "until": MOMENT}),
        ("limit=201", {"limit": LIMIT}),
        ("limit=%C2%B2", {"limit": LIMIT}),
        ("limit=1e1", {"limit": LIMIT}),
        (f"search={'x' * 101}", {"search": TEXT}),
        ("before=WyIyMDI2LTExLTIyIl0", {"before": CURSOR}),
        (f"before={'A' * 500}", {"before": CURSOR}),
        ("since=2026-11-22&until=2026-11-22", {"since": "must lie before until, which is 2026-11-22T00:00:00+00:00"}),
        ("colour=red", {"colour": "is not known here"}),
    ],
)  # fmt: skip
def test_every_bad_parameter_is_named(asked: Service, query: str, bad: dict[str, str]) -> None:
    assert fields(asked.client.get(f"{PATH}?{query}", headers=asked.key())) == bad


def test_a_record_out_of_reach_is_a_503(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise ValuationLogUnavailable("The folder /srv/records cannot be read.")

    monkeypatch.setattr(service.valuations, "recent", down)
    answer = service.client.get(PATH, headers=service.key())
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/log-unavailable")
    assert "/srv" not in answer.text
