"""How the stored models did on their holdouts, as charts show it."""

import asyncio

from litestar import Controller, get
from litestar.di import NamedDependency

from application.served_model import ServedModel
from application.show_evaluation import ShowEvaluation
from domain.api_key import Scope
from domain.errors import EvaluationNotKept, EvaluationRefused, ModelNotFound, ModelStoreUnavailable
from entrypoints.http.answers import JsonAnswer, encode
from entrypoints.http.evaluation_bodies import EvaluationAnswer
from entrypoints.http.models import Version
from entrypoints.http.problems import answered, documented
from entrypoints.http.security import BY_KEY, needs

_NOT_KEPT = EvaluationNotKept(
    "v9 was stored without a picture of its evaluation, before these were kept: train again, or see `tasador evaluate "
    "--report` where its sales are."
)
_NOT_STORED = ModelNotFound("There is no stored model version 'v9': see the list of models.")
_ALTERED = EvaluationRefused("The evaluation of model version v9 is not shown: it was altered.")
_UNREACHABLE = ModelStoreUnavailable("what callers are not told")


class Evaluations(Controller):
    """Values against the prices of the sales that a version was judged by."""

    path = "/v1/models"
    tags = ("models",)
    security = BY_KEY
    opt = needs(Scope.MODELS_READ)

    @get(
        "/current/evaluation",
        operation_id="show_current_evaluation",
        summary="The evaluation of the served model",
        responses=answered(EvaluationAnswer, "The evaluation.")
        | documented(
            "/v1/models/current/evaluation",
            *(401, 403, 404, 409, 503),
            scope=Scope.MODELS_READ,
            examples={404: [_NOT_KEPT], 409: [_ALTERED]},
        ),
    )
    async def current(
        self, show_evaluation: NamedDependency[ShowEvaluation], served_model: NamedDependency[ServedModel]
    ) -> JsonAnswer:
        """Of the version that this service values with now, the same as below its name. Needs `models:read`."""
        return await _answer(show_evaluation, served_model.current().description.version)

    @get(
        "/{version:str}/evaluation",
        operation_id="show_evaluation",
        summary="The evaluation of a stored model",
        responses=answered(EvaluationAnswer, "The evaluation.")
        | documented(
            "/v1/models/v9/evaluation",
            *(401, 403, 404, 409, 503),
            scope=Scope.MODELS_READ,
            examples={404: [_NOT_STORED, _NOT_KEPT], 409: [_ALTERED], 503: [_UNREACHABLE]},
        ),
    )
    async def one(self, version: Version, show_evaluation: NamedDependency[ShowEvaluation]) -> JsonAnswer:
        """Values against prices of the holdout as they were when the version was trained. Needs `models:read`.

        Single sales with their places and prices are among it. It was kept with the version: neither sales nor the
        model itself are read. A version that was stored before this was kept is a 404.
        """
        return await _answer(show_evaluation, version)


async def _answer(show_evaluation: ShowEvaluation, version: str) -> JsonAnswer:
    return JsonAnswer(await asyncio.to_thread(lambda: encode(EvaluationAnswer.of(show_evaluation(version)))))
