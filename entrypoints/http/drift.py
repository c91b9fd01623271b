"""Whether the homes that callers ask for are still those that the served model learned from."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from application.served_model import ServedModel
from application.study_drift import StudyDrift
from domain.api_key import Scope
from domain.drift import MOST_DAYS
from domain.errors import NoModelServed, ReferenceMissing, ValuationLogUnavailable
from entrypoints.http.answers import JsonAnswer, encode
from entrypoints.http.drift_answer import DriftAnswer
from entrypoints.http.problems import NO_MODEL, answered, documented
from entrypoints.http.security import BY_KEY, needs
from entrypoints.http.slow_threads import SlowThreads

PATH = "/v1/monitoring/drift"
Days = Annotated[
    int | None,
    QueryParameter(ge=1, le=MOST_DAYS, description="How many days to look back; by default monitoring.drift_days."),
]

_PROBLEMS: dict[int, list[Exception]] = {
    409: [ReferenceMissing("Model version v1 was stored by an earlier Tasador: train again with `tasador train`.")],
    503: [NoModelServed(NO_MODEL), ValuationLogUnavailable("what callers are not told")],
}


class Drift(Controller):
    """The study of drift."""

    path = PATH
    tags = ("monitoring",)
    security = BY_KEY
    opt = needs(Scope.MONITOR_READ)

    @get(
        "/",
        operation_id="get_drift",
        summary="Whether the homes valued are still those that the model learned from",
        responses=answered(DriftAnswer, "The study.")
        | documented(PATH, 401, 403, 409, 503, scope=Scope.MONITOR_READ, examples=_PROBLEMS),
    )
    async def drift(
        self,
        study_drift: NamedDependency[StudyDrift],
        served_model: NamedDependency[ServedModel],
        studies: NamedDependency[SlowThreads],
        days: Days = None,
    ) -> JsonAnswer:
        """Each field of the homes valued by the served version, and how many are refused. Needs `monitor:read`.

        It is worked out anew each time, from every valuation on record in these days: of many, that takes a while.
        """
        served = served_model.current()
        study = await studies.run(lambda: study_drift(served, days))
        return JsonAnswer(encode(DriftAnswer.of(study)))
