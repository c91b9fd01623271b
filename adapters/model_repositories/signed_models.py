"""Models as objects that are made once and never changed, wherever those objects lie.

    blobs/sha256/<digest>.joblib   the models, named after their content
    blobs/sha256/<digest>.json.gz  the pictures of their holdouts, likewise
    versions/v1/manifest.json      what a stored version says of itself, signed; a version is stored once this is there
    promotions/00000001.json       promotions, rollbacks and removals; what is served follows from them in their order

Nothing is locked: of many that want to be version 7 or promotion 12, one makes that object, and the others look again.
A joblib file is a program: it is run only if a trusted key signed its digest.
"""

import contextlib
import hashlib
import re
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adapters.model_repositories.documents import (
    VERSION_NAME,
    Decision,
    OtherFormat,
    decode_version,
    encode_version,
    seal,
    unseal,
)
from adapters.model_repositories.objects import About, Objects, create_or_recognise, is_there
from adapters.model_repositories.pictures import decode_picture, encode_picture
from adapters.model_repositories.promotion_records import History, PromotionRecords
from adapters.model_repositories.serialised import dumped, loaded
from adapters.model_repositories.signatures import NotTrusted, SigningKeys
from application.ports.model_repository import ModelRepository
from application.ports.model_trainer import TrainedModel
from domain.errors import (
    EvaluationNotKept,
    EvaluationRefused,
    InstallationIncomplete,
    ModelNotFound,
    ModelRefused,
    ModelStoreUnavailable,
    NothingToRollBack,
)
from domain.holdout_picture import HoldoutPicture
from domain.model_version import (
    Artifact,
    ModelCard,
    ModelVersion,
    Promotion,
    Pruned,
    dispensable,
    served_stack,
    version_before,
)

_BLOBS, _VERSIONS = "blobs/sha256", "versions"
_BLOB = re.compile(rf"{_BLOBS}/([0-9a-f]{{64}})\.(joblib|json\.gz)")
_MANIFEST = re.compile(rf"{_VERSIONS}/({VERSION_NAME.pattern})/manifest\.json")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DIGESTS = re.compile(rb"[0-9a-f]{64}")
_LONGEST_WRITING = timedelta(days=1)
_ANEW = "train again with `tasador train`: the new version is served in its place"
_OTHERWISE = "restore it from a backup, or promote another version"


class _Faulty(Exception):
    """Bytes that are not those that were signed for; str() says what is wrong with them."""


class _Stays(Exception):
    """A version that was to be retired has become one to be kept."""


class SignedModelRepository(ModelRepository):
    """Keeps models in `objects`, signed and checked with `keys`."""

    def __init__(self, objects: Objects, keys: SigningKeys) -> None:
        self._objects = objects
        self._keys = keys
        self._records = PromotionRecords(objects)

    def store(
        self, model: TrainedModel, card: ModelCard, by: str = "", picture: HoldoutPicture | None = None
    ) -> ModelVersion:
        """Writes the model and the picture, then the manifest: the version is there from that moment on."""
        blob = dumped(model)
        artifact = _artifact_of(blob)
        blobs, pictured = {_blob_of(artifact): blob}, None
        if picture is not None:
            drawing = _encoded(picture)
            pictured = _artifact_of(drawing)
            blobs[_picture_of(pictured)] = drawing
        stored = ModelVersion(self._next_name(), card, artifact, by, pictured)
        document = self._sealed(stored)
        unknown = [name for name in blobs if not is_there(self._objects, name)]
        try:
            for name, content in blobs.items():
                self._objects.put(name, content)
            while not self._is_given(stored.version, document):
                stored = replace(stored, version=self._next_name())
                document = self._sealed(stored)
            for name, content in blobs.items():
                if not is_there(self._objects, name):  # pruned meanwhile, having been there unreferenced
                    self._objects.put(name, content)
        except BaseException:
            with contextlib.suppress(ModelStoreUnavailable):
                unneeded = {*self._unneeded(without=())}
                for name in unknown:
                    if name in unneeded:
                        self._objects.remove(name)
            raise
        return stored

    def check_storing(self) -> None:
        """Reads or makes the key, and removes what writers that were killed left unfinished a day ago or earlier."""
        self._keys.check_signing()
        for name in self._objects.unfinished():
            with contextlib.suppress(FileNotFoundError, ModelStoreUnavailable):  # no reason not to store
                if self._objects.about(name).written < datetime.now(UTC) - _LONGEST_WRITING:
                    self._objects.remove(name)

    def load(self, version: str) -> TrainedModel:
        """Reads the file once: what is checked is what is deserialised."""
        stored = self.describe(version)
        return self._deserialised(stored, self._unaltered_bytes(stored))

    def verify(self, version: str) -> None:
        """Checks the signature, and the model's bytes against what is signed."""
        self._unaltered_bytes(self.describe(version))

    def describe(self, version: str) -> ModelVersion:
        """Reads the manifest, and believes it only with a trusted signature."""
        if not VERSION_NAME.fullmatch(version):
            raise _not_found(version)
        name = _manifest_of(version)
        try:
            document = self._objects.read(name)
        except FileNotFoundError:
            raise _not_found(version) from None
        try:
            envelope = unseal(document)
            manifest = bytes(envelope.manifest)
            self._keys.check(manifest, envelope.key, envelope.signature)
            stored = decode_version(manifest)
        except OtherFormat as error:
            raise self._refused(version, name, f"cannot be read: {_in_words(error)}", _ANEW) from error
        except NotTrusted as error:
            raise self._refused(version, name, str(error), error.remedy) from error
        except ValueError as error:
            raise self._refused(version, name, f"cannot be read: {_in_words(error)}") from error
        if stored.version != version:
            raise self._refused(version, name, f"is that of another version, {stored.version!r:.30}")
        if not _DIGEST.fullmatch(stored.artifact.sha256):
            raise self._refused(version, name, "names no SHA-256 of the model")
        if stored.picture and not _DIGEST.fullmatch(stored.picture.sha256):
            raise self._refused(version, name, "names no SHA-256 of the picture")
        return stored

    def picture(self, version: str) -> HoldoutPicture:
        """Reads the file once: what is checked is what is decoded."""
        stored = self.describe(version)
        if stored.picture is None:
            raise EvaluationNotKept(
                f"{version} was stored without a picture of its evaluation, before these were kept: train again, or "
                "see `tasador evaluate --report` where its sales are."
            )
        name = _picture_of(stored.picture)
        try:
            return decode_picture(self._signed_for(name, stored.picture))
        except (_Faulty, ValueError) as error:
            cause = str(error) if isinstance(error, _Faulty) else f"cannot be read: {_in_words(error)}"
            raise EvaluationRefused(
                f"The evaluation of model version {version} is not shown: {self._objects.place(name)} {cause}. To go "
                "on, restore it from a backup, or train again; the model itself is another file."
            ) from error

    def versions(self) -> list[str]:
        """Those that have a manifest, in the order of their numbers."""
        found = (_MANIFEST.fullmatch(name) for name in self._objects.names(_VERSIONS))
        return sorted((match[1] for match in found if match), key=_number)

    def promotions(self) -> list[Promotion]:
        """Looks whether there is a record after the last that is known, and whether that is still there."""
        return list(self._records.read().promotions)

    def promote(self, version: str, at: datetime, by: str, reason: str = "") -> Promotion:
        """Checks the model's file, then adds a record."""
        self.verify(version)

        def decide(history: History) -> Decision:
            if version in history.retired:
                raise ModelNotFound(f"Model version {version} was removed by `tasador models prune`: promote another.")
            return Decision("promote", version, at, by, reason)

        return self._records.append(decide).promotions[-1]

    def roll_back(self, at: datetime, by: str, reason: str = "") -> Promotion:
        """Checks the file of the version before, then adds a record."""

        def decide(history: History) -> Decision:
            version = version_before(history.promotions)
            if version in history.retired:
                raise NothingToRollBack(
                    f"{version}, which was served before, was removed by `tasador models prune`: promote another "
                    "version."
                )
            self.verify(version)
            return Decision("rollback", version, at, by, reason)

        return self._records.append(decide).promotions[-1]

    def unreferenced(self) -> list[str]:
        """Models without a manifest that names them, and what was never finished."""
        return [self._objects.place(name) for name in self._unreferenced(without=())]

    def prune(self, keep: int | None, older_than: timedelta, at: datetime, by: str, *, dry_run: bool = False) -> Pruned:
        """Records that a version is retired before it is removed, so that nobody promotes it meanwhile."""
        history = self._records.read()
        stored = self.versions()
        served_now = served_stack(history.promotions)[-1:]
        if keep:
            for version in served_now:
                self.verify(version)  # else what is kept might be what nobody can serve
        # Retired and yet there: a crash left them. That what is served was retired, only a forger would write.
        gone = [version for version in stored if version in history.retired and version not in served_now]
        if keep:
            old = dispensable([version for version in stored if version not in gone], history.promotions, keep)
            gone += old if dry_run else [version for version in old if self._retired(version, keep, at, by)]
        if not dry_run:
            for version in gone:
                self._objects.remove(_manifest_of(version))
        served = set(served_stack(history.promotions))
        files: dict[str, About] = {}
        for name in self._unreferenced(without=gone):
            with contextlib.suppress(FileNotFoundError):
                about = self._objects.about(name)
                if about.written <= at - older_than:
                    files[name] = about
                    if not dry_run:
                        self._objects.remove(name)
        return Pruned(
            versions=tuple(sorted(gone, key=_number)),
            out_of_reach=tuple(sorted(served.intersection(gone), key=_number)),
            files=tuple(self._objects.place(name) for name in files),
            size=sum(about.size for about in files.values()),
        )

    def public_key(self) -> str:
        """Makes the key where there is none."""
        return self._keys.public_key()

    def _next_name(self) -> str:
        # A version that once served is in logged valuations: its name is never given again, even if it was removed.
        names = [*self.versions(), *self._records.read().versions]
        name = f"v{max(map(_number, names), default=0) + 1}"
        if not VERSION_NAME.fullmatch(name):
            raise ModelStoreUnavailable(
                f"No version can follow the highest in {self._objects.place(_VERSIONS)} and in the promotions: "
                "somebody wrote a number there that no training makes. Restore the repository from a backup."
            )
        return name

    def _is_given(self, version: str, document: bytes) -> bool:
        """Whether this version is there now, by this very call, under a name that is its own."""
        if not create_or_recognise(self._objects, _manifest_of(version), document):
            return False
        if version not in self._records.read().retired:
            return True
        # Since the name was chosen others stored a version of that name, and newer ones, and pruned it.
        self._objects.remove(_manifest_of(version))
        return False

    def _sealed(self, stored: ModelVersion) -> bytes:
        try:
            manifest = encode_version(stored)
        except ValueError as error:
            raise ModelRefused(
                f"The model is not stored: {error}. Look for it in the sales and train again."
            ) from error
        return seal(manifest, *self._keys.sign(manifest))

    def _retired(self, version: str, keep: int, at: datetime, by: str) -> bool:
        """Whether this version was retired just now: it may have become one to be kept a moment ago."""

        def decide(history: History) -> Decision:
            if version in history.retired or version not in dispensable(self.versions(), history.promotions, keep):
                raise _Stays
            return Decision("retire", version, at, by, f"pruned, keeping {keep}")

        try:
            self._records.append(decide)
        except _Stays:
            return False
        return True

    def _unreferenced(self, without: Collection[str]) -> list[str]:
        """Names of objects that nothing needs but the versions `without`."""
        return self._unneeded(without) + self._objects.unfinished()

    def _unneeded(self, without: Collection[str]) -> list[str]:
        """Names of blobs that nothing needs but the versions `without`."""
        blobs = [match for match in map(_BLOB.fullmatch, self._objects.names(_BLOBS)) if match]
        needed = self._referenced(without)
        return [match[0] for match in blobs if match[1] not in needed]

    def _referenced(self, without: Collection[str] = ()) -> set[str]:
        """The digests that any manifest names, also one that cannot be read otherwise."""
        found: set[str] = set()
        for version in self.versions():
            if version not in without:
                with contextlib.suppress(FileNotFoundError):
                    document = self._objects.read(_manifest_of(version))
                    found.update(digest.decode() for digest in _DIGESTS.findall(document))
        return found

    def _unaltered_bytes(self, stored: ModelVersion) -> bytes:
        """The model's bytes, read once, of the size and digest that its manifest names."""
        name = _blob_of(stored.artifact)
        try:
            return self._signed_for(name, stored.artifact)
        except _Faulty as error:
            raise self._refused(stored.version, name, str(error)) from None

    def _signed_for(self, name: str, expected: Artifact) -> bytes:
        """The bytes of an object, read once. Raises _Faulty unless they are what a manifest says."""
        try:
            content = self._objects.read(name)
        except FileNotFoundError:
            raise _Faulty("is missing") from None
        if len(content) < expected.size:
            raise _Faulty(f"is truncated: it has {len(content)} of {expected.size} bytes")
        if len(content) > expected.size or hashlib.sha256(content).hexdigest() != expected.sha256:
            raise _Faulty("was altered: it is not what its manifest says (SHA-256)")
        return content

    def _deserialised(self, stored: ModelVersion, blob: bytes) -> TrainedModel:
        name = _blob_of(stored.artifact)
        try:
            model = loaded(blob)
        except InstallationIncomplete:  # nothing is wrong with the model
            raise
        except Exception as error:
            made_with = ", ".join(f"{name} {version}" for name, version in stored.card.libraries.items())
            cause = f"cannot be loaded here ({_in_words(error)}): it was made with {made_with or 'unknown libraries'}"
            raise self._refused(stored.version, name, cause, "install those, or train a new version") from error
        if not isinstance(model, TrainedModel):
            raise self._refused(stored.version, name, f"holds no trained model but a {type(model).__name__}")
        return model

    def _refused(self, version: str, name: str, cause: str, remedy: str = _OTHERWISE) -> ModelRefused:
        return ModelRefused(
            f"Model version {version} is refused: {self._objects.place(name)} {cause}. To go on, {remedy}."
        )


def _artifact_of(content: bytes) -> Artifact:
    return Artifact(hashlib.sha256(content).hexdigest(), len(content))


def _encoded(picture: HoldoutPicture) -> bytes:
    try:
        return encode_picture(picture)
    except ValueError as error:
        raise ModelRefused(f"The model is not stored: {error}. Look for it in the sales and train again.") from error


def _blob_of(artifact: Artifact) -> str:
    return f"{_BLOBS}/{artifact.sha256}.joblib"


def _picture_of(artifact: Artifact) -> str:
    return f"{_BLOBS}/{artifact.sha256}.json.gz"


def _manifest_of(version: str) -> str:
    return f"{_VERSIONS}/{version}/manifest.json"


def _number(version: str) -> int:
    return int(version[1:])


def _not_found(version: str) -> ModelNotFound:
    return ModelNotFound(f"There is no stored model version {version!r:.40}: see the list of models.")


def _in_words(error: Exception) -> str:
    """One line that says what `error` says."""
    return " ".join(f"{error}".split()) or type(error).__name__
