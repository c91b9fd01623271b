"""Whether the service lives and can answer."""

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE
from structlog.contextvars import bind_contextvars

from application.check_readiness import Readiness
from entrypoints.http.limiting import KeyLimits
from entrypoints.http.notices import Notices
from entrypoints.http.problems import NO_MODEL, RETRY_SECONDS
from entrypoints.http.roster import Roster, Workers
from entrypoints.http.schemas import Liveness, ReadinessAnswer, WorkersAnswer
from entrypoints.http.security import PUBLIC
from entrypoints.http.shared_readiness import SharedReadiness


class Health(Controller):
    """Liveness and readiness, for whoever runs the service."""

    path = "/health"
    tags = ("health",)
    opt = PUBLIC

    @get(
        "/live",
        operation_id="live",
        response_description="The process answers.",
        summary="Whether the process answers",
        sync_to_thread=False,
    )
    def live(self) -> Liveness:
        """Answers as long as the process does. Needs no key."""
        return Liveness()

    @get(
        "/ready",
        operation_id="ready",
        response_description="Requests can be answered.",
        summary="Whether requests can be answered",
        responses={
            503: ResponseSpec(ReadinessAnswer, generate_examples=False, description="Requests cannot be answered now.")
        },
    )
    async def ready(
        self,
        shared_readiness: NamedDependency[SharedReadiness],
        roster: NamedDependency[Roster],
        limits: NamedDependency[KeyLimits],
        notices: NamedDependency[Notices],
    ) -> Response[ReadinessAnswer]:
        """Whether a model is loaded, the stores can be reached, valuations recorded, and all workers serve.

        Any worker tells of all. Needs no key, so it names no places. Where valuations are answered without a record
        (`valuation_log.when_unwritable = "serve"`), or rate limits counted without Redis, or where the TLS certificate
        expires within two weeks, that is a warning.
        """
        readiness = await shared_readiness.now()
        wrong = {part: said for part, said in readiness.checks.items() if said != "ok"}
        if wrong:
            bind_contextvars(error="; ".join(f"{part}: {said}" for part, said in wrong.items()))
        answer = _for_anyone(readiness, roster)
        if limits.warning:
            answer.warnings.append(limits.warning)
        answer.warnings.extend(notices.now())
        if answer.ready:
            return Response(answer, status_code=HTTP_200_OK)
        return Response(answer, status_code=HTTP_503_SERVICE_UNAVAILABLE, headers={"Retry-After": RETRY_SECONDS})


def _for_anyone(readiness: Readiness, roster: Roster) -> ReadinessAnswer:
    """What may be told without a key: the messages themselves name paths and hosts, and are in the log."""
    told = {part: said if said == "ok" else "unreachable: see the log" for part, said in readiness.checks.items()}
    if told["model"] != "ok":
        told["model"] = NO_MODEL
    workers = roster.seen()
    told["workers"] = "stopping" if roster.draining else _said_of(workers)
    warnings = [f"version {refusal.version} is not served: see the log" for refusal in readiness.refused]
    if lost := _lost_records(readiness):
        warnings.append(lost)
    if len(workers.serving) > 1:
        warnings.append("the workers serve different versions, for a moment or since one of them cannot load its own")
    return ReadinessAnswer(
        ready=readiness.ready and told["workers"] == "ok",
        checks=told,
        serving=readiness.serving,
        workers=WorkersAnswer(workers.wanted, workers.alive, dict(workers.serving)),
        warnings=warnings,
    )


def _lost_records(readiness: Readiness) -> str | None:
    """The warning of valuations that are not on record: those of the process that was asked."""
    count = readiness.unrecorded
    if count is None:
        return None
    if readiness.checks["valuation_log"] != "ok":
        return f"valuations are answered without a record, {count} since this process started: see the log"
    return (
        f"{count} valuations were answered without a record since this process started: see the log" if count else None
    )


def _said_of(workers: Workers) -> str:
    if workers.alive < workers.wanted:
        return f"{workers.alive} of {workers.wanted} serve"
    if without := workers.without_model:
        return f"{without} of {workers.wanted} have no model"
    return "ok"
