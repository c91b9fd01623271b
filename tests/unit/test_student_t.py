"""Student's t against scipy, which the domain may not import."""

import pytest
from scipy import stats

from domain.student_t import central_t


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99, 0.999])
@pytest.mark.parametrize("freedom", [1, 2, 3, 5, 10, 31, 52, 120, 1_000])
def test_it_is_scipys(freedom: int, level: float) -> None:
    assert central_t(level, freedom) == pytest.approx(stats.t.ppf((1 + level) / 2, freedom), rel=1e-10)


def test_it_nears_the_normal_distribution() -> None:
    assert central_t(0.95, 10_000_000) == pytest.approx(stats.norm.ppf(0.975), rel=1e-6)


@pytest.mark.parametrize(("level", "freedom"), [(0.0, 5), (1.0, 5), (0.95, 0)])
def test_what_has_no_t_is_refused(level: float, freedom: int) -> None:
    with pytest.raises(ValueError, match="level"):
        central_t(level, freedom)
