"""OpenAPI says what the service does, and its page needs no internet."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.api_key import Scope
from domain.property import NUMBER_RULES, PROPERTY_FIELDS
from domain.reason import LONGEST_REASON
from entrypoints.http.cors import cors_config
from entrypoints.http.schemas import EXAMPLE_PROPERTY, ProblemBody
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.models import ANYWHERE, a_card, a_trained_model
from tests.http.service import ERRORS, HOME, Service, serving, with_extras
from tests.http.test_every_answer import REQUESTS

NO_KEY = ("/health", "/metrics")
LIMITS = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy", "RateLimit"}
OF_STATUS = {"401": {"WWW-Authenticate"}, "429": {"Retry-After"}, "503": {"Retry-After"}}
METHODS = {"get", "put", "post", "delete", "patch"}
ROUTES = {
    ("post", "/predict"),
    ("post", "/predict_batch"),
    ("get", "/v1/valuations"),
    ("post", "/v1/valuations"),
    ("post", "/v1/valuations/batch"),
    ("post", "/v1/valuations/what-if"),
    ("get", "/v1/valuations/{valuation_id}"),
    ("post", "/v1/valuations/{valuation_id}/override"),
    ("post", "/v1/outcomes"),
    ("get", "/v1/models"),
    ("get", "/v1/models/current"),
    ("get", "/v1/models/{version}"),
    ("get", "/v1/models/current/evaluation"),
    ("get", "/v1/models/{version}/evaluation"),
    ("post", "/v1/models/{version}/promote"),
    ("post", "/v1/models/rollback"),
    ("get", "/v1/monitoring/drift"),
    ("get", "/v1/monitoring/coverage"),
    ("get", "/v1/market"),
    ("get", "/v1/market/sales"),
    ("get", "/v1/keys"),
    ("get", "/v1/keys/current"),
    ("post", "/v1/keys"),
    ("get", "/v1/keys/{key_id}"),
    ("delete", "/v1/keys/{key_id}"),
    ("post", "/v1/keys/{key_id}/rotate"),
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/metrics"),
}


GIVEN = ("/predict", "/predict_batch", "/v1/valuations", "/v1/valuations/batch", "/v1/valuations/what-if")
"""Where values are given."""


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


def scopes_of(operation: dict[str, Any]) -> list[str]:
    """The scopes any of which is enough."""
    return [scope for each in operation["security"] for scope in each.get("X-API-Key", ())]


def schema_at(document: dict[str, Any], reference: str) -> dict[str, Any]:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    assert isinstance(found, dict)
    return found


def answers(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What an operation may answer, by status."""
    return {
        status: schema_at(document, answer["$ref"]) if "$ref" in answer else answer
        for status, answer in operation["responses"].items()
    }


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
        for field, described in schema.get("properties", {}).items():
            assert described.get("description") or field in {"card", "artifact"}, f"{name}.{field}"


def test_every_schema_is_explained_by_itself_and_not_by_its_first_use(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []
    assert schemas["ShareAnswer"]["description"] == "A share, with Wilson's interval."


def test_what_needs_a_key_says_so_and_what_needs_none_does_not(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"].keys() == {"X-API-Key", "Bearer"}
    for _, path, operation in operations(document):
        if path.startswith(NO_KEY):
            assert operation["security"] == []
            assert not {"401", "403", "429"} & operation["responses"].keys()
        else:
            scopes = scopes_of(operation)
            assert operation["security"] == [{name: [each]} for each in scopes for name in ("X-API-Key", "Bearer")]
            assert all(f"`{each}`" in operation["description"] for each in scopes), path
            of_several = {"show_valuation", "list_valuations", "show_current_key"}
            assert len(scopes) == 1 or operation["operationId"] in of_several
            assert {"401", "429"} <= operation["responses"].keys()
            assert ("403" in operation["responses"]) == ({*scopes} != {*Scope}), path


def test_the_scope_that_is_described_opens_the_route_and_no_other_does(
    asked: Service, document: dict[str, Any]
) -> None:
    for method, path, operation in operations(document):
        for scope in Scope if operation["security"] else ():
            answer = asked.client.request(method, path.replace("{", "").replace("}", ""), headers=asked.key(scope))
            assert (answer.status_code == 403) == (scope.value not in scopes_of(operation)), (method, path, scope)


def test_every_error_is_described_as_a_problem(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        assert {"400", "408", "414", "431", "500", "503"} <= operation["responses"].keys()
        for status, response in answers(document, operation).items():
            if status >= "400":
                content = response["content"]["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/ProblemBody"}, path
                assert content["examples"]
                shared = "$ref" in operation["responses"][status] or path.startswith(NO_KEY)
                for example in content["examples"].values():
                    told = msgspec.convert(example["value"], ProblemBody)
                    assert told.status == int(status)
                    assert shared or re.fullmatch(re.sub(r"{\w+}", r"[\\w-]+", path), told.instance)
        if "requestBody" in operation:
            assert {"400", "413", "415"} <= operation["responses"].keys()


@pytest.mark.parametrize(("status", "method", "path"), [each[:3] for each in REQUESTS])
def test_whatever_a_route_answers_is_described(document: dict[str, Any], status: int, method: str, path: str) -> None:
    operation = document["paths"].get(path, {}).get(method.lower())
    assert operation is None or str(status) in operation["responses"]


def test_what_takes_no_body_shows_no_bad_fields(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        told = operation["responses"]["400"]
        assert ("$ref" in told) == (operation["security"] == []), path
        if "$ref" not in told:
            examples = told["content"]["application/problem+json"]["examples"].values()
            kinds = [example["value"]["type"] for example in examples]
            assert kinds[-1] == "/problems/invalid-parameter"
            bad_fields = {"/problems/invalid-property", "/problems/invalid-follow-up"}
            assert bool(bad_fields & {*kinds}) == ("requestBody" in operation), path
            assert ("/problems/malformed-body" in kinds) == (method == "delete"), path


def test_the_scope_that_a_403_names_is_the_one_that_is_needed(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        if "403" in operation["responses"]:
            [example] = operation["responses"]["403"]["content"]["application/problem+json"]["examples"].values()
            scope = example["value"]["detail"].split("'")[1]
            assert f"`{scope}`" in operation["description"], path


def test_the_headers_of_answers_are_described(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        for status, response in answers(document, operation).items():
            expected = {"X-Request-ID"} | OF_STATUS.get(status, set())
            if operation["security"] and status != "401" and "$ref" not in operation["responses"][status]:
                expected |= LIMITS
            if status == "200" and path.startswith(("/predict", "/v1/valuations")) and not path.endswith("/override"):
                expected.add("X-Model-Version")
            if status == "400" and path.startswith("/predict"):  # a home that is refused
                expected.add("X-Model-Version")
            assert response["headers"].keys() == expected, (path, status)


def test_what_is_said_to_be_in_every_answer_is_in_it(asked: Service, document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        for headers in ({}, asked.key(Scope.VALUE)):
            answer = asked.client.request(method, path, headers=headers)
            described = answers(document, operation)[str(answer.status_code)]["headers"]
            for name in described:
                if document["components"]["headers"][name]["required"]:
                    assert name in answer.headers, (method, path, name)
            if headers and operation["security"]:
                assert described.keys() >= LIMITS
                assert all(name in answer.headers for name in LIMITS), (method, path)


def test_options_name_every_method_of_an_address(asked: Service, document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        told = asked.client.options(path)
        implied = {"OPTIONS", "HEAD"} if "get" in item else {"OPTIONS"}
        assert told.status_code == 204
        assert {*told.headers["Allow"].split(", ")} == {method.upper() for method in item} | implied, path
        refused = asked.client.patch(path)
        assert refused.status_code == 405
        assert {*refused.headers["Allow"].split(", ")} == {*told.headers["Allow"].split(", ")}


def test_what_an_answer_leads_to_takes_what_it_names(document: dict[str, Any]) -> None:
    by_id = {operation["operationId"]: operation for _, _, operation in operations(document)}
    linked = set()
    for operation in by_id.values():
        for response in answers(document, operation).values():
            for link in response.get("links", {}).values():
                linked.add(link["operationId"])
                taken = by_id[link["operationId"]]["parameters"]
                assert link["parameters"].keys() == {each["name"] for each in taken if each["in"] == "path"}
    of_keys, of_models = {"show_key", "rotate_key", "revoke_key"}, {"show_model", "promote_model"}
    assert linked == {*of_keys, *of_models, "show_valuation", "override_valuation"}


def test_an_issued_key_leads_to_its_rotation_and_its_end(asked: Service, document: dict[str, Any]) -> None:
    made = asked.post("/v1/keys", {"label": "linked"}).json()
    links = document["paths"]["/v1/keys"]["post"]["responses"]["201"]["links"]
    assert {link["parameters"]["key_id"] for link in links.values()} == {"$response.body#/id"}
    assert asked.client.get(f"/v1/keys/{made['id']}", headers=asked.key()).status_code == 200


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
    changed = document["components"]["schemas"]["PropertyChanges"]["properties"]
    for rule in NUMBER_RULES:
        assert (changed[rule.name].get("exclusiveMinimum"), changed[rule.name].get("minimum")) == (
            rule.above,
            rule.at_least,
        )


@pytest.mark.parametrize(
    ("path", "schema", "field", "text"),
    [
        ("/v1/valuations", "ValuationBody", field, text)
        for field in ("type", "sector")
        for text in (
            "Casa",
            " Ñuñoa ",
            "a\tb",
            "\nCasa",
            "Casa\n",
            "",
            "   ",
            "\u00a8",
            "\u0300",
            "x" * 201,
            "x " * 100,
        )
    ]
    + [("/v1/valuations", "ValuationBody", "client_ref", text) for text in ("", " a ", "a\x85b", "\n", "x" * 101)]
    + [("/v1/keys", "NewKeyBody", "label", text) for text in ("desk", " desk ", "", "a\tb", "desk\n", "x" * 101)]
    + [
        ("/v1/keys", "NewKeyBody", "expires_in", text)
        for text in ("90m", "12H", "366d", "52w", "0d", "030d", "1000d", "100w", "1.5d", "-1d", "", "d")
    ]
    + [("/v1/models/rollback", "PromotionBody", "reason", text) for text in ("", "why", "a\nb", "x" * 201)],
)
def test_a_text_is_taken_where_it_is_as_described_and_nowhere_else(
    asked: Service, document: dict[str, Any], path: str, schema: str, field: str, text: str
) -> None:
    described = schema_at(document, f"#/components/schemas/{schema}")["properties"][field]
    [rule] = [each for each in described.get("anyOf", [described]) if each["type"] == "string"]
    fits = rule.get("minLength", 0) <= len(text) <= rule.get("maxLength", len(text))
    fits = fits and re.search(rule["pattern"].removesuffix("$") + r"\Z", text) is not None  # JSON Schema's $
    base = {"ValuationBody": HOME, "NewKeyBody": {"label": "desk"}, "PromotionBody": {}}[schema]
    assert (asked.post(path, base | {field: text}).status_code == 400) == (not fits)


@pytest.mark.parametrize(
    ("path", "schema", "base"),
    [
        ("/v1/keys", "NewKeyBody", {"label": "desk"}),
        ("/v1/keys/{}/rotate", "RotationBody", {}),
        ("/v1/models/rollback", "PromotionBody", {}),
        ("/v1/valuations", "ValuationBody", HOME),
        ("/predict", "PropertyBody", HOME),
    ],
)
def test_null_is_taken_where_it_is_described_and_nowhere_else(
    asked: Service, document: dict[str, Any], path: str, schema: str, base: dict[str, Any]
) -> None:
    token = asked.token()
    for field, told in schema_at(document, f"#/components/schemas/{schema}")["properties"].items():
        kinds = [each.get("type") for each in told.get("anyOf", [told])]
        admin = asked.key()
        other = asked.post("/v1/keys", {"label": "to be rotated"}, admin).json()["id"]
        answer = asked.post(path.format(other), base | {field: None}, {"X-API-Key": token})
        assert (answer.status_code == 400) == ("null" not in kinds and told.keys() & {"type", "anyOf"} != set()), field


@pytest.mark.parametrize("value", [3, 2.5, "gas", True, None, [1], {"a": 1}])
def test_further_fields_are_taken_where_they_are_described_and_nowhere_else(
    asked: Service, document: dict[str, Any], value: object
) -> None:
    kinds = document["components"]["schemas"]["PropertyBody"]["additionalProperties"]["type"]
    names = {int: "number", float: "number", str: "string", bool: "boolean", type(None): "null"}
    taken = asked.post("/v1/valuations", HOME | {"garden": value}).status_code == 200
    assert taken == (names.get(type(value)) in kinds)
    for name in ("price", "sold_on", "id"):
        assert asked.post("/v1/valuations", HOME | {name: value}).status_code == 200


def test_bodies_that_take_no_further_fields_say_so(asked: Service, document: dict[str, Any]) -> None:
    bodies = {
        "NewKeyBody": ("/v1/keys", {"label": "desk", "colour": 1}),
        "PromotionBody": ("/v1/models/rollback", {"colour": 1}),
        "OutcomeBody": ("/v1/outcomes", {"valuation_id": "x", "price": 1, "sold_on": "2026-01-01", "colour": 1}),
        "OverrideBody": ("/v1/valuations/x/override", {"value": 1, "reason": "r", "valuer": "v", "colour": 1}),
        "PropertyChanges": ("/v1/valuations/what-if", {"property": HOME, "changes": {"colour": 1}}),
    }
    for schema, (path, body) in bodies.items():
        assert document["components"]["schemas"][schema]["additionalProperties"] is False
        assert asked.post(path, body).status_code == 400


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
    for path in GIVEN:
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
    example = problems(document, described, "400")[0]
    [bad] = asked.post(asked_path, {"reason": "two\nlines"}).json()["errors"]
    assert example["errors"] == [bad]


def test_the_metrics_are_described_as_text(document: dict[str, Any]) -> None:
    operation = document["paths"]["/metrics"]["get"]
    assert operation["responses"].keys() == {"200", "400", "408", "414", "431", "500", "503"}
    assert operation["responses"]["200"]["content"] == {"text/plain": {"schema": {"type": "string"}}}


def test_that_a_list_of_models_reads_no_bytes_is_said(document: dict[str, Any]) -> None:
    assert "`tasador models verify`" in document["paths"]["/v1/models"]["get"]["description"]


def further(service: Service) -> dict[str, dict[str, Any]]:
    """What the document that is served now says of fields that every model does not have, by schema."""
    schemas = service.client.get("/openapi.json").json()["components"]["schemas"]
    shared = {*PROPERTY_FIELDS, "client_ref", "valuation_date", "price", "sold_on", "id"}
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
            assert told["heating"]["type"] == ["string", "boolean", "null"]
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
    if schema.get("examples"):
        return schema["examples"][0]
    if "allOf" in schema:
        return example_of(document, schema["allOf"][0])
    if schema.get("type") == "array":
        return [example_of(document, schema["items"])]
    return {
        name: example_of(document, inner)
        for name, inner in schema.get("properties", {}).items()
        if name in schema["required"]
    }


@pytest.fixture(scope="module")
def anywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose market is everywhere, so that the home of the examples is in it."""
    models = serving(a_trained_model(log_ratios=ERRORS, extent=ANYWHERE))
    with Service(tmp_path_factory.mktemp("anywhere"), models=models).running() as service:
        yield service


@pytest.mark.parametrize("route", GIVEN)
def test_the_example_that_is_shown_is_answered(anywhere: Service, document: dict[str, Any], route: str) -> None:
    body = document["paths"][route]["post"]["requestBody"]
    assert body["required"] is True
    example = example_of(document, body["content"]["application/json"]["schema"])
    homes = [example, *example.get("data", []), *example.get("properties", []), example.get("property")]
    assert EXAMPLE_PROPERTY in homes
    assert body["content"]["application/json"]["example"] == example
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


def test_the_document_is_the_same_each_time(asked: Service, document: dict[str, Any]) -> None:
    assert msgspec.json.decode(asked.client.get("/openapi.json").content) == document


def test_what_is_filled_in_to_be_tried_is_taken(anywhere: Service, document: dict[str, Any]) -> None:
    key = anywhere.post("/v1/keys", {"label": "to be rotated"}).json()["id"]
    for method, path, operation in operations(document):
        if "requestBody" in operation:
            example = operation["requestBody"]["content"]["application/json"]["example"]
            address = path.replace("{version}", "v1").replace("{key_id}", key)
            answer = anywhere.client.request(method, address, json=example, headers=anywhere.key())
            if answer.status_code == 404:  # nobody can know the name of a valuation before it is made
                assert answer.json()["type"] == "/problems/valuation-not-found", path
            else:
                assert answer.status_code in {200, 201, 409}, (path, answer.text)  # 409: there is no earlier model


def test_pages_of_other_sites_may_read_every_header_that_is_described(document: dict[str, Any]) -> None:
    config = cors_config(["https://desk.example"])
    assert config
    assert config.expose_headers == list(document["components"]["headers"])
