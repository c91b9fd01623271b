"""Valuations on record, what their homes were sold for, and what valuers hold instead."""

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from application.list_valuations import ListValuations
from application.override_valuation import OverrideValuation
from application.record_outcomes import RecordOutcomes, ToldOutcome
from application.show_valuation import ShowValuation
from domain.api_key import ApiKey, Scope
from domain.errors import FieldProblem, InvalidFollowUp, ValuationLogUnavailable, ValuationNotFound, ValuationNotShown
from entrypoints.http.answers import JsonAnswer, encode
from entrypoints.http.bodies import NO_BODY, JsonBody
from entrypoints.http.evidence_bodies import EXAMPLE_ID, RecordedValuationAnswer
from entrypoints.http.follow_up_bodies import (
    OutcomeReceiptAnswer,
    OutcomesAnswer,
    OutcomesBody,
    OverriddenAnswer,
    OverrideBody,
    UnusableOutcome,
    read_outcomes,
    read_override,
)
from entrypoints.http.problems import answered, documented
from entrypoints.http.security import BY_KEY, needs
from entrypoints.http.slow_threads import SlowThreads
from entrypoints.http.valuing import caller_of

ValuationName = Annotated[str, PathParameter(description="Name of a valuation, as it was answered.")]
CallerRequest = Request[Any, ApiKey, Any]

_OUT_OF_REACH = ValuationLogUnavailable("what callers are not told")
_NOT_FOUND = ValuationNotFound(f"No valuation '{EXAMPLE_ID}' is on record.")
_NOT_SHOWN = ValuationNotShown(f"No valuation '{EXAMPLE_ID}' is on record.")
_BAD_OUTCOME = InvalidFollowUp([FieldProblem("price", "is missing"), FieldProblem("colour", "is not known here")])
_BAD_OVERRIDE = InvalidFollowUp([FieldProblem("reason", "must not be empty")])


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is on record, and the threads to look it up in: that takes a while, and of a long list longer.

    `of_pages` are for lists of valuations, which may look through many records: single ones do not wait for them.
    """

    show: ShowValuation
    list_valuations: ListValuations
    record_outcomes: RecordOutcomes
    override: OverrideValuation
    threads: SlowThreads
    of_lists: SlowThreads
    of_pages: SlowThreads


class RecordedValuations(Controller):
    """Valuations on record."""

    path = "/v1/valuations/{valuation_id:str}"
    security = BY_KEY

    @get(
        "/",
        operation_id="show_valuation",
        summary="A valuation on record",
        tags=("valuations",),
        opt=needs(Scope.VALUE, Scope.AUDIT_READ),
        responses=answered(RecordedValuationAnswer, "The valuation.")
        | documented(
            f"/v1/valuations/{EXAMPLE_ID}",
            *(401, 403, 404, 503),
            examples={404: [_NOT_SHOWN], 503: [_OUT_OF_REACH]},
        ),
    )
    async def one(
        self, valuation_id: ValuationName, request: CallerRequest, evidence: NamedDependency[Evidence]
    ) -> JsonAnswer:
        """A valuation as it was answered, to the last digit, and what was said of it since.

        Where the service rounds coordinates before it keeps them, `coordinate_decimals` says to how many decimals: the
        places, distances and similarities shown are coarser then than they were answered, and nothing else is.

        Needs the scope `value` for valuations that the key itself has asked for, or a key that was rotated into it;
        with `audit:read` all are shown. Others are a 404, as those that there are not.
        """
        shown = await evidence.threads.run(lambda: evidence.show(valuation_id, request.auth))
        return JsonAnswer(encode(RecordedValuationAnswer.of_shown(shown)), shown.record.model_version)

    @post(
        "/override",
        operation_id="override_valuation",
        summary="Put a valuer's value in the place of the model's",
        tags=("outcomes",),
        status_code=200,
        opt=needs(Scope.OUTCOMES_WRITE),
        dto=JsonBody[OverrideBody],
        return_dto=None,
        responses=answered(OverriddenAnswer, "The override on record.")
        | documented(
            f"/v1/valuations/{EXAMPLE_ID}/override",
            *(400, 401, 403, 404, 413, 415, 503),
            scope=Scope.OUTCOMES_WRITE,
            examples={400: [_BAD_OVERRIDE], 404: [_NOT_FOUND], 503: [_OUT_OF_REACH]},
        ),
    )
    async def override(
        self,
        valuation_id: ValuationName,
        request: CallerRequest,
        evidence: NamedDependency[Evidence],
        data: JSONBody[object] = NO_BODY,
    ) -> JsonAnswer:
        """Records beside a valuation, of whatever key, what a valuer holds instead. Needs the scope `outcomes:write`.

        The valuation stays as it was answered. The same told again is not recorded again.
        """
        value, reason, valuer = read_override(data)
        caller = caller_of(request)
        overridden = await evidence.threads.run(lambda: evidence.override(valuation_id, value, reason, valuer, caller))
        return JsonAnswer(encode(OverriddenAnswer.of_overridden(overridden)))


class Outcomes(Controller):
    """What valued homes were sold for; the bodies may be larger here."""

    path = "/v1/outcomes"
    tags = ("outcomes",)
    security = BY_KEY
    opt = needs(Scope.OUTCOMES_WRITE)

    @post(
        "/",
        operation_id="record_outcomes",
        summary="Tell what valued homes were sold for",
        status_code=200,
        dto=JsonBody[OutcomesBody],
        return_dto=None,
        responses=answered(OutcomesAnswer, "What became of each.")
        | documented(
            "/v1/outcomes",
            *(400, 401, 403, 404, 413, 415, 503),
            scope=Scope.OUTCOMES_WRITE,
            examples={400: [_BAD_OUTCOME], 404: [_NOT_FOUND], 503: [_OUT_OF_REACH]},
        ),
    )
    async def record(
        self, request: CallerRequest, evidence: NamedDependency[Evidence], data: JSONBody[object] = NO_BODY
    ) -> JsonAnswer:
        """Records sale prices beside the valuations, of whatever key, that they are of. Needs `outcomes:write`.

        One outcome, or a list of at most 5000 `outcomes`, of which a bad one never fails the others. The same told
        again is not recorded again; a corrected price is, and of the sales on the day of the valuation (UTC) or after
        it the last one told counts. One before it is kept and tests nothing, as `tests_value` says.
        """
        told, caller = read_outcomes(data, evidence.record_outcomes.clock.now()), caller_of(request)
        if isinstance(told, ToldOutcome):
            receipt = await evidence.threads.run(lambda: evidence.record_outcomes.one(caller, told))
            return JsonAnswer(encode(OutcomesAnswer.of([OutcomeReceiptAnswer.of(receipt)])))
        sound = [row for row in told if isinstance(row, ToldOutcome)]
        receipts = iter(await evidence.of_lists.run(lambda: evidence.record_outcomes(caller, sound)))
        answers = [
            row.receipt(place) if isinstance(row, UnusableOutcome) else OutcomeReceiptAnswer.of(next(receipts), place)
            for row, place in ((row, f"outcomes[{number}]") for number, row in enumerate(told))
        ]
        return JsonAnswer(encode(OutcomesAnswer.of(answers)))
