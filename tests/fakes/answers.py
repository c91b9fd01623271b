"""Answers as a model might give them, and how a portfolio gets into a sink."""

import math
from typing import TYPE_CHECKING

from application.portfolio_order import ANSWERS
from application.ports.portfolio_sink import PortfolioSink
from application.ports.portfolio_source import PortfolioSource

if TYPE_CHECKING:
    import pandas as pd

DETAIL = 'Type "castle", and more:\nit is not known.'


def made_up_answers(first: int, count: int, prefix: str = "") -> "pd.DataFrame":
    """To the rows from `first` on: every third is refused."""
    import pandas as pd

    places = range(first, first + count)
    valued = [place % 3 != 2 for place in places]

    def figures(factor: float) -> list[float]:
        return [(place + 1) * factor if good else math.nan for place, good in zip(places, valued, strict=True)]

    def texts(text: str, *, of_valued: bool) -> list[str | None]:
        return [text if good == of_valued else None for good in valued]

    columns = {
        "value": figures(100000.1),
        "value_low": figures(90000.123456789),
        "value_high": figures(1e10),
        "fsd": figures(1e-7),
        "confidence_score": [
            float(place % 100) if good else math.nan for place, good in zip(places, valued, strict=True)
        ],
        "status": pd.Categorical(["valued" if good else "refused" for good in valued], ["valued", "refused"]),
        "reason": pd.Categorical(texts("invalid_property", of_valued=False), ["invalid_property"]),
        "model_version": pd.Categorical(texts("v3", of_valued=True), ["v3"]),
        "detail": pd.Series(texts(DETAIL, of_valued=False), dtype=object),
    }
    return pd.DataFrame(columns).rename(columns=lambda name: prefix + name)


def put(source: PortfolioSource, sink: PortfolioSink, prefix: str = "", breaks_off: Exception | None = None) -> None:
    """Answers all rows of a source into a sink, or breaks off behind the last one."""
    head = source.head()
    names = [prefix + name for name in ANSWERS]
    sink.check(head, names)
    encode = sink.encoder(head, names)
    first = 0
    with sink.writing(head, names) as writer:
        for part in source.parts():
            rows = part.read(())
            writer.append(encode(rows, made_up_answers(first, len(rows.places), prefix)))
            first += len(rows.places)
        if breaks_off is not None:
            raise breaks_off
