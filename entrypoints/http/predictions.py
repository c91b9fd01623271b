"""Values and nothing else, as the original service gave them."""

import time

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from application.value_property import ValuationRequest, problems_of
from domain.api_key import Scope
from domain.errors import FieldProblem, InvalidProperty
from domain.market_extent import OUTSIDE_MARKET, Refusal
from domain.model_version import FeatureSchema
from domain.property import Property
from domain.valuation import Valuation
from entrypoints.http.answers import JsonAnswer, encode
from entrypoints.http.bodies import MOST_PROBLEMS, NO_BODY, JsonBody, read_batch, read_property, under
from entrypoints.http.problems import RefusedProperty, answered, documented_valuing
from entrypoints.http.schemas import PropertyBatch, PropertyBody
from entrypoints.http.security import BY_KEY, needs
from entrypoints.http.valuations import MOST_ROWS
from entrypoints.http.valuing import CallerRequest, Valuing, caller_of

_REFUSAL = Refusal(OUTSIDE_MARKET, "the nearest sale is 112 km away, while 99 of 100 sales have another within 1.4 km")


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
        responses=answered(float, "The value, in the market's currency.", 184300.0)
        | documented_valuing("/predict", RefusedProperty({"": _REFUSAL}, "v3")),
    )
    async def predict(
        self, request: CallerRequest, valuing: NamedDependency[Valuing], data: JSONBody[object] = NO_BODY
    ) -> JsonAnswer:
        """The value of a home in the market's currency, as one bare JSON number. Needs the scope `value`.

        A home that is refused has no value, and is a 400 that says why: `/problems/refused-property`.
        """
        valuation = await valuing.one(request, ValuationRequest(read_property(data)))
        if valuation.refusal:
            raise RefusedProperty({"": valuation.refusal}, valuation.model.version)
        return JsonAnswer(encode(valuation.value), valuation.model.version)


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
        responses=answered(list[float], "The values, in the market's currency.", [184300.0])
        | documented_valuing("/predict_batch", RefusedProperty({"data[3]": _REFUSAL}, "v3")),
    )
    async def predict_batch(
        self, request: CallerRequest, valuing: NamedDependency[Valuing], data: JSONBody[object] = NO_BODY
    ) -> JsonAnswer:
        """The values of homes in the market's currency, in their order. Needs the scope `value`.

        One bad home refuses the whole batch; every bad field is named with the place of its home, from 0. So does one
        of which no value can be given (`/problems/refused-property`). `/v1/valuations/batch` answers the others. At
        most 20000 homes.
        """
        began = time.perf_counter()
        requests, valuations = await valuing.batches.run(lambda: _valued(valuing, data))
        if not valuations:
            return JsonAnswer(b"[]")
        refused = {place: each for place, each in enumerate(valuations) if each.refusal}
        told = refused or dict(enumerate(valuations))  # of a refused batch nobody is told the values
        asked = [requests[place] for place in told]
        await valuing.record(caller_of(request), asked, [*told.values()], level=None, began=began)
        version = valuations[0].model.version
        if refused:
            refusals = {f"data[{place}]": each.refusal for place, each in refused.items() if each.refusal}
            raise RefusedProperty(refusals, version)
        return JsonAnswer(encode([valuation.value for valuation in valuations]), version)


def _valued(valuing: Valuing, data: object) -> tuple[list[ValuationRequest], list[Valuation]]:
    """What a body asks for, and the answers."""
    homes = read_batch(data, MOST_ROWS)
    if not homes:
        return [], []
    served = valuing.served_model.current()
    if problems := _problems_by_row(homes, served.description.card.features):
        raise InvalidProperty(problems)
    requests = [ValuationRequest(home) for home in homes]
    return requests, valuing.value_property(requests, served=served)


def _problems_by_row(homes: list[Property], features: FeatureSchema) -> list[FieldProblem]:
    """What is wrong with each home for a model of these features."""
    problems: list[FieldProblem] = []
    for place, home in enumerate(homes):
        problems += under(f"data[{place}]", problems_of(home, features))
        if len(problems) > MOST_PROBLEMS:
            break
    return problems
