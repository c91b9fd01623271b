"""What schemathesis is told of this service: one key it must not end, and what is no failure here, with the reason.

An exception holds for one check, some operations, and answers that say the very thing in question.
"""

import atexit
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import schemathesis
from schemathesis import AuthContext, Case, HookContext, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData, UseAfterFree

KEY = "TASADOR_FUZZ_KEY"
"""The variable that holds the token which every request is sent with; none where it is empty."""
TALLY = "TASADOR_FUZZ_TALLY"
"""The variable that names the file to which the answers and what is let pass are written at the end, counted."""

_NOBODYS_KEY = "0" * 12

_token = os.environ[KEY]
_own_id = _token.split("_")[1] if _token else None
_answers: Counter[int] = Counter()
_let_pass: Counter[str] = Counter()


class _Exception(NamedTuple):
    failure: type[Failure]
    operations: frozenset[str]
    says: Callable[[Any, Case], bool]
    reason: str


def _says_empty(answer: Any, case: Case) -> bool:  # noqa: ARG001
    return bool(answer.get("errors")) and all(bad["message"] == "must not be empty" for bad in answer["errors"])


def _asks_of_a_key(answer: Any, case: Case) -> bool:
    return bool(answer.get("errors")) and all(
        _cannot_be_shown(case.body["label"]) if bad["field"] == "label" else "at most 366 days" in bad["message"]
        for bad in answer["errors"]
    )


def _has_such_a_reason(answer: Any, case: Case) -> bool:
    sent = case.query if case.method == "DELETE" else case.body
    return "reason" in answer["detail"].lower() and _cannot_be_shown(sent["reason"])


_NO_DAYS_OF_SALES = frozenset({"must not lie in the future", "must not lie before 1900-01-01"})


def _says_no_day_of_a_sale(answer: Any, case: Case) -> bool:  # noqa: ARG001
    return bool(answer.get("errors")) and all(bad["message"] in _NO_DAYS_OF_SALES for bad in answer["errors"])


def _ends_before_it_begins(answer: Any, case: Case) -> bool:  # noqa: ARG001
    return "since: must lie before until" in answer["detail"]


def _cannot_be_shown(text: str) -> bool:
    return not (text.strip() and text.isprintable())


_EXCEPTIONS = (
    _Exception(
        RejectedPositiveData,
        frozenset({"predict", "predict_batch"}),
        lambda answer, _: answer["type"] == "/problems/refused-property",
        "a sound home that is outside the market, of which these two can give no number",
    ),
    _Exception(
        RejectedPositiveData,
        frozenset({"predict", "predict_batch", "create_valuation", "value_what_if"}),
        _says_empty,
        "a type or sector of rare combining marks alone, whose list is too long for a pattern",
    ),
    _Exception(
        RejectedPositiveData,
        frozenset({"issue_key", "rotate_key"}),
        _asks_of_a_key,
        "a key's label must be printable (no pattern tells what is), and it lives at most 366 days in any unit",
    ),
    _Exception(
        RejectedPositiveData,
        frozenset({"revoke_key", "promote_model", "roll_back_model"}),
        _has_such_a_reason,
        "a reason that is kept must be printable, and no pattern tells what is",
    ),
    _Exception(
        AcceptedNegativeData,
        frozenset({"create_valuations"}),
        lambda answer, _: any(each["reason"] == "invalid_property" for each in answer["valuations"]),
        "a bad home of a batch never fails the others: it is refused in its place of a 200",
    ),
    _Exception(
        RejectedPositiveData,
        frozenset({"record_outcomes"}),
        _says_no_day_of_a_sale,
        "a sale that lies in the future, or before there were such sales: no schema of a date tells",
    ),
    _Exception(
        RejectedPositiveData,
        frozenset({"study_coverage"}),
        _ends_before_it_begins,
        "a period that ends before it begins, which no schema of two parameters can tell",
    ),
    _Exception(
        AcceptedNegativeData,
        frozenset({"record_outcomes"}),
        lambda answer, _: any(each.get("errors") for each in answer["outcomes"]),
        "a bad outcome of a list never fails the others: its receipt says what is wrong with it",
    ),
    _Exception(
        UseAfterFree,
        frozenset({"show_key"}),
        lambda answer, _: answer["state"] == "revoked" and "token" not in answer,
        "a revoked key stays on record: it is shown as revoked, for ever, and opens nothing",
    ),
)


class _WithKey:
    """The key that the run is about."""

    def get(self, case: Case, context: AuthContext) -> str:  # noqa: ARG002
        """The token."""
        return _token

    def set(self, case: Case, data: str, context: AuthContext) -> None:  # noqa: ARG002
        """Sends it along."""
        case.headers["X-API-Key"] = data


if _token:
    schemathesis.auth()(_WithKey)


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:  # noqa: ARG001
    """Spares the key that the run itself uses: its id is learned from the list of keys."""
    if case.method in {"DELETE", "POST"} and _own_id and case.path_parameters.get("key_id") == _own_id:
        case.path_parameters["key_id"] = _NOBODYS_KEY


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:  # noqa: ARG001
    """Counts the answer."""
    _answers[response.status_code] += 1


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:  # noqa: ARG001
    """Whether it is one."""
    operation = case.operation.definition.raw.get("operationId")
    for each in _EXCEPTIONS:
        if isinstance(failure, each.failure) and operation in each.operations and each.says(response.json(), case):
            _let_pass[each.reason] += 1
            return False
    return True


@atexit.register
def _write_tally() -> None:
    Path(os.environ[TALLY]).write_text(json.dumps({"answers": _answers, "let_pass": _let_pass}))
