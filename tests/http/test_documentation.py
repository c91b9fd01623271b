"""OpenAPI says what the service does, and its page needs no internet."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.model_version import LONGEST_REASON
from domain.property import NUMBER_RULES, PROPERTY_FIELDS
from entrypoints.http.schemas import EXAMPLE_PROPERTY
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.models import ANYWHERE, a_card, a_trained_model
from tests.http.service import ERRORS, Service, serving, with_extras

NO_KEY = ("/health", "/metrics")
METHODS = {"get", "put", "post", "delete", "patch"}
ROUTES = {
    ("post", "/predict"),
    ("post", "/predict_batch"),
    ("post", "/v1/valuations"),
    ("post", "/v1/valuations/batch"),
    ("post", "/v1/valuations/what-if"),
    ("get", "/v1/models"),
    ("get", "/v1/models/current"),
    ("get", "/v1/models/{version}"),
    ("post", "/v1/models/{version}/promote"),
    ("post", "/v1/models/rollback"),
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/metrics"),
}


@pytest.fixture(scope="module")
def document(asked: Service) -> dict[str, Any]:
    answer = asked.client.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    document: dict[str, Any] = answer.json()
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield method, path, item[method]


def schema_at(document: dict[str, Any], reference: str) -> dict[str, Any]:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    assert isinstance(found, dict)
    return found


def every_reference(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from every_reference(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from every_reference(inner)


def test_it_is_tasadors_in_a_known_version_of_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "Tasador"
    assert document["info"]["version"]


def test_every_route_is_described(document: dict[str, Any]) -> None:
    assert {(method, path) for method, path, _ in operations(document)} == ROUTES
    tags = {tag["name"] for tag in document["tags"]}
    ids = set()
    for _, path, operation in operations(document):
        assert operation["summary"], path
        assert operation["description"], path
        assert set(operation["tags"]) <= tags, path
        ids.add(operation["operationId"])
    assert len(ids) == len(ROUTES)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = set(every_reference(document))
    assert references
    for reference in references:
        assert schema_at(document, reference)


def test_every_field_is_explained(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema["properties"].items():
            assert described.get("description") or field in {"card", "artifact"}, f"{name}.{field}"


def test_what_needs_a_key_says_so_and_what_needs_none_does_not(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"].keys() == {"X-API-Key", "Bearer"}
    for _, path, operation in operations(document):
        if path.startswith(NO_KEY):
            assert "security" not in operation
            assert "401" not in operation["responses"]
        else:
            assert operation["security"] == [{"X-API-Key": []}, {"Bearer": []}]
            assert {"401", "403", "503"} <= operation["responses"].keys()


def test_every_error_is_described_as_a_problem(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        for status, response in operation["responses"].items():
            if status >= "400" and not path.startswith(NO_KEY):
                content = response["content"]["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/ProblemBody"}, path
                assert content["examples"]
                for example in content["examples"].values():
                    assert example["value"]["status"] == int(status)
                    assert re.fullmatch(path.replace("{version}", r"v\d"), example["value"]["instance"])
        if "requestBody" in operation:
            assert {"400", "413", "415"} <= operation["responses"].keys()


def test_what_takes_no_body_shows_no_bad_fields(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        assert ("400" in operation["responses"]) == ("requestBody" in operation), path


def test_the_scope_that_a_403_names_is_the_one_that_is_needed(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        if "403" in operation["responses"]:
            [example] = operation["responses"]["403"]["content"]["application/problem+json"]["examples"].values()
            scope = example["value"]["detail"].split("'")[1]
            assert f"`{scope}`" in operation["description"], path


def test_the_headers_of_answers_are_described(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        for status, response in operation["responses"].items():
            expected = {"X-Request-ID", "Retry-After"} if status == "503" else {"X-Request-ID"}
            if status == "200" and path.startswith(("/predict", "/v1/valuations")):
                expected.add("X-Model-Version")
            if status == "400" and path.startswith("/predict"):  # a home that is refused
                expected.add("X-Model-Version")
            assert response["headers"].keys() == expected


def test_a_property_says_where_its_further_features_are_listed(document: dict[str, Any]) -> None:
    described = document["components"]["schemas"]["PropertyBody"]["description"]
    assert "`GET /v1/models/current`" in described
    assert "`card.features`" in described
    assert "`models:read`" in described


def test_the_bounds_are_those_of_the_domain(document: dict[str, Any]) -> None:
    for name in ("PropertyBody", "ValuationBody"):
        described = document["components"]["schemas"][name]["properties"]
        for rule in NUMBER_RULES:
            number = described[rule.name]
            assert number["type"] == "number"
            assert number.get("exclusiveMinimum") == rule.above
            assert number.get("minimum") == rule.at_least
            assert number.get("maximum") == rule.at_most
            assert rule.unit in number["description"]


def parameters(document: dict[str, Any], route: str) -> dict[str, dict[str, Any]]:
    """The schemas of the query parameters of a route, by name."""
    described = document["paths"][route]["post"]["parameters"]
    assert all(each["in"] == "query" and each["description"] and not each["required"] for each in described)
    return {each["name"]: each["schema"] for each in described}


def test_the_parameters_of_a_valuation_are_described_with_their_bounds(document: dict[str, Any]) -> None:
    for route in ("/v1/valuations", "/v1/valuations/batch"):
        described = parameters(document, route)
        assert described.keys() == {"level", "explain", "comparables"}
        assert described["explain"]["type"] == "boolean"
        assert (described["comparables"]["minimum"], described["comparables"]["maximum"]) == (0, 50)
    for route in ("/v1/valuations", "/v1/valuations/batch", "/v1/valuations/what-if"):
        level = parameters(document, route)["level"]
        assert (level["exclusiveMinimum"], level["exclusiveMaximum"]) == (0, 1)


def test_that_a_home_may_be_refused_is_described_where_a_number_is_promised(document: dict[str, Any]) -> None:
    for route in ("/predict", "/predict_batch"):
        examples = document["paths"][route]["post"]["responses"]["400"]["content"]["application/problem+json"][
            "examples"
        ]
        problems = {each["value"]["type"]: each["value"] for each in examples.values()}
        assert problems["/problems/refused-property"]["reason"] == "outside_market"
    assert "data[3]" in problems["/problems/refused-property"]["detail"]


def problems(document: dict[str, Any], path: str, status: str) -> list[dict[str, Any]]:
    """The examples of what a route answers with this status."""
    content = document["paths"][path]["post"]["responses"][status]["content"]["application/problem+json"]
    return [example["value"] for example in content["examples"].values()]


def test_that_a_valuation_cannot_be_recorded_is_described_wherever_one_is_given(document: dict[str, Any]) -> None:
    valuing = [path for _, path in ROUTES if path.startswith(("/predict", "/v1/valuations"))]
    assert len(valuing) == 5
    for path in valuing:
        assert [each["type"] for each in problems(document, path, "503")] == [
            "/problems/no-model-served",
            "/problems/log-unavailable",
        ]


@pytest.mark.parametrize(
    ("described", "asked_path"),
    [("/v1/models/{version}/promote", "/v1/models/v1/promote"), ("/v1/models/rollback", "/v1/models/rollback")],
)
def test_a_reason_may_be_left_out_and_its_rule_is_described(
    asked: Service, document: dict[str, Any], described: str, asked_path: str
) -> None:
    operation = document["paths"][described]["post"]
    assert operation["requestBody"]["required"] is False
    reason = document["components"]["schemas"]["PromotionBody"]["properties"]["reason"]
    assert reason["maxLength"] == LONGEST_REASON
    assert "one line" in reason["description"]
    [example] = problems(document, described, "400")
    [bad] = asked.post(asked_path, {"reason": "two\nlines"}).json()["errors"]
    assert example["errors"] == [bad]


def test_the_metrics_are_described_as_text(document: dict[str, Any]) -> None:
    operation = document["paths"]["/metrics"]["get"]
    assert operation["responses"].keys() == {"200"}
    assert operation["responses"]["200"]["content"] == {"text/plain": {"schema": {"type": "string"}}}


def test_that_a_list_of_models_reads_no_bytes_is_said(document: dict[str, Any]) -> None:
    assert "`tasador models verify`" in document["paths"]["/v1/models"]["get"]["description"]


def further(service: Service) -> dict[str, dict[str, Any]]:
    """What the document that is served now says of fields that every model does not have, by schema."""
    schemas = service.client.get("/openapi.json").json()["components"]["schemas"]
    shared = {*PROPERTY_FIELDS, "client_ref", "valuation_date"}
    return {
        name: {field: told for field, told in schemas[name]["properties"].items() if field not in shared}
        for name in ("PropertyBody", "ValuationBody", "PropertyChanges")
    }


def test_the_further_features_of_the_served_model_are_among_the_fields_of_a_property(tmp_path: Path) -> None:
    models = with_extras()
    models.store(a_trained_model(), a_card())
    with Service(tmp_path, models=models).running() as service:
        for told in further(service).values():
            assert told.keys() == {"year_built", "heating"}
            assert told["year_built"]["type"] == ["number", "null"]
            assert told["heating"]["type"] == ["string", "null"]
            assert "urther feature of the served model" in told["heating"]["description"]
        service.client.post("/v1/models/v2/promote", headers=service.key())
        assert list(further(service).values()) == [{}, {}, {}]
        service.client.post("/v1/models/rollback", headers=service.key())
        assert {tuple(told) for told in further(service).values()} == {("year_built", "heating")}


def test_the_document_is_there_without_a_model(tmp_path: Path) -> None:
    with Service(tmp_path, models=InMemoryModelRepository()).running() as service:
        assert list(further(service).values()) == [{}, {}, {}]


def test_without_a_key_nothing_is_told_of_a_model_but_the_names_of_its_features(tmp_path: Path) -> None:
    with Service(tmp_path / "a", models=with_extras()).running() as service:
        told = service.client.get("/openapi.json").json()
        for name in further(service):
            for field in ("year_built", "heating"):
                del told["components"]["schemas"][name]["properties"][field]
    with Service(tmp_path / "b", models=InMemoryModelRepository()).running() as service:
        assert service.client.get("/openapi.json").json() == told


def example_of(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """The example that a documentation page puts together from the examples of the fields."""
    if "$ref" in schema:
        return example_of(document, schema_at(document, schema["$ref"]))
    if "allOf" in schema:
        return example_of(document, schema["allOf"][0])
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("type") == "array":
        return [example_of(document, schema["items"])]
    return {
        name: example_of(document, inner) for name, inner in schema["properties"].items() if name in schema["required"]
    }


@pytest.fixture(scope="module")
def anywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose market is everywhere, so that the home of the examples is in it."""
    models = serving(a_trained_model(log_ratios=ERRORS, extent=ANYWHERE))
    with Service(tmp_path_factory.mktemp("anywhere"), models=models).running() as service:
        yield service


@pytest.mark.parametrize("route", sorted(path for method, path in ROUTES if "predict" in path or "valuations" in path))
def test_the_example_that_is_shown_is_answered(anywhere: Service, document: dict[str, Any], route: str) -> None:
    body = document["paths"][route]["post"]["requestBody"]
    assert body["required"] is True
    example = example_of(document, body["content"]["application/json"]["schema"])
    homes = [example, *example.get("data", []), *example.get("properties", []), example.get("property")]
    assert EXAMPLE_PROPERTY in homes
    answer = anywhere.post(route, example)
    assert answer.status_code == 200
    assert "refused" not in answer.text


def test_the_example_of_a_what_if_changes_something(anywhere: Service, document: dict[str, Any]) -> None:
    example = example_of(document, document["components"]["schemas"]["WhatIfBody"])
    assert example["changes"]
    assert anywhere.post("/v1/valuations/what-if", example).json()["effects"]


def test_the_page_names_nothing_outside_the_service(asked: Service) -> None:
    page = asked.client.get("/docs")
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(parts) == 4
    for part in parts:
        assert part.startswith("/docs/")
        answer = asked.client.get(part)
        assert answer.status_code == 200
        assert answer.content
    assert "/openapi.json" in asked.client.get("/docs/start.js").text


@pytest.mark.parametrize("name", ["../app.py", "%2e%2e%2fapp.py", "swagger-editor.js", "LICENSE"])
def test_nothing_else_is_handed_out(asked: Service, name: str) -> None:
    assert asked.client.get(f"/docs/{name}").status_code == 404


def test_the_start_page_leads_to_the_documentation(asked: Service) -> None:
    answer = asked.client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (307, "/docs")


def test_the_document_is_the_same_each_time(asked: Service, document: dict[str, Any]) -> None:
    assert msgspec.json.decode(asked.client.get("/openapi.json").content) == document
