"""Models in a folder, as joblib writes them.

    blobs/sha256/<digest>.joblib   the models, named after their content
    versions/v1/manifest.json      what a stored version says of itself; a version is stored once this is there
    promotions.json                every promotion and rollback, in order

Whoever can write there can run code here: joblib files are programs. Digests tell damage, not malice.
"""

import contextlib
import errno
import hashlib
import re
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path

from filelock import FileLock, Timeout

from adapters.model_repositories.documents import (
    VERSION_NAME,
    OtherFormat,
    decode_promotions,
    decode_version,
    encode_promotions,
    encode_version,
)
from adapters.model_repositories.durable_folders import make_folder, remove_unfinished
from adapters.private_file import replace
from application.ports.model_repository import ModelRepository
from application.ports.model_trainer import TrainedModel
from domain.errors import ModelNotFound, ModelRefused, ModelStoreUnavailable
from domain.model_version import Artifact, ModelCard, ModelVersion, Promotion, version_before

_DIGEST = re.compile(r"[0-9a-f]{64}")
_COMPRESSION = 3
_LOCK_PATIENCE_SECONDS = 120
_LOCK_POLL_SECONDS = 0.01
_ANEW = "train again with `tasador train`: the new version is served in its place"
_OTHERWISE = "restore it from a backup, or promote another version"
_REMEDIES = {
    errno.ENOSPC: "free some space there",
    errno.EDQUOT: "free some space there",
    errno.EFBIG: "raise the limit on the size of a file",
    errno.EACCES: "give this user the right to read and write there",
    errno.EPERM: "give this user the right to read and write there",
    errno.EROFS: "make it writable",
}


class JoblibModelRepository(ModelRepository):
    """Keeps models under `folder`, which is made at the first `store`. Safe for several processes on one machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._blobs = folder / "blobs" / "sha256"
        self._versions = folder / "versions"
        self._history = folder / "promotions.json"

    def store(self, model: TrainedModel, card: ModelCard) -> ModelVersion:
        """Writes the model, then its manifest: the version is there from that moment on."""
        blob = _dumped(model)
        artifact = Artifact(hashlib.sha256(blob).hexdigest(), len(blob))
        with self._locked():
            stored = ModelVersion(self._next_name(), card, artifact)
            try:
                manifest = encode_version(stored)
            except ValueError as error:
                raise ModelRefused(
                    f"The model is not stored: {error}. Look for it in the sales and train again."
                ) from error
            with ExitStack() as undo:
                self._write(self._blob_of(stored), blob, undo)
                self._write(self._manifest_of(stored.version), manifest, undo)
                undo.pop_all()
        return stored

    def load(self, version: str) -> TrainedModel:
        """Reads the file once: what is checked is what is deserialised."""
        stored = self.describe(version)
        return self._deserialised(stored, self._unaltered_bytes(stored))

    def verify(self, version: str) -> None:
        """Compares the file with its manifest."""
        self._unaltered_bytes(self.describe(version))

    def describe(self, version: str) -> ModelVersion:
        """Reads the manifest."""
        if not VERSION_NAME.fullmatch(version):
            raise _not_found(version)
        file = self._manifest_of(version)
        with self._translated():
            try:
                manifest = file.read_bytes()
            except FileNotFoundError:
                raise _not_found(version) from None
        try:
            stored = decode_version(manifest)
        except OtherFormat as error:
            raise _refused(version, file, f"cannot be read: {_in_words(error)}", _ANEW) from error
        except ValueError as error:
            raise _refused(version, file, f"cannot be read: {_in_words(error)}") from error
        if stored.version != version:
            raise _refused(version, file, f"is that of another version, {stored.version!r:.30}")
        if not _DIGEST.fullmatch(stored.artifact.sha256):
            raise _refused(version, file, "names no SHA-256 of the model")
        return stored

    def versions(self) -> list[str]:
        """The folders that have a manifest, in the order of their numbers."""
        return [f"v{number}" for number in self._numbers()]

    def promotions(self) -> list[Promotion]:
        """Reads the history, which is never taken for empty where it is there and cannot be read."""
        with self._translated():
            try:
                history = self._history.read_bytes()
            except FileNotFoundError:
                return []
        try:
            return decode_promotions(history)
        except ValueError as error:
            raise ModelStoreUnavailable(
                f"The history of promotions {self._history} cannot be read: {_in_words(error)}. "
                "Restore it from a backup; without one, move it away and promote a version anew."
            ) from error

    def promote(self, version: str, at: datetime, by: str, reason: str = "") -> Promotion:
        """Checks the model's file, then adds to the history."""
        self.describe(version)  # before the lock: asking for what is not there makes no folder
        with self._locked():
            self.verify(version)
            return self._record(Promotion(version, "promote", at, by, reason))

    def roll_back(self, at: datetime, by: str, reason: str = "") -> Promotion:
        """Checks the file of the version before, then adds to the history."""
        version_before(self.promotions())  # as above
        with self._locked():
            version = version_before(self.promotions())
            self.verify(version)
            return self._record(Promotion(version, "rollback", at, by, reason))

    def _blob_of(self, stored: ModelVersion) -> Path:
        return self._blobs / f"{stored.artifact.sha256}.joblib"

    def _manifest_of(self, version: str) -> Path:
        return self._versions / version / "manifest.json"

    def _numbers(self) -> list[int]:
        """The numbers of the stored versions, ascending. A folder without a manifest is what a crash left."""
        with self._translated():
            try:
                folders = list(self._versions.iterdir())
            except FileNotFoundError:
                return []
            return sorted(
                int(match[1])
                for folder in folders
                if (match := VERSION_NAME.fullmatch(folder.name)) and self._manifest_of(folder.name).is_file()
            )

    def _next_name(self) -> str:
        # A version that once served is in logged valuations: its name is never given again, even if it was deleted.
        served = [int(promotion.version[1:]) for promotion in self.promotions()]
        return f"v{max([0, *self._numbers(), *served]) + 1}"

    def _write(self, file: Path, content: bytes, undo: ExitStack) -> None:
        for folder in (self._folder, file.parent.parent, file.parent):
            make_folder(folder)
        if not file.exists():
            undo.callback(_remove, file)
        replace(file, content)

    def _record(self, promotion: Promotion) -> Promotion:
        replace(self._history, encode_promotions([*self.promotions(), promotion]))
        return promotion

    def _unaltered_bytes(self, stored: ModelVersion) -> bytes:
        """The model's bytes, read once, of the size and digest that its manifest names."""
        file, expected = self._blob_of(stored), stored.artifact
        with self._translated():
            try:
                blob = file.read_bytes()
            except FileNotFoundError:
                raise _refused(stored.version, file, "is missing") from None
        if len(blob) < expected.size:
            raise _refused(stored.version, file, f"is truncated: it has {len(blob)} of {expected.size} bytes")
        if len(blob) > expected.size or hashlib.sha256(blob).hexdigest() != expected.sha256:
            raise _refused(stored.version, file, "was altered: it is not what its manifest says (SHA-256)")
        return blob

    def _deserialised(self, stored: ModelVersion, blob: bytes) -> TrainedModel:
        import joblib

        file = self._blob_of(stored)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # a library that warns of its own version is not to be trusted
                model = joblib.load(BytesIO(blob))
        except Exception as error:
            made_with = ", ".join(f"{name} {version}" for name, version in stored.card.libraries.items())
            cause = f"cannot be loaded here ({_in_words(error)}): it was made with {made_with or 'unknown libraries'}"
            raise _refused(stored.version, file, cause, "install those, or train a new version") from error
        if not isinstance(model, TrainedModel):
            raise _refused(stored.version, file, f"holds no trained model but a {type(model).__name__}")
        return model

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The repository to oneself, across processes, cleared of what killed ones left."""
        with self._translated():
            make_folder(self._folder)
            try:
                # Without flock no lock at all: a lock file that tells by being there would outlive a killed process.
                with FileLock(
                    self._folder / ".lock",
                    timeout=_LOCK_PATIENCE_SECONDS,
                    poll_interval=_LOCK_POLL_SECONDS,
                    mode=0o600,
                    fallback_to_soft=False,
                ):
                    for folder in (self._folder, self._blobs, *self._versions.glob("v*")):
                        remove_unfinished(folder)
                    yield
            except Timeout as error:
                raise ModelStoreUnavailable(
                    f"The model repository {self._folder} is being written by another process for over "
                    f"{_LOCK_PATIENCE_SECONDS} seconds: see what holds it up, then try again."
                ) from error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            remedy = _REMEDIES.get(error.errno or 0, "mend that, or set model_repository.path to another folder")
            raise ModelStoreUnavailable(
                f"The model repository {self._folder} cannot be used: {_in_words(error)}. To go on, {remedy}."
            ) from error


def _dumped(model: TrainedModel) -> bytes:
    import joblib

    buffer = BytesIO()
    joblib.dump(model, buffer, compress=_COMPRESSION)
    return buffer.getvalue()


def _remove(file: Path) -> None:
    """Takes a file back and its folder where that is empty then, as far as possible: another error is on its way."""
    with contextlib.suppress(OSError):
        file.unlink(missing_ok=True)
        file.parent.rmdir()


def _not_found(version: str) -> ModelNotFound:
    return ModelNotFound(f"There is no stored model version {version!r:.40}: see the list of models.")


def _refused(version: str, file: Path, cause: str, remedy: str = _OTHERWISE) -> ModelRefused:
    return ModelRefused(f"Model version {version} is refused: {file} {cause}. To go on, {remedy}.")


def _in_words(error: Exception) -> str:
    """One line that says what `error` says."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return " ".join(f"{error}".split()) or type(error).__name__
