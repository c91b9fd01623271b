"""Values and nothing else, as the original service gave them."""

from typing import Any, cast

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import JSONBody

from application.value_property import ValuationRequest, ValueProperty
from domain.api_key import Scope
from domain.errors import FieldProblem, InvalidProperty
from domain.market_extent import OUTSIDE_MARKET, Refusal
from domain.property import Property
from entrypoints.http.bodies import MOST_PROBLEMS, NO_BODY, JsonBody, read_batch, read_property, under
from entrypoints.http.problems import RefusedProperty, documented
from entrypoints.http.schemas import PropertyBatch, PropertyBody
from entrypoints.http.security import BY_KEY, needs
from entrypoints.http.slow_threads import SlowThreads

_STATUSES = (400, 401, 403, 413, 415, 503)
_REFUSAL = Refusal(OUTSIDE_MARKET, "the nearest sale is 112 km away, while 99 of 100 sales have another within 1.4 km")


def _values(description: str, kind: Any, example: object) -> dict[int, ResponseSpec]:
    return {
        200: ResponseSpec(kind, generate_examples=False, description=description, examples=[Example(value=example)])
    }


class Predictions(Controller):
    """The value of one home."""

    tags = ("predictions",)
    security = BY_KEY
    opt = needs(Scope.VALUE)

    @post(
        "/predict",
        operation_id="predict",
        summary="Value a home: one number",
        status_code=200,
        dto=JsonBody[PropertyBody],
        return_dto=None,
        responses=_values("The value, in the market's currency.", float, 184300.0)
        | documented("/predict", *_STATUSES, also={400: RefusedProperty({"": _REFUSAL})}),
    )
    async def predict(self, value_property: NamedDependency[ValueProperty], data: JSONBody[object] = NO_BODY) -> float:
        """The value of a home in the market's currency, as one bare JSON number. Needs the scope `value`.

        A home that is refused has no value, and is a 400 that says why: `/problems/refused-property`.
        """
        valuation = value_property([ValuationRequest(read_property(data))])[0]
        if valuation.refusal:
            raise RefusedProperty({"": valuation.refusal})
        return cast("float", valuation.value)


class BatchPredictions(Controller):
    """The values of many homes; the bodies may be larger here."""

    tags = ("predictions",)
    security = BY_KEY
    opt = needs(Scope.VALUE)

    @post(
        "/predict_batch",
        operation_id="predict_batch",
        summary="Value many homes: an array of numbers",
        status_code=200,
        dto=JsonBody[PropertyBatch],
        return_dto=None,
        responses=_values("The values, in the market's currency.", list[float], [184300.0])
        | documented("/predict_batch", *_STATUSES, also={400: RefusedProperty({"data[3]": _REFUSAL})}),
    )
    async def predict_batch(
        self,
        value_property: NamedDependency[ValueProperty],
        batches: NamedDependency[SlowThreads],
        data: JSONBody[object] = NO_BODY,
    ) -> list[float]:
        """The values of homes in the market's currency, in their order. Needs the scope `value`.

        One bad home refuses the whole batch; every bad field is named with the place of its home, from 0. So does one
        of which no value can be given (`/problems/refused-property`). `/v1/valuations/batch` answers the others.
        """
        return await batches.run(lambda: _value_all(value_property, read_batch(data)))


def _value_all(value_property: ValueProperty, homes: list[Property]) -> list[float]:
    requests = [ValuationRequest(home) for home in homes]
    if not requests:
        return []
    try:
        valuations = value_property(requests)
    except InvalidProperty:
        raise InvalidProperty(_problems_by_row(value_property, requests)) from None
    refusals = {f"data[{place}]": each.refusal for place, each in enumerate(valuations) if each.refusal}
    if refusals:
        raise RefusedProperty(refusals)
    return [cast("float", valuation.value) for valuation in valuations]


def _problems_by_row(value_property: ValueProperty, requests: list[ValuationRequest]) -> list[FieldProblem]:
    """What is wrong with each home, found one at a time since the use case names no places."""
    problems: list[FieldProblem] = []
    for place, request in enumerate(requests):
        try:
            value_property([request])
        except InvalidProperty as error:
            problems += under(f"data[{place}]", error.problems)
        if len(problems) > MOST_PROBLEMS:
            break
    return problems
