"""Valuations: the value, how sure it is, why, compared with which sales, and the model behind it."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET

from application.served_model import ServedModel
from application.value_property import ValuationRequest, ValueProperty
from application.what_if import WhatIf
from domain.api_key import ApiKey, Scope
from domain.errors import FieldProblem, InvalidProperty
from domain.valuation import Valuation
from entrypoints.http.bodies import NO_BODY, JsonBody, UnusableRow, read_request, read_rows, read_what_if, under
from entrypoints.http.problems import documented
from entrypoints.http.schemas import (
    MOST_COMPARABLES,
    ChangedValuationAnswer,
    ValuationAnswer,
    ValuationBatch,
    ValuationBatchAnswer,
    ValuationBody,
    WhatIfBody,
)
from entrypoints.http.security import BY_KEY, needs
from entrypoints.http.slow_threads import SlowThreads

CallerRequest = Request[Any, ApiKey, Any]
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

Value = Callable[[Sequence[ValuationRequest]], list[Valuation]]

_PARAMETERS = ("level", "explain", "comparables")
_STATUSES = (400, 401, 403, 413, 415, 503)
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
        summary="Value a home: the value, how sure it is, why, and by which model",
        status_code=200,
        dto=JsonBody[ValuationBody],
        return_dto=None,
        responses=documented("/v1/valuations", *_STATUSES),
    )
    async def create(
        self,
        request: CallerRequest,
        value_property: NamedDependency[ValueProperty],
        details: NamedDependency[SlowThreads],
        data: JSONBody[object] = NO_BODY,
        level: Level = None,
        explain: Explain = False,
        comparables: Comparables = 0,
    ) -> ValuationAnswer:
        """What a home is worth, and between which prices a sale is expected. Needs the scope `value`.

        A home outside the market that the model knows is `refused`, with the reason and without figures.
        """
        warnings = _warnings(request, _PARAMETERS)
        asked = [read_request(data)]
        if explain or comparables:
            [valuation] = await details.run(
                lambda: value_property(asked, level, explain=explain, comparables=comparables)
            )
        else:
            [valuation] = value_property(asked, level)
        answer = ValuationAnswer.of(valuation)
        answer.warnings += warnings
        return answer

    @post(
        "/what-if",
        operation_id="value_what_if",
        response_description="Both valuations, and what lies between them.",
        summary="Value a home as it is and as it might be",
        status_code=200,
        dto=JsonBody[WhatIfBody],
        return_dto=None,
        responses=documented("/v1/valuations/what-if", *_STATUSES),
    )
    async def what_if(
        self,
        request: CallerRequest,
        what_if: NamedDependency[WhatIf],
        details: NamedDependency[SlowThreads],
        data: JSONBody[object] = NO_BODY,
        level: Level = None,
    ) -> ChangedValuationAnswer:
        """What a home is worth before and after changes, and what each change does. Needs the scope `value`.

        The effects of the changed fields add up to the difference.
        """
        warnings = _warnings(request, ("level",))
        home, changes = read_what_if(data)
        answer = ChangedValuationAnswer.of(await details.run(lambda: what_if(home, changes, level)))
        answer.warnings = warnings or UNSET
        return answer


class BatchValuations(Controller):
    """Valuations of many homes; the bodies may be larger here."""

    path = "/v1/valuations/batch"
    tags = ("valuations",)
    security = BY_KEY
    opt = needs(Scope.VALUE)

    @post(
        "/",
        operation_id="create_valuations",
        response_description="The valuations.",
        summary="Value many homes",
        status_code=200,
        dto=JsonBody[ValuationBatch],
        return_dto=None,
        responses=documented("/v1/valuations/batch", *_STATUSES),
    )
    async def create_all(
        self,
        request: CallerRequest,
        value_property: NamedDependency[ValueProperty],
        served_model: NamedDependency[ServedModel],
        batches: NamedDependency[SlowThreads],
        data: JSONBody[object] = NO_BODY,
        level: Level = None,
        explain: Explain = False,
        comparables: Comparables = 0,
    ) -> ValuationBatchAnswer:
        """What many homes are worth, in their order. Needs the scope `value`.

        One bad home never fails the others: in its place stands one that is `refused`, for the reason
        `invalid_property`, with every bad field named in `errors`. At most 20000 homes; explanations and comparables
        together at most 1000.
        """
        warnings = _warnings(request, _PARAMETERS)

        def value(requests: Sequence[ValuationRequest]) -> list[Valuation]:
            return value_property(requests, level, explain=explain, comparables=comparables)

        details = int(explain) + comparables
        most = MOST_DETAILS // details if details else MOST_ROWS
        answers = await batches.run(lambda: _answers(value, read_rows(data, most), served_model))
        return ValuationBatchAnswer(valuations=answers, warnings=warnings or UNSET)


def _answers(
    value: Value, rows: Sequence[ValuationRequest | UnusableRow], served_model: ServedModel
) -> list[ValuationAnswer]:
    """The answer to each row, in its place."""
    outcomes = iter(
        _valued(value, [(place, row) for place, row in enumerate(rows) if isinstance(row, ValuationRequest)])
    )
    told = [row if isinstance(row, UnusableRow) else next(outcomes) for row in rows]
    if not told:
        return []
    model = next((row.model for row in told if isinstance(row, Valuation)), None) or served_model.current().description
    return [
        ValuationAnswer.of(row)
        if isinstance(row, Valuation)
        else ValuationAnswer.unusable(row.client_ref, row.problems, model)
        for row in told
    ]


def _valued(value: Value, requests: Sequence[tuple[int, ValuationRequest]]) -> list[Valuation | UnusableRow]:
    """What became of each request, given with its place; the bad ones are found by halving."""
    try:
        return [*value([request for _, request in requests])] if requests else []
    except InvalidProperty as error:
        if len(requests) > 1:
            middle = len(requests) // 2
            return _valued(value, requests[:middle]) + _valued(value, requests[middle:])
        [(place, request)] = requests
        return [UnusableRow(request.client_ref, tuple(under(f"properties[{place}]", error.problems)))]


def _warnings(request: CallerRequest, known: Sequence[str]) -> list[str]:
    """A warning of each of the first query parameters that nothing here reads. Raises for one given twice."""
    given = request.query_params
    twice = [FieldProblem(name, "must be given only once") for name in known if len(given.getall(name, [])) > 1]
    if twice:
        raise ValidationException(extra=twice)
    unknown = [name for name in dict.fromkeys(given.keys()) if name not in known]
    shown = [_shown(name[:_LONGEST_NAME]) for name in unknown[:_MOST_WARNED_OF]]
    return [f"query parameter '{name}' is not known and was ignored" for name in shown]


def _shown(name: str) -> str:
    """`name` with what cannot be seen escaped."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in name)
