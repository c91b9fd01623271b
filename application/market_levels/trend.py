"""Which course of the market would have foretold its own months best, and where it goes from here."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Codes = NDArray[np.intp]

_SLOPE_PRIOR = 0.01  # SD of a market's slope, log per month, before anything is seen
_LEVEL_PRIOR = 3.0
_LONGEST_HORIZON = 12
_TIE = 0.02  # of the squared error of forecasts


@dataclass(frozen=True, slots=True)
class Course:
    """How a market may move, per month: SDs in log. A level, a slope that may change, a slope that lasts.

    wander: of the level's own steps. turn: of the changes of the slope; damping: what is left of the slope after a
    month. lasting: whether there is a slope that never changes, to which the other comes back.
    """

    wander: float = 0.0
    turn: float = 0.0
    damping: float = 1.0
    lasting: bool = False


FLAT = Course()
# The smoother and flatter ones first: they win ties.
COURSES = (
    FLAT,
    Course(lasting=True),
    *(Course(wander=wander) for wander in (0.0025, 0.005, 0.01, 0.02)),
    *(Course(wander=wander, lasting=True) for wander in (0.0025, 0.005, 0.01, 0.02)),
    *(Course(turn=turn, damping=0.9, lasting=True) for turn in (0.0005, 0.001, 0.002, 0.004)),
    *(Course(turn=turn, damping=0.9) for turn in (0.0005, 0.001, 0.002, 0.004)),
    *(Course(turn=turn) for turn in (0.00025, 0.0005, 0.001, 0.002, 0.004)),
)


@dataclass(frozen=True, slots=True)
class Trend:
    """The course chosen, its levels at the months with sales, and the mean log per month that it goes on by."""

    course: Course
    levels: Vector
    drift: float


def fit_trend(months: Codes, levels: Vector, weights: Vector, scatter: float, ahead: int) -> Trend:
    """Smooths levels of months (ascending, not all months need have sales) by the course that forecast them best.

    A level of weight w has the variance scatter^2 / w. Forecasts are of up to a year ahead from each month after the
    first third, as a Kalman filter makes them that knows only the months before; squared errors count by weight.
    `drift` is the mean over the next `ahead` months.
    """
    grid = _Grid.of(months, levels, weights, scatter)
    course = _best(COURSES, forecast_errors(COURSES, grid))
    smoothed = _smoothed(course, grid)
    return Trend(course, smoothed.states[grid.seen, 0], smoothed.drift(ahead))


@dataclass(frozen=True, slots=True)
class _Grid:
    """Every month from the first to the last, with or without sales: shape (t,)."""

    seen: Codes
    levels: Vector
    weights: Vector
    variances: Vector

    @classmethod
    def of(cls, months: Codes, levels: Vector, weights: Vector, scatter: float) -> "_Grid":
        seen = months - months[0]
        length = int(seen[-1]) + 1
        all_levels, all_weights = np.zeros(length), np.zeros(length)
        all_levels[seen], all_weights[seen] = levels, weights
        variances = np.full(length, np.inf)
        variances[seen] = scatter**2 / weights
        return cls(seen, all_levels, all_weights, variances)


def _best(courses: tuple[Course, ...], errors: Vector) -> Course:
    near = np.flatnonzero(errors <= errors.min() * (1 + _TIE))
    return courses[int(near[0])]


def forecast_errors(courses: tuple[Course, ...], grid: _Grid) -> Vector:
    """The weighted mean squared error of each course's forecasts, shape (courses,)."""
    length = len(grid.levels)
    horizon = int(np.clip(len(grid.seen) // 4, 1, _LONGEST_HORIZON))
    first = max(int(grid.seen[len(grid.seen) // 3]), 1)
    total, weight = np.zeros(len(courses)), 0.0
    filtered = _Filter(courses)
    damping = np.array([course.damping for course in courses])
    for month in range(length - 1):
        filtered.see(grid.levels[month], grid.variances[month])
        if month >= first:
            level, slope, lasting = filtered.state.T
            bent = np.zeros(len(courses))
            for ahead in range(1, min(horizon, length - 1 - month) + 1):
                bent = 1 + damping * bent
                if grid.weights[month + ahead] > 0:
                    error = grid.levels[month + ahead] - (level + slope * bent + lasting * ahead)
                    total += grid.weights[month + ahead] * error**2
                    weight += grid.weights[month + ahead]
        filtered.move_on()
    return total / max(weight, 1e-12)


class _Filter:
    """Kalman filters of several courses side by side; the state is (level, slope, lasting slope)."""

    def __init__(self, courses: tuple[Course, ...]) -> None:
        self.state = np.zeros((len(courses), 3))
        self.cov = np.zeros((len(courses), 3, 3))
        self.step = np.zeros((len(courses), 3, 3))
        self._noise = np.zeros((len(courses), 3, 3))
        for number, course in enumerate(courses):
            slope = _SLOPE_PRIOR**2 if course.turn and not course.lasting else course.turn**2
            self.cov[number] = np.diag([_LEVEL_PRIOR**2, slope, _SLOPE_PRIOR**2 * course.lasting])
            self.step[number] = np.array([[1.0, 1.0, 1.0], [0.0, course.damping, 0.0], [0.0, 0.0, 1.0]])
            self._noise[number] = np.diag([course.wander**2, course.turn**2, 0])

    def see(self, level: float, variance: float) -> None:
        if not np.isfinite(variance):
            return
        gain = self.cov[:, :, 0] / (self.cov[:, 0, 0] + variance)[:, None]
        self.state = self.state + gain * (level - self.state[:, 0])[:, None]
        self.cov = self.cov - gain[:, :, None] * self.cov[:, None, 0, :]

    def move_on(self) -> None:
        self.state = (self.step @ self.state[:, :, None])[:, :, 0]
        self.cov = self.step @ self.cov @ self.step.transpose(0, 2, 1) + self._noise


@dataclass(frozen=True, slots=True)
class _Smoothed:
    course: Course
    states: Vector

    def drift(self, ahead: int) -> float:
        """The mean log per month over the next `ahead` months."""
        _, slope, lasting = self.states[-1]
        bent = sum(self.course.damping**step for step in range(ahead)) / max(ahead, 1)
        return float(slope * bent + lasting)


def _smoothed(course: Course, grid: _Grid) -> _Smoothed:
    """The states of every month given all months: Rauch, Tung and Striebel's smoother."""
    filtered = _Filter((course,))
    length = len(grid.levels)
    seen, covs, ahead, ahead_covs = [], [], [], []
    for month in range(length):
        filtered.see(grid.levels[month], grid.variances[month])
        seen.append(filtered.state[0])
        covs.append(filtered.cov[0])
        filtered.move_on()
        ahead.append(filtered.state[0])
        ahead_covs.append(filtered.cov[0])
    states = np.array(seen)
    for month in range(length - 2, -1, -1):
        back = covs[month] @ filtered.step[0].T @ np.linalg.pinv(ahead_covs[month], hermitian=True)
        states[month] = states[month] + back @ (states[month + 1] - ahead[month])
    return _Smoothed(course, states)
