"""What a model does not know, in plain sentences."""

import math
from collections.abc import Iterator

from application.build_report import Report
from domain.model_version import ModelCard
from entrypoints.cli.report.words import count, number, share


def limits(report: Report) -> list[str]:
    """Sentences for the model card."""
    card = report.evaluation.version.card
    return [*_of_fields(card), *_of_refusal(report), *_of_time(card), *_of_uncertainty(report)]


def _of_fields(card: ModelCard) -> Iterator[str]:
    yield (
        "It knows nothing of a home but the fields in its schema: no view, no state of repair, no noise, unless a "
        "further column tells of them."
    )
    grown = {name: factor - 1 for name, factor in card.unknown.items()}
    known = ", ".join(f"{name} {share(more, 0)}" for name, more in sorted(grown.items(), key=lambda item: -item[1]))
    if known:
        yield (
            "A field that it does not know (a type or sector never seen, a further column left empty) makes it less "
            f"sure, and intervals wider. So much larger were errors where a field was hidden from it: {known}."
        )


def _of_refusal(report: Report) -> Iterator[str]:
    evaluation = report.evaluation
    refused = sum(evaluation.judgement.refused.values())
    yield (
        "Homes outside the market of its sales (too far from any, far larger than any, coordinates that contradict the "
        f"sector) are refused, not valued: {refused:,} of the {evaluation.judgement.metrics.count:,} judged here. They "
        "are judged all the same."
    )


def _of_time(card: ModelCard) -> Iterator[str]:
    index = card.index
    if not index.is_dated:
        yield "It does not follow prices over time: every value is at the price level of its sales."
        return
    drift = math.expm1(index.drift["all"])
    ahead = (
        f"carried on by {number(100 * drift, 2, signed=True)} % a month for {count(index.drift_months, 'month')} and "
        "stays there"
        if index.drift_months and drift
        else "held where it is"
    )
    yield (
        f"Its price index knows {index.first_day} to {index.last_day}. After that the level is {ahead}; before that it "
        "is the one of the first month."
    )


def _of_uncertainty(report: Report) -> Iterator[str]:
    if report.allowance > 1:
        yield (
            f"Intervals are widened by the factor {number(report.allowance, 2)}: values are given after the sales that "
            "they are learned from, and looking back showed errors to be that much larger."
        )
    else:
        yield "Intervals have no allowance for values that are given long after the last sale it learned from."
    yield (
        f"It has errors enough for intervals up to the level {share(report.highest_level)}; at higher levels they are "
        "as wide as its largest errors and may hold less than they say."
    )
