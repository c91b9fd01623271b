"""Query parameters: a route takes those that it knows, each once. What is misspelt would otherwise do nothing."""

from datetime import datetime
from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.params import QueryParameter

from config.log_lines import masked, on_one_line
from domain.errors import FieldProblem
from domain.moment import parse_moment

NOT_KNOWN = "is not known here"
_LONGEST_NAME = 40


def check_parameters(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Raises ValidationException, naming each query parameter that the handler does not know or that comes twice.

    Asked only where a key is needed: probes of the other routes add some, so that nothing answers them from memory.
    """
    known = [
        name
        for name, parameter in handler.parsed_fn_signature.parameters.items()
        if isinstance(parameter.kwarg_definition, QueryParameter)
    ]
    given = connection.query_params
    problems = [
        FieldProblem(_shown(name), "must be given only once" if name in known else NOT_KNOWN)
        for name in dict.fromkeys(given.keys())
        if name not in known or len(given.getall(name)) > 1
    ]
    if problems:
        raise ValidationException(extra=problems)


def moment(name: str, text: str | None) -> datetime | None:
    """The moment, in UTC, that this parameter names, if it is there. Raises ValidationException."""
    if text is None:
        return None
    try:
        return parse_moment(text)
    except ValueError as error:
        raise ValidationException(extra=[FieldProblem(name, str(error))]) from None


def _shown(name: str) -> str:
    """`name`, shortened, with what cannot be seen escaped and no secret of a key in it."""
    return on_one_line(masked(name)[:_LONGEST_NAME])
