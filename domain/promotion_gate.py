"""Whether a new version may take the place of the one in service, and what was compared to decide it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Margins:
    """How much worse than the version in service a new one may be.

    Shares of the figure of the version in service (`_relative`) and percentage points (`_points`): where both are given
    the larger counts. `coverage_points` and `prb` are about the distance from the interval level and from 0. A sector
    is large from `large_sector` holdout sales on. A figure worse by more than `gross` margins refuses the version
    however few sales say so.
    """

    mdape_points: float = 0.5
    mdape_relative: float = 0.05
    coverage_points: float = 2.0
    cod_relative: float = 0.05
    prb: float = 0.02
    sector_mdape_points: float = 1.0
    sector_mdape_relative: float = 0.10
    large_sector: int = 30
    gross: float = 10.0


@dataclass(frozen=True, slots=True)
class GateCheck:
    """One figure of two versions on the same sales.

    candidate, serving, worsening, low, high, margin: in per cent where `unit` is "%", else plain. worsening: how much
    larger the candidate's figure is, or how much farther from `target` where there is one. low, high: its 90 %
    bootstrap interval. chance: how probable such a worsening is, if the candidate is truly no worse.
    """

    name: str
    unit: str
    candidate: float
    serving: float
    target: float | None
    worsening: float
    low: float
    high: float
    chance: float
    margin: float
    passed: bool

    def sentence(self, serving: str) -> str:
        """The figures in words; `serving` is the name of the version in service."""
        digits, unit, points = (1, " %", " points") if self.unit == "%" else (3, "", "")
        how = "worse" if self.target is None else f"farther from {self.target:g}{unit}"
        return (
            f"{self.name} {self.candidate:.{digits}f}{unit} against {self.serving:.{digits}f}{unit} of {serving} "
            f"({how} by {self.worsening:.{digits}f}{points}, margin {self.margin:.{digits}f})"
        )


@dataclass(frozen=True, slots=True)
class GateDecision:
    """All that was compared. The candidate passes where every check does."""

    checks: tuple[GateCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether the candidate may be served."""
        return all(check.passed for check in self.checks)

    @property
    def failed(self) -> tuple[GateCheck, ...]:
        """The checks that refuse it."""
        return tuple(check for check in self.checks if not check.passed)

    def reason(self, serving: str = "the version in service") -> str:
        """One line: what failed with its figures, or that nothing did; `serving` is the name of that version."""
        if self.failed:
            return "; ".join(check.sentence(serving) for check in self.failed)
        names = ", ".join(check.name for check in self.checks)
        return f"not worse than {serving} beyond the margins in {names}" if names else "nothing was compared"
