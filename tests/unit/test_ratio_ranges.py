"""What the standard accepts."""

from dataclasses import replace
from typing import Any

import pytest

from domain.ratio_ranges import ACCEPTED, Range, verdicts
from domain.ratio_study import ratio_study
from tests.published_sales import fifty_four_sales


def test_the_standards_own_table_passes_by_prd_and_fails_by_vei() -> None:
    assert verdicts(ratio_study(*fifty_four_sales())) == {
        "median": False,
        "cod": False,
        "prd": True,
        "prb": False,
        "mki": False,
        "vei": False,
        "vei_significance": False,
    }


def test_what_cannot_be_told_has_no_verdict() -> None:
    study = ratio_study([100.0] * 5, [100.0] * 5)
    assert verdicts(study) == {"median": True, "cod": False, "prd": True}


@pytest.mark.parametrize(("name", "low", "high"), [(name, r.low, r.high) for name, r in ACCEPTED.items()])
def test_the_ends_of_a_range_are_accepted_and_what_lies_beyond_is_not(name: str, low: float, high: float) -> None:
    study = ratio_study(*fifty_four_sales())
    for figure, accepted in ((low, True), (high, True), (low - 1e-9, low == low - 1e-9), (high + 1e-9, False)):
        changed: dict[str, Any] = {name: figure}
        assert verdicts(replace(study, **changed))[name] is accepted


def test_the_ranges_are_those_of_the_standard_and_cannot_be_changed() -> None:
    assert ACCEPTED["cod"] == Range(5, 15)
    assert ACCEPTED["prd"] == Range(0.98, 1.03)
    with pytest.raises(TypeError):
        ACCEPTED["cod"] = Range(0, 99)  # type: ignore[index]
