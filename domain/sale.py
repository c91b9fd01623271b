"""A property that was sold."""

from dataclasses import dataclass
from datetime import date

from domain.errors import FieldProblem, InvalidProperty
from domain.property import NumberRule, Property

PRICE_RULE = NumberRule("price", unit="market currency", above=0, at_most=1e15)


@dataclass(frozen=True, slots=True)
class Sale:
    """What a home sold for, in the market's currency, and when, where that is known.

    Raises InvalidProperty for a price that is no positive, finite number.
    """

    property: Property
    price: float
    sold_on: date | None = None

    def __post_init__(self) -> None:
        if message := PRICE_RULE.problem_with(self.price):
            raise InvalidProperty([FieldProblem("price", message)])
