"""The stored models, and which of them is served."""

import asyncio
from typing import Annotated, Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from application.list_models import ListModels
from application.promote_model import PromoteModel, RollBackModel
from application.served_model import ServedModel
from domain.api_key import ApiKey, Scope
from domain.errors import FieldProblem, InvalidProperty, ModelRefused
from domain.reason import LONGEST_REASON, reason_fits
from entrypoints.http.bodies import NO_BODY, JsonBody, MalformedBody
from entrypoints.http.problems import documented
from entrypoints.http.refreshing import ModelRefresher, served_version
from entrypoints.http.schemas import ModelAnswer, ModelList, PromotionBody
from entrypoints.http.security import BY_KEY, needs

Version = Annotated[
    str,
    PathParameter(
        description="Name of a stored version, such as v3.",
        schema_extra={"pattern": "^v[1-9][0-9]{0,17}$"},  # told and not asked for: whatever else it is is a 404
    ),
]
CallerRequest = Request[Any, ApiKey, Any]

_BAD_REASON = FieldProblem("reason", f"must be one line of text, at most {LONGEST_REASON} characters")
_OWN_EXAMPLES = {400: [InvalidProperty([_BAD_REASON])]}


class Models(Controller):
    """The registry of models."""

    path = "/v1/models"
    tags = ("models",)
    security = BY_KEY

    @get(
        "/",
        operation_id="list_models",
        response_description="The stored models.",
        summary="The stored models",
        opt=needs(Scope.MODELS_READ),
        responses=documented("/v1/models", 401, 403, 503, scope=Scope.MODELS_READ),
    )
    async def all(
        self, list_models: NamedDependency[ListModels], served_model: NamedDependency[ServedModel]
    ) -> ModelList:
        """Every stored version, oldest first, with its card; a refused one with the reason. Needs `models:read`.

        This reads the cards and not the models: bytes that were altered show when a version is promoted, and to
        `tasador models verify`.
        """
        listed = await asyncio.to_thread(list_models)
        served = served_version(served_model)
        return ModelList(models=[ModelAnswer.of(model, served) for model in listed])

    @get(
        "/current",
        operation_id="show_current_model",
        response_description="The served model.",
        summary="The served model",
        opt=needs(Scope.MODELS_READ),
        responses=documented("/v1/models/current", 401, 403, 503, scope=Scope.MODELS_READ),
    )
    async def current(
        self, list_models: NamedDependency[ListModels], served_model: NamedDependency[ServedModel]
    ) -> ModelAnswer:
        """The version that this service values with now. Needs the scope `models:read`."""
        version = served_model.current().description.version
        return ModelAnswer.of(await asyncio.to_thread(list_models.one, version), version)

    @get(
        "/{version:str}",
        operation_id="show_model",
        response_description="The model.",
        summary="A stored model",
        opt=needs(Scope.MODELS_READ),
        responses=documented("/v1/models/v9", 401, 403, 404, 503, scope=Scope.MODELS_READ),
    )
    async def one(
        self, version: Version, list_models: NamedDependency[ListModels], served_model: NamedDependency[ServedModel]
    ) -> ModelAnswer:
        """A stored version with its card. Needs the scope `models:read`."""
        return ModelAnswer.of(await asyncio.to_thread(list_models.one, version), served_version(served_model))

    @post(
        "/{version:str}/promote",
        operation_id="promote_model",
        response_description="The model, served now.",
        summary="Serve a stored model",
        status_code=200,
        opt=needs(Scope.MODELS_WRITE),
        dto=JsonBody[PromotionBody],
        return_dto=None,
        responses=documented(
            "/v1/models/v9/promote",
            *(400, 401, 403, 404, 409, 413, 415, 503),
            scope=Scope.MODELS_WRITE,
            examples=_OWN_EXAMPLES,
        ),
    )
    async def promote(
        self,
        version: Version,
        request: CallerRequest,
        promote_model: NamedDependency[PromoteModel],
        served_model: NamedDependency[ServedModel],
        list_models: NamedDependency[ListModels],
        refresher: NamedDependency[ModelRefresher],
        data: JSONBody[object] = NO_BODY,
    ) -> ModelAnswer:
        """Makes a stored version the served one. Needs the scope `models:write`.

        Where several processes serve, the others follow within seconds.
        """
        promotion = await asyncio.to_thread(promote_model, version, request.auth.id, _reason(data))
        await refresher.refresh()
        return await _unless_refused(promotion.version, served_model, list_models)

    @post(
        "/rollback",
        operation_id="roll_back_model",
        response_description="The model, served again.",
        summary="Serve the previous model again",
        status_code=200,
        opt=needs(Scope.MODELS_WRITE),
        dto=JsonBody[PromotionBody],
        return_dto=None,
        responses=documented(
            "/v1/models/rollback",
            *(400, 401, 403, 409, 413, 415, 503),
            scope=Scope.MODELS_WRITE,
            examples=_OWN_EXAMPLES,
        ),
    )
    async def roll_back(
        self,
        request: CallerRequest,
        roll_back_model: NamedDependency[RollBackModel],
        served_model: NamedDependency[ServedModel],
        list_models: NamedDependency[ListModels],
        refresher: NamedDependency[ModelRefresher],
        data: JSONBody[object] = NO_BODY,
    ) -> ModelAnswer:
        """Makes the version served before the current one serve again. Needs the scope `models:write`.

        Where several processes serve, the others follow within seconds.
        """
        promotion = await asyncio.to_thread(roll_back_model, request.auth.id, _reason(data))
        await refresher.refresh()
        return await _unless_refused(promotion.version, served_model, list_models)


def _reason(body: object) -> str:
    """The reason that a body gives, if any. Raises MalformedBody, InvalidProperty."""
    if body is NO_BODY:
        return ""
    if not isinstance(body, dict):
        raise MalformedBody('The body must be a JSON object, such as {"reason": "lower COD"}, or empty.')
    problems = [FieldProblem(name, "is not known here") for name in body if name != "reason"]
    reason = body.get("reason", "")
    if not isinstance(reason, str) or not reason_fits(reason):
        problems.append(_BAD_REASON)
    if problems:
        raise InvalidProperty(problems)
    return str(reason)


async def _unless_refused(version: str, served_model: ServedModel, list_models: ListModels) -> ModelAnswer:
    """The model that was made the served one. Raises ModelRefused where it could not be loaded."""
    for refusal in served_model.refusals:
        if refusal.version == version:
            raise ModelRefused(refusal.reason)
    return ModelAnswer.of(await asyncio.to_thread(list_models.one, version), served_version(served_model))
