"""Valuations: the value, its interval, the model behind it."""

from typing import Annotated

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from application.value_property import ValueProperty
from domain.api_key import Scope
from entrypoints.http.bodies import JsonBody, read_request
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
        responses=documented(400, 401, 403, 413, 415, 503),
    )
    async def create(
        self, value_property: NamedDependency[ValueProperty], data: JSONBody[object] = None, level: Level = None
    ) -> ValuationAnswer:
        """What a home is worth, and between which prices a sale is expected. Needs the scope `value`."""
        request = read_request(data)
        return ValuationAnswer.of(value_property([request], level)[0])
