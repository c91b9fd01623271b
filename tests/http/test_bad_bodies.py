"""Bodies that cannot be used: each gets one clear answer that names every bad field, and never a 5xx."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrypoints.http.bodies import MOST_PROBLEMS
from tests.http.service import HOME, Service, fields

NUMBERS_ALONE = ("/predict", "/predict_batch")
WHAT_IF = "/v1/valuations/what-if"
BATCH = "/v1/valuations/batch"
ROUTES = (*NUMBERS_ALONE, "/v1/valuations", WHAT_IF, BATCH)
ALL_OR_NOTHING = tuple(route for route in ROUTES if route != BATCH)


def wrapped(route: str, home: object) -> object:
    """The body that asks this route about a home."""
    if route == WHAT_IF:
        return {"property": home, "changes": {}}
    return {"data": [home]} if route == "/predict_batch" else home


def bare(field: str) -> str:
    """The name of a field without the part of the body that it is in."""
    return field.removeprefix("data[0].").removeprefix("property.")


def test_every_bad_field_is_named_at_once(asked: Service) -> None:
    home = {
        "type": "",
        "net_usable_area": "80",
        "net_area": -1,
        "n_rooms": True,
        "n_bathroom": None,
        "latitude": 91,
        "longitude": [],
        "photos": ["a.jpg"],
    }
    answer = asked.post("/predict", home)
    assert fields(answer) == {
        "type": "must not be empty",
        "sector": "is missing",
        "net_usable_area": "must be a number, not text",
        "net_area": "must be greater than 0",
        "n_rooms": "must be a number, not true or false",
        "n_bathroom": "must be a number, not null",
        "latitude": "must be at most 90",
        "longitude": "must be a number, not a list",
        "photos": "must be a number, text or null, not a list",
    }
    problem = answer.json()
    assert (problem["type"], problem["status"], problem["instance"]) == ("/problems/invalid-property", 400, "/predict")
    assert problem["title"]
    assert "9 fields" in problem["detail"]


def test_one_bad_field_is_told_in_the_detail_too(asked: Service) -> None:
    assert asked.post("/predict", {**HOME, "net_area": 0}).json()["detail"] == "net_area: must be greater than 0"


@pytest.mark.parametrize("field", sorted(HOME))
@pytest.mark.parametrize("route", ALL_OR_NOTHING)
def test_a_missing_field_is_named(asked: Service, route: str, field: str) -> None:
    home = {name: value for name, value in HOME.items() if name != field}
    [(named, message)] = fields(asked.post(route, wrapped(route, home))).items()
    assert bare(named) == field
    assert message == "is missing"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("net_area", "85"),
        ("net_area", True),
        ("net_area", 0),
        ("net_area", 10**400),
        ("net_area", -(10**3000)),
        ("net_usable_area", -3.5),
        ("n_rooms", -1),
        ("latitude", -90.001),
        ("longitude", 180.5),
        ("type", 7),
        ("type", "   "),
        ("type", "x" * 201),
        ("sector", "x" * 3000),
        ("sector", "a\x00b"),
        ("sector", "a\nb"),
        ("sector", {"name": "Ñuñoa"}),
        ("garden", {"area": 3}),
        ("parking", [1, 2]),
        ("floor", 10**400),
    ],
    ids=lambda part: str(part)[:20],
)
@pytest.mark.parametrize("route", ALL_OR_NOTHING)
def test_a_bad_field_is_named(asked: Service, route: str, field: str, value: object) -> None:
    answer = asked.post(route, wrapped(route, {**HOME, field: value}))
    [named] = fields(answer)
    assert bare(named) == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("client_ref", 7),
        ("client_ref", "x" * 101),
        ("client_ref", "a\r\nb"),
        ("valuation_date", "22-11-2026"),
        ("valuation_date", "1850-01-01"),
        ("valuation_date", "2201-01-01"),
        ("valuation_date", "2026-02-30"),
        ("valuation_date", "20261122"),
        ("valuation_date", 20261122),
        ("valuation_date", ""),
    ],
)
def test_a_bad_reference_or_day_is_named_together_with_the_others(asked: Service, field: str, value: object) -> None:
    assert set(fields(asked.post("/v1/valuations", {**HOME, field: value}))) == {field}
    assert set(fields(asked.post("/v1/valuations", {**HOME, field: value, "n_rooms": -1}))) == {field, "n_rooms"}


def test_a_bad_row_of_a_batch_is_named_by_its_place(asked: Service) -> None:
    rows = [HOME, {**HOME, "net_area": 0, "type": None}, 3, HOME, {}]
    named = fields(asked.post("/predict_batch", {"data": rows}))
    assert set(named) == {"data[1].type", "data[1].net_area", "data[2]"} | {f"data[4].{field}" for field in HOME}


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": HOME}, {"data": 3}, HOME])
def test_a_batch_without_a_list_is_told_so(asked: Service, body: object) -> None:
    assert set(fields(asked.post("/predict_batch", body))) == {"data"}


def test_a_batch_of_rubbish_does_not_make_an_endless_answer(asked: Service) -> None:
    answer = asked.post("/predict_batch", {"data": [{}] * 3000})
    assert len(fields(answer)) == MOST_PROBLEMS
    assert str(MOST_PROBLEMS) in answer.json()["detail"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"3",
        b'"text"',
        b"[]",
        b"true",
        b"{",
        b"{'type': 'casa'}",
        b"not json",
        b"\xef\xbb\xbf",
        b"\xff\xfe{\x00}\x00",
        b'{"type": "\xff"}',
        b'{"type": "\\ud800"}',
        b'{"type": "\\ud800 and more text behind it"}',
        b'{"\\udfff": 1}',
        b'{"net_area": NaN}',
        b'{"net_area": -Infinity}',
        b'{"net_area": 1e999}',
        b'{"net_area": 1,}',
        b'{"net_area": 01}',
        b"{} {}",
        b"[" * 4000,
        b'{"a":' * 800,
        b'{"type": ' + b"[" * 2000 + b"]" * 2000 + b"}",
    ],
)
@pytest.mark.parametrize("route", ROUTES)
def test_what_is_no_json_object_is_refused_as_a_whole(asked: Service, route: str, content: bytes) -> None:
    answer = asked.post_bytes(route, content)
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/malformed-body"
    assert answer.json()["detail"]


EMPTY = "The body is empty: send a property as JSON."
NO_NAN = "The body cannot be read as JSON: JSON has no NaN or Infinity, send null where a number is unknown."
TOO_LARGE = "The body holds a number that is too large for JSON's usual numbers."


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"", EMPTY),
        (b" \n", EMPTY),
        (b"\xef\xbb\xbf", EMPTY),
        (b"null", "The body must be a JSON object, not null."),
        (b'{"net_area": NaN}', NO_NAN),
        (b'{"net_area": nan}', NO_NAN),
        (b'{"net_area": Infinity}', NO_NAN),
        (b'{"type": "NaN", "net_area": -Infinity}', NO_NAN),
        (b'{"type": "NaN",}', "The body cannot be read as JSON: trailing comma in object (byte 15)."),
        (b'{"net_area": 1e999}', TOO_LARGE),
        (b'{"data": [{"net_area": -1e999}]}', TOO_LARGE),
    ],
)
@pytest.mark.parametrize("route", ROUTES)
def test_what_is_wrong_with_a_body_as_a_whole_is_told_in_plain_words(
    asked: Service, route: str, content: bytes, detail: str
) -> None:
    assert asked.post_bytes(route, content).json()["detail"] == detail


def test_a_byte_order_mark_does_no_harm(asked: Service) -> None:
    assert asked.post_bytes("/predict", b"\xef\xbb\xbf" + json.dumps(HOME).encode()).text == "160000.0"


def test_of_a_field_given_twice_the_last_counts(asked: Service) -> None:
    body = json.dumps(HOME)[:-1] + ', "net_usable_area": 50}'
    assert asked.post_bytes("/predict", body.encode()).text == "100000.0"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": ""},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "; ;"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
@pytest.mark.parametrize("route", ROUTES)
def test_a_body_that_is_not_sent_as_json_is_a_415(asked: Service, route: str, headers: dict[str, str]) -> None:
    answer = asked.client.post(route, content=json.dumps(HOME).encode(), headers=asked.key() | headers)
    assert answer.status_code == 415
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"].startswith("Send the body as ")


@pytest.mark.parametrize(
    ("route", "kib"), [("/predict", 4), ("/v1/valuations", 4), (WHAT_IF, 4), ("/predict_batch", 16), (BATCH, 16)]
)
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_large_is_a_413_that_tells_the_limit(
    asked: Service,
    route: str,
    kib: int,
    announced: bool,
) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(kib + 1):
            yield b" " * 1024

    body: Any = b" " * (kib * 1024 + 1) if announced else chunks()
    answer = asked.post_bytes(route, body)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert f"{kib} KiB" in answer.json()["detail"]


def test_a_body_just_within_the_limit_is_read(asked: Service) -> None:
    body = json.dumps(HOME).encode()
    assert asked.post_bytes("/predict", body + b" " * (4 * 1024 - len(body))).status_code == 200


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300, max_value=10**320)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from([*HOME, "data", "client_ref", "valuation_date", "price", "floor"])
HOMES = st.builds(
    lambda changes: HOME | changes, st.dictionaries(FIELDS | st.text(max_size=8), JSON_VALUES, max_size=4)
)
ROWS = st.lists(HOMES | JSON_VALUES, max_size=3)
BODIES = (
    JSON_VALUES
    | HOMES
    | st.builds(lambda name, rows: {name: rows}, st.sampled_from(["data", "properties"]), ROWS)
    | st.fixed_dictionaries({"property": HOMES | JSON_VALUES, "changes": HOMES | JSON_VALUES})
)


@given(body=BODIES)
@settings(max_examples=60)
def test_no_json_whatsoever_is_a_fault_of_the_server(asked: Service, key: dict[str, str], body: object) -> None:
    content = json.dumps(body).encode("utf-8")
    for route in ROUTES:
        answer = asked.client.post(route, content=content, headers=key | {"Content-Type": "application/json"})
        assert answer.status_code in {200, 400, 413}, route
        if answer.status_code == 400:
            assert answer.json()["detail"], route


@given(content=st.binary(max_size=200))
@settings(max_examples=60)
def test_no_bytes_whatsoever_are_a_fault_of_the_server(asked: Service, key: dict[str, str], content: bytes) -> None:
    for route in ROUTES:
        answer = asked.client.post(route, content=content, headers=key | {"Content-Type": "application/json"})
        assert answer.status_code == 400, route


@pytest.fixture(scope="module")
def key(asked: Service) -> dict[str, str]:
    """One key for many requests."""
    return asked.key()
