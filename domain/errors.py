"""What can go wrong, each named after it.

`str(error)` is one line for the user: what was wrong, where, and what to do. It never holds a secret.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class DomainError(Exception):
    """Something that a user or an operator can mend. `str()` of it is fit to be shown."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One bad field: its name as the caller wrote it, and what was expected of it."""

    field: str
    message: str


class InvalidFields(DomainError):
    """Something that breaks the rules of its fields; `problems` names every bad field at once."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in self.problems))


class InvalidProperty(InvalidFields):
    """A property that cannot be one."""


class InvalidFollowUp(InvalidFields):
    """An outcome of a valuation, or a valuer's override, that cannot be one."""


class InvalidPeriod(InvalidFields):
    """A period that ends before it begins."""


class SourceUnavailable(DomainError):
    """The sales cannot be reached: no such file, no permission, database down, query refused."""


class SourceMalformed(DomainError):
    """The sales were reached but are no table: empty, a column missing or named twice, undecodable."""


class SourceChanged(DomainError):
    """The source no longer holds the sales that a stored model was made from."""


class NoUsableSales(DomainError):
    """Too few rows are left to train or evaluate on."""


class PriceLeak(DomainError):
    """A feature determines the price, so a model trained on it would only repeat what it was told."""


class UnknownRecipe(DomainError):
    """No recipe of this name."""


class ModelDisagreement(DomainError):
    """The model as it would be served does not reproduce the pipeline that was fitted."""


class ModelNotFound(DomainError):
    """No stored version of this name."""


class ModelRefused(DomainError):
    """A stored version that must not be loaded: altered, truncated, or of another format."""


class EvaluationNotKept(DomainError):
    """A stored version of which no picture of its holdout was kept."""


class EvaluationRefused(DomainError):
    """A stored picture of a holdout that must not be shown: altered, truncated, or of another format."""


class NoModelServed(DomainError):
    """Nothing has been promoted yet, or no promoted version can be loaded."""


class NothingToRollBack(DomainError):
    """No version was served before the current one."""


class ModelStoreUnavailable(DomainError):
    """The model repository cannot be read or written: disk full, no permission, gone."""


class TrainingBusy(DomainError):
    """Another training into the same model repository is under way; the message says whose."""


class InvalidKeyRequest(DomainError):
    """A key was asked for with an unusable label, scope or lifetime."""


class KeyNotFound(DomainError):
    """No key of this id."""


class DuplicateKey(DomainError):
    """A key of this id is stored already."""


class KeyNotActive(DomainError):
    """A key that has expired, was revoked or was replaced, so that it cannot be rotated."""


class LastAdminKey(DomainError):
    """The only key left that may manage keys; `key_id` is its id."""

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        super().__init__(
            f"Key {key_id} is the last that may manage keys, or will be within a day: issue another with the scope "
            "keys:admin first, or revoke it on the service's own machine with `tasador keys revoke --force`."
        )


class ScopeNotHeld(DomainError):
    """A key was asked to hand on scopes that it does not have itself."""


class KeyRejected(DomainError):
    """A key that does not open the door; the message is the same whatever the cause.

    `cause` is for the key log alone: missing, malformed, unknown, wrong_secret,
    expired or revoked. `key_id` is the id that a well-formed token names.
    """

    def __init__(self, cause: str, key_id: str | None = None) -> None:
        self.cause = cause
        self.key_id = key_id
        super().__init__("A valid API key is required: send it as X-API-Key or as Authorization: Bearer.")


class ScopeMissing(DomainError):
    """A valid key that was not given the scope which the request needs."""


class RateLimited(DomainError):
    """Something is done too often; it may be done again in `seconds`, a whole number from 1 on."""

    def __init__(self, said: str, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(said)


class FailedKeysThrottled(RateLimited):
    """Keys that do not open the door were presented too often; the message is the same whatever was wrong with them."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            "This key is not valid, and too many such came from this address or under its id: wait, then send a valid "
            "key. Valid keys are answered all the while.",
            seconds,
        )


class KeyStoreUnavailable(DomainError):
    """The key store cannot be reached, read or written; nothing is said of any key."""


class SchemaOutdated(KeyStoreUnavailable):
    """The database was set up by another version of the program; the message says which, and what to do."""


class KeyStoreMalformed(DomainError):
    """The key store was reached but is not what was written there; the message names the row."""


class KeyStoreSpoiled(KeyStoreMalformed):
    """The whole key store is something else; nothing is said of any key."""


class SecretUnavailable(DomainError):
    """A secret of the service's own (the pepper) cannot be read or made."""


class InstallationIncomplete(DomainError):
    """A part of the program itself is missing or of another version."""


class LogFolderUnavailable(DomainError):
    """The folder of the log files cannot be written to."""


class LogFileUnreadable(DomainError):
    """An encrypted log file that cannot be decrypted."""


class IdentityUnusable(DomainError):
    """The file that should hold the private keys for encrypted log files holds none that can be used."""


class QuarantineUnavailable(DomainError):
    """The rows set aside cannot be written down, so nothing is trained on the rest."""


class ValuationLogUnavailable(DomainError):
    """Valuations cannot be put on record, or the record of them cannot be read."""


class ValuationNotFound(DomainError):
    """No valuation of this id is on record."""


class ValuationNotShown(ValuationNotFound):
    """No valuation of this id is on record, or none that may be shown to who asks."""


class SegmentNotFound(DomainError):
    """The register of the evidence knows no segment of this name."""


class InvalidSample(DomainError):
    """A sample of valuations was asked for that cannot be drawn."""


class ReferenceMissing(DomainError):
    """A stored version that knows nothing of how the homes looked that it learned from."""


class OutputUnavailable(DomainError):
    """Results cannot be put where they were asked for: no folder, no permission, disk full, a column named twice."""


class OutputBusy(DomainError):
    """Another run is writing the same output."""


class EngineUnavailable(DomainError):
    """What should value a portfolio cannot be reached, or fails again and again at one part."""


class RunChanged(DomainError):
    """An unfinished run cannot be gone on with: its input, model or form is no longer what it was."""
