"""Valuations: the value, how sure it is, why, compared with which sales, and the model behind it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from application.served_model import ServedVersion
from application.value_property import ValuationRequest, ValueProperty, problems_of
from domain.api_key import Scope
from domain.model_version import FeatureSchema
from domain.valuation import Valuation
from entrypoints.http.answers import JsonAnswer, encode
from entrypoints.http.bodies import NO_BODY, JsonBody, UnusableRow, read_request, read_rows, read_what_if, under
from entrypoints.http.listing import ListedValuations
from entrypoints.http.problems import answered, documented_valuing
from entrypoints.http.schemas import (
    MOST_COMPARABLES,
    ChangedValuationAnswer,
    ServingModel,
    ValuationAnswer,
    ValuationBatch,
    ValuationBatchAnswer,
    ValuationBody,
    WhatIfBody,
)
from entrypoints.http.security import BY_KEY, needs
from entrypoints.http.valuing import CallerRequest, Valuing, caller_of

Level = Annotated[
    float | None,
    QueryParameter(
        gt=0,
        lt=1,
        schema_extra={"exclusive_minimum": 0},  # Litestar leaves out a bound that is 0
        description="Share of sales whose price is to be expected within the interval; by default the model's own.",
    ),
]
Explain = Annotated[bool, QueryParameter(description="Whether to tell what each field of the home does to the value.")]
Comparables = Annotated[
    int,
    QueryParameter(
        ge=0,
        le=MOST_COMPARABLES,
        schema_extra={"minimum": 0},
        description="How many of the sales most like the home to tell, adjusted to it.",
    ),
]

MOST_ROWS = 20_000
"""The most homes of which one request may ask whole valuations."""
MOST_DETAILS = 1_000
"""The most explanations and comparables that it may ask for: each takes as long as valuing many homes."""


class Valuations(ListedValuations):
    """Valuations of homes."""

    path = "/v1/valuations"
    tags = ("valuations",)
    security = BY_KEY
    opt = needs(Scope.VALUE)

    @post(
        "/",
        operation_id="create_valuation",
        summary="Value a home: the value, how sure it is, why, and by which model",
        status_code=200,
        dto=JsonBody[ValuationBody],
        return_dto=None,
        responses=answered(ValuationAnswer, "The valuation.") | documented_valuing("/v1/valuations"),
    )
    async def create(
        self,
        request: CallerRequest,
        valuing: NamedDependency[Valuing],
        data: JSONBody[object] = NO_BODY,
        level: Level = None,
        explain: Explain = False,
        comparables: Comparables = 0,
    ) -> JsonAnswer:
        """What a home is worth, and between which prices a sale is expected. Needs the scope `value`.

        A home outside the market that the model knows is `refused`, with the reason and without figures.
        """
        valuation = await valuing.one(request, read_request(data), level, explain=explain, comparables=comparables)
        return JsonAnswer(encode(ValuationAnswer.of(valuation)), valuation.model.version)

    @post(
        "/what-if",
        operation_id="value_what_if",
        summary="Value a home as it is and as it might be",
        status_code=200,
        dto=JsonBody[WhatIfBody],
        return_dto=None,
        responses=answered(ChangedValuationAnswer, "Both valuations, and what lies between them.")
        | documented_valuing("/v1/valuations/what-if"),
    )
    async def what_if(
        self,
        request: CallerRequest,
        valuing: NamedDependency[Valuing],
        data: JSONBody[object] = NO_BODY,
        level: Level = None,
    ) -> JsonAnswer:
        """What a home is worth before and after changes, and what each change does. Needs the scope `value`.

        The effects of the changed fields add up to the difference.
        """
        home, changes = read_what_if(data)
        changed = await valuing.changed(request, home, changes, level)
        return JsonAnswer(encode(ChangedValuationAnswer.of(changed)), changed.before.model.version)


class BatchValuations(Controller):
    """Valuations of many homes; the bodies may be larger here."""

    path = "/v1/valuations/batch"
    tags = ("valuations",)
    security = BY_KEY
    opt = needs(Scope.VALUE)

    @post(
        "/",
        operation_id="create_valuations",
        summary="Value many homes",
        status_code=200,
        dto=JsonBody[ValuationBatch],
        return_dto=None,
        responses=answered(ValuationBatchAnswer, "The valuations.") | documented_valuing("/v1/valuations/batch"),
    )
    async def create_all(
        self,
        request: CallerRequest,
        valuing: NamedDependency[Valuing],
        data: JSONBody[object] = NO_BODY,
        level: Level = None,
        explain: Explain = False,
        comparables: Comparables = 0,
    ) -> JsonAnswer:
        """What many homes are worth, in their order. Needs the scope `value`.

        One bad home never fails the others: in its place stands one that is `refused`, for the reason
        `invalid_property`, with every bad field named in `errors`. At most 20000 homes; explanations and comparables
        together at most 1000.
        """
        details = int(explain) + comparables
        most = MOST_DETAILS // details if details else MOST_ROWS
        began = time.perf_counter()

        def value() -> _Batch:
            rows = read_rows(data, most)
            if not rows:
                return _Batch(JsonAnswer(encode(ValuationBatchAnswer(valuations=[]))))
            served = valuing.served_model.current()
            return _BatchAsked(valuing.value_property, served, level, explain, comparables).valued(rows)

        batch = await valuing.batches.run(value)
        await valuing.record(caller_of(request), batch.asked, batch.valuations, level=level, began=began)
        return batch.answer


@dataclass(frozen=True, slots=True)
class _Batch:
    """The answer to many homes, and what goes on record before it is sent."""

    answer: JsonAnswer
    asked: Sequence[ValuationRequest] = ()
    valuations: Sequence[Valuation] = ()


@dataclass(frozen=True, slots=True)
class _BatchAsked:
    """What is asked of many homes, all to be valued by one version, whatever is promoted meanwhile."""

    value_property: ValueProperty
    served: ServedVersion
    level: float | None
    explain: bool
    comparables: int

    def valued(self, rows: Sequence[ValuationRequest | UnusableRow]) -> _Batch:
        """The answer to each row, in its place."""
        model = self.served.description
        rows = [_usable(place, row, model.card.features) for place, row in enumerate(rows)]
        asked = [row for row in rows if isinstance(row, ValuationRequest)]
        valuations = self._valuations(asked)
        serving = ServingModel.of(model)
        in_turn = iter(valuations)
        answers = [
            ValuationAnswer.unusable(row.client_ref, row.problems, model)
            if isinstance(row, UnusableRow)
            else ValuationAnswer.of(next(in_turn), serving)
            for row in rows
        ]
        return _Batch(JsonAnswer(encode(ValuationBatchAnswer(valuations=answers)), model.version), asked, valuations)

    def _valuations(self, asked: Sequence[ValuationRequest]) -> list[Valuation]:
        if not asked:
            return []
        return self.value_property(
            asked, self.level, explain=self.explain, comparables=self.comparables, served=self.served
        )


def _usable(place: int, row: ValuationRequest | UnusableRow, features: FeatureSchema) -> ValuationRequest | UnusableRow:
    """The row, or what is wrong with it for a model of these features."""
    if isinstance(row, ValuationRequest) and (problems := problems_of(row.property, features)):
        return UnusableRow(row.client_ref, tuple(under(f"properties[{place}]", problems)))
    return row
