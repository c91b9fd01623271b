"""What is sent of outcomes and overrides, and the receipts for it."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Literal, Self

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from application.override_valuation import Overridden
from application.record_outcomes import OutcomeReceipt, ToldOutcome
from domain.errors import FieldProblem, InvalidFollowUp
from domain.follow_up import LARGEST_AMOUNT, LONGEST_VALUER, LONGEST_WHY, SMALLEST_AMOUNT, problems_of_day
from entrypoints.http.bodies import MISSING, NO_BODY, MalformedBody, expected
from entrypoints.http.evidence_bodies import EXAMPLE_ID, OverrideAnswer, told_when
from entrypoints.http.parameters import NOT_KNOWN
from entrypoints.http.schemas import FieldProblemBody

MOST_OUTCOMES = 5_000
_LONGEST_ID = 100
_CONTROL = r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # lines and tabs are welcome in a reason
_UNFIT = re.compile(f"[{_CONTROL}]")
_NOT_BLANK = rf"^[^{_CONTROL}]*[^{_CONTROL}\s][^{_CONTROL}]*$"

Fields = dict[str, object]
Problems = list[FieldProblem]

ValuationId = Annotated[
    str, Meta(max_length=_LONGEST_ID, description="Name of the valuation, as it was answered.", examples=[EXAMPLE_ID])
]


def _amount(description: str, example: float) -> Meta:
    return Meta(ge=SMALLEST_AMOUNT, le=LARGEST_AMOUNT, description=description, examples=[example])


def _words(longest: int, description: str, example: str) -> Meta:
    return Meta(min_length=1, max_length=longest, pattern=_NOT_BLANK, description=description, examples=[example])


class OutcomeBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a valued home was sold for."""

    valuation_id: ValuationId
    price: Annotated[float, _amount("What it was sold for, in the currency of the valuation.", 187000.0)]
    sold_on: Annotated[
        date, Meta(description="Day of the sale, not in the future and from 1900 on.", examples=["2026-10-14"])
    ]


class OutcomeList(Struct, kw_only=True, forbid_unknown_fields=True):
    """What valued homes were sold for."""

    outcomes: Annotated[
        list[OutcomeBody], Meta(max_length=MOST_OUTCOMES, description="The sales; receipts come back in this order.")
    ]


class OutcomesBody(Struct, kw_only=True):
    """What a valued home was sold for, or `outcomes`, a list of such."""


class OverrideBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """The value that a valuer puts in the place of the model's."""

    value: Annotated[float, _amount("The valuer's value, in the currency of the valuation.", 171000.0)]
    reason: Annotated[str, _words(LONGEST_WHY, "Why: the words of the valuer, not blank.", "roof to be renewed")]
    valuer: Annotated[str, _words(LONGEST_VALUER, "Who answers for it, not blank.", "M. Rojas")]


class OutcomeReceiptAnswer(Struct, kw_only=True):
    """What became of an outcome that was told."""

    valuation_id: Annotated[str | None, Meta(description="Name of the valuation; null where it cannot be read.")]
    price: Annotated[float | None, Meta(description="What the home was sold for; null where a field is bad.")]
    sold_on: Annotated[date | None, Meta(description="Day of the sale, likewise.")]
    status: Annotated[
        Literal["recorded", "already_known", "not_recorded"],
        Meta(
            description="recorded: it is kept from now on. already_known: the same was told last. not_recorded: for "
            "what `errors` says."
        ),
    ]
    tests_value: Annotated[
        bool | None,
        Meta(
            description="Whether the sale tests the value. false: the home was sold before the day (UTC) of the "
            "valuation, which is kept and tests nothing. null: not recorded."
        ),
    ]
    errors: Annotated[list[FieldProblemBody], Meta(description="Every bad field.")] | UnsetType = UNSET

    @classmethod
    def of(cls, receipt: OutcomeReceipt, place: str = "") -> Self:
        """The answer with this receipt; `place` is that in a list, such as outcomes[3]."""
        told, problems = receipt.told, receipt.problems
        return cls(
            valuation_id=told.valuation_id,
            price=told.price,
            sold_on=told.sold_on,
            status=receipt.status,
            tests_value=receipt.tests_value,
            errors=_shown(problems, place) if problems else UNSET,
        )


class OutcomesAnswer(Struct, kw_only=True):
    """What became of the outcomes that were told."""

    recorded: Annotated[int, Meta(description="How many were recorded.", examples=[1])]
    already_known: Annotated[int, Meta(description="How many were known already.", examples=[0])]
    not_recorded: Annotated[int, Meta(description="How many could not be recorded.", examples=[0])]
    outcomes: Annotated[list[OutcomeReceiptAnswer], Meta(description="A receipt for each, in their order.")]

    @classmethod
    def of(cls, receipts: Sequence[OutcomeReceiptAnswer]) -> Self:
        """The answer with these receipts."""
        count = [each.status for each in receipts].count
        return cls(
            recorded=count("recorded"),
            already_known=count("already_known"),
            not_recorded=count("not_recorded"),
            outcomes=list(receipts),
        )


class OverriddenAnswer(OverrideAnswer, kw_only=True):
    """The override on record."""

    valuation_id: ValuationId
    status: Annotated[Literal["recorded", "already_known"], Meta(description="already_known: the same was told last.")]

    @classmethod
    def of_overridden(cls, overridden: Overridden) -> Self:
        """The answer that tells what became of an override."""
        override = overridden.override
        return cls(
            valuation_id=override.valuation_id,
            status="already_known" if overridden.already_known else "recorded",
            value=override.value,
            reason=override.reason,
            valuer=override.valuer,
            **told_when(override),
        )


class UnusableOutcome(Struct, kw_only=True):
    """A row of a list that cannot be read."""

    valuation_id: str | None
    problems: tuple[FieldProblem, ...]

    def receipt(self, place: str) -> OutcomeReceiptAnswer:
        """The receipt for it."""
        return OutcomeReceiptAnswer(
            valuation_id=self.valuation_id,
            price=None,
            sold_on=None,
            status="not_recorded",
            tests_value=None,
            errors=_shown(self.problems, place),
        )


def read_outcomes(body: object, at: datetime) -> ToldOutcome | list[ToldOutcome | UnusableOutcome]:
    """The outcome that a body tells at this moment, or the list of them. Raises MalformedBody, InvalidFollowUp."""
    if body is NO_BODY:
        raise MalformedBody('The body is empty: send {"valuation_id": ..., "price": ..., "sold_on": ...} as JSON.')
    if not isinstance(body, dict):
        raise MalformedBody(f"The body {expected('a JSON object', body)}.")
    if "outcomes" not in body:
        return _outcome(body, at)
    single = OutcomeBody.__struct_fields__
    rows, problems = body["outcomes"], _unknown(body, ("outcomes", *single))
    if any(name in body for name in single):
        raise InvalidFollowUp([*problems, FieldProblem("outcomes", "send either one outcome or `outcomes`, not both")])
    if not isinstance(rows, list):
        problems.append(FieldProblem("outcomes", expected("a list of outcomes", rows)))
    elif len(rows) > MOST_OUTCOMES:
        problems.append(FieldProblem("outcomes", f"must hold at most {MOST_OUTCOMES} outcomes, not {len(rows)}"))
    if problems:
        raise InvalidFollowUp(problems)
    return [_row(row, at) for row in rows]


def read_override(body: object) -> tuple[float, str, str]:
    """The value, the reason and the valuer that a body names. Raises MalformedBody, InvalidFollowUp."""
    if body is NO_BODY:
        raise MalformedBody('The body is empty: send {"value": ..., "reason": ..., "valuer": ...} as JSON.')
    if not isinstance(body, dict):
        raise MalformedBody(f"The body {expected('a JSON object', body)}.")
    problems = _unknown(body, OverrideBody.__struct_fields__)
    value = _number(body, "value", problems)
    reason = _text(body, "reason", LONGEST_WHY, problems)
    valuer = _text(body, "valuer", LONGEST_VALUER, problems)
    if problems:
        raise InvalidFollowUp(problems)
    return value, reason, valuer


def _row(row: object, at: datetime) -> ToldOutcome | UnusableOutcome:
    if not isinstance(row, dict):
        return UnusableOutcome(valuation_id=None, problems=(FieldProblem("", expected("an object", row)),))
    try:
        return _outcome(row, at)
    except InvalidFollowUp as error:
        name = row.get("valuation_id")
        fits = isinstance(name, str) and len(name) <= _LONGEST_ID
        return UnusableOutcome(valuation_id=name if fits else None, problems=error.problems)


def _outcome(fields: Fields, at: datetime) -> ToldOutcome:
    problems = _unknown(fields, OutcomeBody.__struct_fields__)
    name = fields.get("valuation_id", MISSING)
    if not isinstance(name, str):
        problems.append(FieldProblem("valuation_id", expected("text", name)))
    elif len(name) > _LONGEST_ID:
        problems.append(FieldProblem("valuation_id", f"must have at most {_LONGEST_ID} characters"))
    price = _number(fields, "price", problems)
    sold_on = _day_of_sale(fields, at, problems)
    if problems:
        raise InvalidFollowUp(problems)
    return ToldOutcome(str(name), price, sold_on)


def _unknown(fields: Fields, known: Sequence[str]) -> Problems:
    return [FieldProblem(name[:_LONGEST_ID], NOT_KNOWN) for name in fields if name not in known]


def _number(fields: Fields, name: str, problems: Problems) -> float:
    number = fields.get(name, MISSING)
    if isinstance(number, bool) or not isinstance(number, int | float):
        problems.append(FieldProblem(name, expected("a number", number)))
        return 0.0
    if not SMALLEST_AMOUNT <= number <= LARGEST_AMOUNT:
        problems.append(FieldProblem(name, f"must be a number from {SMALLEST_AMOUNT:g} to {LARGEST_AMOUNT:g}"))
        return 0.0
    return float(number)


def _day_of_sale(fields: Fields, at: datetime, problems: Problems) -> date:
    try:
        day = msgspec.convert(fields.get("sold_on"), date)
    except msgspec.ValidationError:
        said = "must be a date like 2026-11-22" if "sold_on" in fields else "is missing"
        problems.append(FieldProblem("sold_on", said))
        return date.min
    problems.extend(problems_of_day(day, at))
    return day


def _text(fields: Fields, name: str, longest: int, problems: Problems) -> str:
    text = fields.get(name, MISSING)
    if not isinstance(text, str):
        message = expected("text", text)
    elif not text.strip():
        message = "must not be empty"
    elif len(text) > longest:
        message = f"must have at most {longest} characters"
    elif _UNFIT.search(text):
        message = "must not hold control characters"
    else:
        return text
    problems.append(FieldProblem(name, message))
    return ""


def _shown(problems: Iterable[FieldProblem], place: str) -> list[FieldProblemBody]:
    return [
        FieldProblemBody(field=".".join(filter(None, (place, each.field))), message=each.message) for each in problems
    ]
