"""Valuations: the value, its interval, the model behind it."""

from typing import Annotated, Any

from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import JSONBody, QueryParameter

from application.value_property import ValueProperty
from domain.api_key import ApiKey, Scope
from domain.errors import FieldProblem
from entrypoints.http.bodies import NO_BODY, JsonBody, read_request
from entrypoints.http.problems import documented
from entrypoints.http.schemas import ValuationAnswer, ValuationBody
from entrypoints.http.security import BY_KEY, needs

Level = Annotated[
    float | None,
    QueryParameter(
        gt=0,
        lt=1,
        schema_extra={"exclusive_minimum": 0},  # Litestar leaves out a bound that is 0
        description="Share of sales whose price is to be expected within the interval; by default the model's own.",
    ),
]

_MOST_WARNED_OF = 5
_LONGEST_NAME = 40


class Valuations(Controller):
    """Valuations of homes."""

    path = "/v1/valuations"
    tags = ("valuations",)
    security = BY_KEY
    opt = needs(Scope.VALUE)

    @post(
        "/",
        operation_id="create_valuation",
        response_description="The valuation.",
        summary="Value a home: the value, its interval, its model",
        status_code=200,
        dto=JsonBody[ValuationBody],
        return_dto=None,
        responses=documented("/v1/valuations", 400, 401, 403, 413, 415, 503),
    )
    async def create(
        self,
        request: Request[Any, ApiKey, Any],
        value_property: NamedDependency[ValueProperty],
        data: JSONBody[object] = NO_BODY,
        level: Level = None,
    ) -> ValuationAnswer:
        """What a home is worth, and between which prices a sale is expected. Needs the scope `value`."""
        unknown = _unknown_parameters(request)
        answer = ValuationAnswer.of(value_property([read_request(data)], level)[0])
        answer.warnings += [f"query parameter '{name}' is not known and was ignored" for name in unknown]
        return answer


def _unknown_parameters(request: Request[Any, ApiKey, Any]) -> list[str]:
    """The first query parameters that nothing here reads, fit to be shown. Raises for `level` given twice."""
    given = request.query_params
    if len(given.getall("level", [])) > 1:
        raise ValidationException(extra=[FieldProblem("level", "must be given only once")])
    unknown = [name for name in dict.fromkeys(given.keys()) if name != "level"]
    return [_shown(name[:_LONGEST_NAME]) for name in unknown[:_MOST_WARNED_OF]]


def _shown(name: str) -> str:
    """`name` with what cannot be seen escaped."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in name)
