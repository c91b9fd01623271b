"""What the exporters of logs and of traces share: a collector that is spoken to in OTLP over HTTP.

The SDK's own queues are not used: they do not count what they drop, lose what a collector did not take, and tell of
both in the very log that is being exported.
"""

import logging
import os
import socket
from collections.abc import Callable, Sequence
from enum import Enum
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

import requests
from opentelemetry.sdk.resources import Resource

from adapters.shipping import Destination, Refused, Undelivered

T = TypeVar("T", contravariant=True)  # noqa: PLC0105
SECONDS_TO_GATHER = 1.0
"""A request to a collector takes as much processor time as thirty lines."""
_TO_BE_SET_RIGHT = frozenset({401, 403, 404, 408, 429})
"""What a collector answers until somebody has set right what is amiss there, or here."""


class Exporter(Protocol[T]):
    """What there is of an exporter of the SDK for us."""

    def export(self, batch: Sequence[T], /) -> Enum:
        """Sends them, and says SUCCESS or FAILURE."""

    def shutdown(self) -> None:
        """Ends the connections."""


class Collector(Destination[T]):
    """Sends what an exporter of the SDK sends. Headers, certificates and such come from OTEL_EXPORTER_OTLP_*.

    `exporter` makes it, for a session of ours.
    """

    def __init__(self, exporter: Callable[[requests.Session], Exporter[T]]) -> None:
        _silence_the_sdk()
        self._session = _Session()
        self._exporter = exporter(self._session)

    def send(self, items: Sequence[T]) -> None:
        """Sends them. Raises Undelivered or Refused."""
        self._session.failure = None
        if self._exporter.export(items).name != "SUCCESS":
            raise self._session.failure or Refused("what is to be sent cannot be encoded")

    def close(self) -> None:
        """Ends the connections."""
        self._exporter.shutdown()


class _Session(requests.Session):
    """Tries once and keeps what went wrong: exporters neither tell it nor leave it to others to try again."""

    failure: Undelivered | None = None

    def request(self, *given: Any, **named: Any) -> requests.Response:
        """The answer, where the collector has taken what was sent. Raises Undelivered or Refused."""
        try:
            try:
                answer = super().request(*given, **named)
            except requests.ConnectionError as error:  # perhaps one that stood open for long, which it has closed
                if isinstance(error, requests.Timeout | requests.exceptions.SSLError):
                    raise
                answer = super().request(*given, **named)
        except requests.RequestException as error:
            self.failure = Undelivered(_reason(error))
            raise self.failure from None
        if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            final = answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR and answer.status_code not in _TO_BE_SET_RIGHT
            self.failure = (Refused if final else Undelivered)(f"it answers {answer.status_code}")
            raise self.failure
        return answer


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate cannot be trusted, or it does not speak TLS"
    return "it does not answer in time" if isinstance(error, requests.Timeout) else "it cannot be reached"


def _silence_the_sdk() -> None:
    """What it says of a failed export would be a line of the log, to be exported in its turn."""
    told = logging.getLogger("opentelemetry")
    told.propagate = False
    told.handlers = [logging.NullHandler()]


def resource_of(version: str) -> Resource:
    """What names this process in a collector, with what OTEL_RESOURCE_ATTRIBUTES adds."""
    return Resource.create(
        {
            "service.name": "tasador",
            "service.version": version,
            "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
        }
    )


def endpoint(url: str, signal: str) -> str:
    """Where a collector at `url` takes `logs` or `traces`."""
    return f"{url.rstrip('/')}/v1/{signal}"
