"""The forward test: how values did against the sales that came later."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.params import QueryParameter

from application.study_coverage import StudyCoverage
from domain.api_key import Scope
from domain.errors import FieldProblem, InvalidPeriod, ModelNotFound, ValuationLogUnavailable
from entrypoints.http.answers import JsonAnswer, encode
from entrypoints.http.coverage_bodies import CoverageStudyAnswer
from entrypoints.http.parameters import moment
from entrypoints.http.problems import answered, documented
from entrypoints.http.security import BY_KEY, needs
from entrypoints.http.slow_threads import SlowThreads

_PATH = "/v1/monitoring/coverage"
_A_MOMENT = {
    "any_of": [Schema(type=OpenAPIType.STRING, format=each) for each in (OpenAPIFormat.DATE, OpenAPIFormat.DATE_TIME)]
}
Since = Annotated[
    str | None,
    QueryParameter(
        description="Valuations made from this day or time (UTC) on; all where it is not given.", schema_extra=_A_MOMENT
    ),
]
Until = Annotated[
    str | None,
    QueryParameter(
        description="Valuations made before this day or time (UTC); now where it is not given.", schema_extra=_A_MOMENT
    ),
]
Version = Annotated[
    str | None,
    QueryParameter(min_length=1, max_length=40, description="Valuations by this version of the model, such as v3."),
]

_BAD_PERIOD = InvalidPeriod([FieldProblem("since", "must lie before until, which is 2026-11-22T00:00:00+00:00")])
_UNKNOWN_VERSION = ModelNotFound("There is no stored model version 'v9', and no valuation by it is on record.")


class CoverageMonitoring(Controller):
    """The served model against the sales that came later."""

    path = _PATH
    tags = ("monitoring",)
    security = BY_KEY
    opt = needs(Scope.MONITOR_READ)

    @get(
        "/",
        operation_id="study_coverage",
        summary="Hold valuations against the sales that came later",
        responses=answered(CoverageStudyAnswer, "The study.")
        | documented(
            _PATH,
            *(400, 401, 403, 404, 503),
            scope=Scope.MONITOR_READ,
            examples={
                400: [_BAD_PERIOD],
                404: [_UNKNOWN_VERSION],
                503: [ValuationLogUnavailable("what callers are not told")],
            },
        ),
    )
    async def coverage(
        self,
        study_coverage: NamedDependency[StudyCoverage],
        studies: NamedDependency[SlowThreads],
        since: Since = None,
        until: Until = None,
        version: Version = None,
    ) -> JsonAnswer:
        """Errors, coverage, hit rates and the ratio study of values whose homes were sold later. Needs `monitor:read`.

        Of each valuation the last told sale that is not before it counts, and of each sale the last valuation before
        it; by version, each version's own last one. A version that is neither stored nor on record is a 404. Figures
        have 95 per cent intervals; groups of fewer than 20 valued homes are counted only. Takes a while where there are
        many.
        """
        began, ended = moment("since", since), moment("until", until)
        study = await studies.run(lambda: study_coverage(began, ended, version))
        return JsonAnswer(encode(CoverageStudyAnswer.of(study)))
