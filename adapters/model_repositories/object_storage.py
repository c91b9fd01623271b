"""Models in object storage, by any file system of fsspec that can make an object only where none is.

That is a request with the condition If-None-Match (S3; `s3fs`) or its like. Credentials and the address of the server
come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, ... or what else the file system
reads there), never from the configuration.
"""

import inspect
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from adapters.model_repositories.objects import About, Objects
from adapters.model_repositories.signatures import SigningKeys
from adapters.model_repositories.signed_models import SignedModelRepository
from domain.errors import ModelStoreUnavailable

if TYPE_CHECKING:
    import fsspec

T = TypeVar("T")

_SETTING = "model_repository.url"
_S3 = {"config_kwargs": {"connect_timeout": 2, "read_timeout": 4, "retries": {"total_max_attempts": 1}}}
_S3_ATTEMPTS = 2
_S3_PROTOCOLS = {"s3", "s3a"}
_IN_APPEARANCE_ONLY = {"http", "https", "reference"}
_TAKEN = {"PreconditionFailed", "412", "ConditionalRequestConflict"}
_NO_BUCKET = {"NoSuchBucket", "InvalidBucketName"}
_PROOF = "conditional-writes"
_ONE_AT_A_TIME = threading.Lock()
"""Held while an object is made in a file system that looks first and writes then: the one in memory."""


class ObjectStorageModelRepository(SignedModelRepository):
    """Keeps models below a url such as `s3://bucket/folder`. Raises ModelStoreUnavailable for one that will not do."""

    def __init__(self, url: str, keys: SigningKeys) -> None:
        super().__init__(_StoredObjects(url), keys)


class _StoredObjects(Objects):
    """Objects of an fsspec file system, which is connected at first use."""

    def __init__(self, url: str) -> None:
        protocol, separator, path = url.partition("://")
        if not separator or not path.strip("/") or "@" in path or "?" in path:
            raise ModelStoreUnavailable(
                f"{_SETTING} is of no use: give s3://bucket/folder or the like, and credentials in the environment, "
                "not in the url."
            )
        self._url = url.rstrip("/")
        self._protocol = protocol
        self._kind = _file_system(protocol)
        self._connecting = threading.Lock()
        self._connected: Any = None
        self._proven = False

    def place(self, name: str) -> str:
        return f"{self._url}/{name}".rstrip("/")

    def read(self, name: str) -> bytes:
        return self._asked(lambda files: bytes(files.cat_file(self.place(name))))

    def about(self, name: str) -> About:
        def ask(files: "fsspec.AbstractFileSystem") -> About:
            info = files.info(self.place(name))
            written = info.get("LastModified") or info.get("created") or files.modified(self.place(name))
            return About(written, int(info["size"]))

        return self._asked(ask)

    def names(self, under: str) -> list[str]:
        def ask(files: "fsspec.AbstractFileSystem") -> list[str]:
            root = files._strip_protocol(self._url)  # noqa: SLF001 (public in all but name: how fsspec names things)
            found = files.find(self.place(under))
            return [str(path)[len(root) + 1 :] for path in found]

        try:
            return self._asked(ask)
        except FileNotFoundError:
            return []

    def create(self, name: str, content: bytes) -> None:
        if not self._proven:
            self._prove()
        self._create(name, content)

    def put(self, name: str, content: bytes) -> None:
        self._asked(lambda files: files.pipe_file(self.place(name), content), told=())

    def remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._asked(lambda files: files.rm_file(self.place(name)))

    def unfinished(self) -> list[str]:
        return []

    def _create(self, name: str, content: bytes) -> None:
        def ask(files: "fsspec.AbstractFileSystem") -> None:
            if files.async_impl:
                files.pipe_file(self.place(name), content, mode="create")
                return
            with _ONE_AT_A_TIME:
                files.pipe_file(self.place(name), content, mode="create")

        self._asked(ask, told=(FileExistsError,))

    def _prove(self) -> None:
        """Raises ModelStoreUnavailable where the server takes a condition and does not keep to it."""
        content = b"This object is made only where there is none. Tasador makes it twice, and must fail.\n"
        for _ in range(2):
            try:
                self._create(_PROOF, content)
            except FileExistsError:
                self._proven = True
                return
        raise ModelStoreUnavailable(
            f"The model repository {self._url} overwrites what must not be overwritten: its server ignores "
            "If-None-Match. Use a newer server, or a folder (model_repository.kind = 'joblib')."
        )

    def _asked(self, ask: Callable[[Any], T], told: tuple[type[OSError], ...] = (FileNotFoundError,)) -> T:
        """What the file system answers. Errors of the kinds `told` are left as they are."""
        with self._translated(told):
            return ask(self._files())

    def _files(self) -> Any:
        with self._connecting:
            if self._connected is None:
                options = _S3 if self._protocol in _S3_PROTOCOLS else {}
                files = self._kind(skip_instance_cache=True, use_listings_cache=False, **options)
                if self._protocol in _S3_PROTOCOLS:
                    files.retries = _S3_ATTEMPTS
                self._connected = files
            return self._connected

    @contextmanager
    def _translated(self, told: tuple[type[OSError], ...]) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # of any library of any file system
            code = _code_of(error)
            if FileExistsError in told and (isinstance(error, FileExistsError) or code in _TAKEN):
                raise FileExistsError(self._url) from error
            if isinstance(error, told) and code not in _NO_BUCKET:
                raise
            raise ModelStoreUnavailable(
                f"The model repository {self._url} cannot be used: {_in_words(error)}. To go on, see that its server "
                "runs and is reachable from here, and that the credentials in the environment may read and write there."
            ) from error


def _file_system(protocol: str) -> "type[fsspec.AbstractFileSystem]":
    """The class of file systems for a protocol. Raises ModelStoreUnavailable for one that is not there or cannot do."""
    import fsspec

    try:
        kind = fsspec.get_filesystem_class(protocol)
    except ImportError as error:
        remedy = "run pip install '.[s3]' in the checkout" if protocol in _S3_PROTOCOLS else _in_words(error)
        raise ModelStoreUnavailable(f"{_SETTING}: {protocol}:// needs a further library: {remedy}.") from error
    except ValueError as error:
        raise ModelStoreUnavailable(f"{_SETTING}: there is no file system {protocol!r:.30}: give s3://...") from error
    # What inherits fsspec's own way looks first and writes then, so that of two writers both believe they were first.
    ways = [vars(base).get(way) for base in kind.__mro__[:-1] for way in ("_pipe_file", "pipe_file")]
    own = next((way for way in ways if way and not way.__module__.startswith(("fsspec.spec", "fsspec.asyn"))), None)
    if own is None or "mode" not in inspect.signature(own).parameters or protocol in _IN_APPEARANCE_ONLY:
        raise ModelStoreUnavailable(
            f"{_SETTING}: {protocol}:// cannot make an object only where none is, so two promotions at once would "
            "overwrite each other: use s3:// or its like, or a folder (model_repository.kind = 'joblib')."
        )
    found: type[fsspec.AbstractFileSystem] = kind
    return found


def _code_of(error: BaseException) -> str:
    """The code of S3 for an error, which is that of its cause where s3fs has translated it."""
    for each in (error, error.__cause__):
        response = getattr(each, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
    return ""


def _in_words(error: BaseException) -> str:
    """One line that says what `error` says, without the user and the password of a url in it."""
    said = " ".join((getattr(error, "strerror", None) or f"{error}").split()) or type(error).__name__
    return re.sub(r"//[^/\s@]*@", "//***@", said).rstrip(".")
