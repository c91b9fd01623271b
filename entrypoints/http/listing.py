"""The newest valuations on record, and those of them that are sought."""

from datetime import datetime
from typing import Annotated, Any, Self

from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from msgspec import UNSET, Meta, Struct, UnsetType

from application.list_valuations import MOST_LOOKED_AT, ValuationPage
from domain.api_key import ApiKey, Scope
from domain.errors import FieldProblem, ValuationLogUnavailable
from domain.valuation_record import ValuationRecord
from entrypoints.http.answers import JsonAnswer, encode
from entrypoints.http.evidence import Evidence
from entrypoints.http.evidence_bodies import EXAMPLE_ID
from entrypoints.http.listing_parameters import (
    MOST,
    Before,
    ClientRef,
    Limit,
    Search,
    Since,
    Until,
    WantedStatus,
    cursor_of,
    read_listing,
)
from entrypoints.http.problems import answered, documented
from entrypoints.http.security import needs

_PATH = "/v1/valuations"
_BAD = ValidationException(extra=[FieldProblem("limit", f"must be a whole number from 1 to {MOST}")])
_OUT_OF_REACH = ValuationLogUnavailable("what callers are not told")


class ListedValuation(Struct, kw_only=True):
    """A valuation on record, in short."""

    valuation_id: Annotated[str, Meta(description="Name of the valuation.", examples=[EXAMPLE_ID])]
    recorded_at: Annotated[datetime, Meta(description="When it was recorded, UTC.")]
    client_ref: Annotated[str | None, Meta(description="The caller's own reference, where one was given.")]
    key_id: Annotated[
        str | UnsetType,
        Meta(description="Id of the key that asked for it: told to that key, and to one with `audit:read`."),
    ] = UNSET
    type: Annotated[str, Meta(description="Type of the home.", examples=["Departamento"])]
    sector: Annotated[str, Meta(description="Sector of the home.", examples=["Providencia"])]
    net_usable_area: Annotated[float, Meta(description="Usable area of the home in m2.", examples=[80.0])]
    status: Annotated[str, Meta(description="`valued` or `refused`.", examples=["valued"])]
    reason: Annotated[str | None, Meta(description="Why it was refused, a slug; else null.")]
    value: Annotated[float | None, Meta(description="The value, in `currency`.", examples=[184300.0])]
    value_low: Annotated[float | None, Meta(description="Lower end of the interval.", examples=[152100.0])]
    value_high: Annotated[float | None, Meta(description="Upper end of the interval.", examples=[223300.0])]
    currency: Annotated[str, Meta(description="Currency of the amounts.", examples=["USD"])]
    fsd: Annotated[float | None, Meta(description="Forecast standard deviation.", examples=[0.113])]
    confidence_score: Annotated[int | None, Meta(description="Confidence from 0 to 100.", examples=[89])]
    confidence_level: Annotated[str | None, Meta(description="Confidence in a word.", examples=["high"])]
    model_version: Annotated[str, Meta(description="Version of the model that computed it.", examples=["v3"])]

    @classmethod
    def of(cls, record: ValuationRecord, viewer: ApiKey) -> Self:
        """The answer that shows this valuation to a key."""
        interval, sure = record.interval, record.confidence
        is_told = Scope.AUDIT_READ in viewer.scopes or record.key_id == viewer.id
        return cls(
            valuation_id=record.id,
            recorded_at=record.at,
            client_ref=record.client_ref,
            key_id=record.key_id if is_told else UNSET,
            type=record.property.type,
            sector=record.property.sector,
            net_usable_area=record.property.net_usable_area,
            status="refused" if record.refusal else "valued",
            reason=record.refusal.reason if record.refusal else None,
            value=record.value,
            value_low=interval.low if interval else None,
            value_high=interval.high if interval else None,
            currency=record.currency,
            fsd=sure.fsd if sure else None,
            confidence_score=sure.score if sure else None,
            confidence_level=sure.level if sure else None,
            model_version=record.model_version,
        )


class ListedValuationsAnswer(Struct, kw_only=True):
    """A page of valuations, newest first."""

    valuations: Annotated[list[ListedValuation], Meta(description="The valuations, newest first.")]
    next: Annotated[
        str | None, Meta(description="What to send as `before` for those after these; null where there are no more.")
    ]
    searched_back_to: Annotated[
        datetime | None,
        Meta(
            description=f"Up to when the search looked back, where it stopped after {MOST_LOOKED_AT} records: send "
            "`next` to go on from there. Else null."
        ),
    ]
    unreadable: Annotated[
        int, Meta(description="How many places of the record could not be read and were passed over.", examples=[0])
    ]

    @classmethod
    def of(cls, page: ValuationPage, viewer: ApiKey) -> Self:
        """The answer that shows this page to a key."""
        return cls(
            valuations=[ListedValuation.of(each, viewer) for each in page.records],
            next=cursor_of(page.next) if page.next else None,
            searched_back_to=page.searched_back_to,
            unreadable=page.unreadable,
        )


class ListedValuations(Controller):
    """Lists of valuations on record. Litestar takes one controller a path: it is a part of that which values homes."""

    @get(
        "/",
        operation_id="list_valuations",
        summary="The newest valuations on record, or those sought",
        opt=needs(Scope.VALUE, Scope.AUDIT_READ),
        responses=answered(ListedValuationsAnswer, "The page.")
        | documented(_PATH, *(400, 401, 403, 503), examples={400: [_BAD], 503: [_OUT_OF_REACH]}),
    )
    async def page(
        self,
        request: Request[Any, ApiKey, Any],
        evidence: NamedDependency[Evidence],
        limit: Limit = None,
        before: Before = None,
        status: WantedStatus = None,
        search: Search = None,
        client_ref: ClientRef = None,
        since: Since = None,
        until: Until = None,
    ) -> JsonAnswer:
        """Valuations by the time of recording, newest first; those whose content was erased are not among them.

        Needs the scope `value` for those that the key itself has asked for, or a key that was rotated into it; with
        `audit:read` all are listed. `next` leads to those after these, whatever is recorded meanwhile. A search looks
        at a limited number of records and then says how far back it got: `next` goes on from there.
        """
        sought, most, place = read_listing(limit, before, status, search, client_ref, since, until)
        viewer = request.auth
        page = await evidence.of_pages.run(lambda: evidence.list_valuations(viewer, sought, most, place))
        return JsonAnswer(encode(ListedValuationsAnswer.of(page, viewer)))
