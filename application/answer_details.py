"""Why a value, and compared with which sales, as the JSON text that stands in a column of a valued portfolio."""

import json
from collections.abc import Sequence

from domain.property import PROPERTY_FIELDS
from domain.valuation import Comparable, Explanation


def explanation_text(explanation: Explanation) -> str:
    """An explanation, with the fields that a single valuation has it by."""
    return _text(
        {
            "base_value": explanation.base_value,
            "contributions": [{"feature": each.feature, "effect": each.effect} for each in explanation.contributions],
            "method": explanation.method,
        }
    )


def comparables_text(comparables: Sequence[Comparable]) -> str:
    """Comparables, likewise, the most similar first."""
    return _text([_told(comparable) for comparable in comparables])


def _told(comparable: Comparable) -> dict[str, object]:
    similar, sale = comparable.similar, comparable.similar.sale
    return {
        "id": similar.id,
        "price": sale.price,
        "adjusted_price": comparable.adjusted_price,
        "adjustments": dict(comparable.adjustments),
        "predicted_value": comparable.predicted_value,
        "distance_m": similar.distance_m,
        "similarity": similar.similarity,
        "sold_on": sale.sold_on.isoformat() if sale.sold_on else None,
        **{name: getattr(sale.property, name) for name in PROPERTY_FIELDS},
        "extras": dict(sale.property.extras),
    }


def _text(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
