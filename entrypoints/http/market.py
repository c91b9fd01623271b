"""The market as the served model knows it: for a form, for a map, and for the scale of prices."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import QueryParameter

from application.describe_market import DescribeMarket
from application.map_sales import MapSales
from application.served_model import ServedModel
from domain.api_key import Scope
from domain.errors import FieldProblem
from domain.market_survey import MOST_MAPPED
from domain.property import normalised
from entrypoints.http.answers import JsonAnswer, encode
from entrypoints.http.kept_answers import KeptAnswers
from entrypoints.http.market_bodies import MarketAnswer, MarketSalesAnswer
from entrypoints.http.problems import answered, documented
from entrypoints.http.schemas import LONGEST_TEXT
from entrypoints.http.security import BY_KEY, needs

_PATH = "/v1/market"
_SALES = "/v1/market/sales"
_USUAL_LIMIT = 20_000
SectorName = Annotated[
    str | None,
    QueryParameter(
        min_length=1,
        max_length=LONGEST_TEXT,
        description="Only sales of this sector; case, accents and outer spaces do not count.",
    ),
]
TypeName = Annotated[
    str | None,
    QueryParameter(
        min_length=1, max_length=LONGEST_TEXT, description="Only sales of this kind of home, compared likewise."
    ),
]
Limit = Annotated[
    int,
    QueryParameter(
        ge=1, le=MOST_MAPPED, description="At most so many; never more than the service's `console.map_sales`."
    ),
]

_BAD_LIMIT = ValidationException(extra=[FieldProblem("limit", f"must be a whole number from 1 to {MOST_MAPPED}")])


class Market(Controller):
    """What is known of the market."""

    path = _PATH
    tags = ("market",)
    security = BY_KEY
    opt = needs(Scope.VALUE)

    @get(
        "/",
        operation_id="show_market",
        summary="The market that the served model knows",
        responses=answered(MarketAnswer, "The market.") | documented(_PATH, 401, 403, 503),
    )
    async def market(
        self,
        describe_market: NamedDependency[DescribeMarket],
        served_model: NamedDependency[ServedModel],
        kept_answers: NamedDependency[KeptAnswers],
    ) -> JsonAnswer:
        """All that a form for a home needs: known types and sectors, fields with their bounds and usual figures.

        From the sales that the served model learned from. Needs the scope `value`.
        """
        served = served_model.current()
        return JsonAnswer(
            await kept_answers.of(
                served, "market", lambda: encode(MarketAnswer.of(served.description, describe_market(served)))
            )
        )

    @get(
        "/sales",
        operation_id="list_market_sales",
        summary="Sales that the served model learned from",
        responses=answered(MarketSalesAnswer, "The sales, in columns.")
        | documented(_SALES, 400, 401, 403, 503, examples={400: [_BAD_LIMIT]}),
    )
    async def sales(
        self,
        map_sales: NamedDependency[MapSales],
        served_model: NamedDependency[ServedModel],
        kept_answers: NamedDependency[KeptAnswers],
        sector: SectorName = None,
        type: TypeName = None,  # noqa: A002 (the name that callers use)
        limit: Limit = _USUAL_LIMIT,
    ) -> JsonAnswer:
        """Where, when and for how much homes were sold. Needs the scope `value`.

        Of more than `limit` sales an even choice over the map is shown, the same each time: at least one of every
        sector, as far as they go. A sector or type that the model does not know has none.
        """
        served = served_model.current()
        place, kind = (None if name is None else normalised(name) for name in (sector, type))
        most = min(limit, map_sales.most)

        def work() -> bytes:
            sales = map_sales(served, most, sector=place, kind=kind)
            return encode(MarketSalesAnswer.of(served.description, sales))

        return JsonAnswer(await kept_answers.of(served, ("sales", place, kind, most), work))
