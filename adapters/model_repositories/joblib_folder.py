"""Models in a folder, as joblib writes them."""

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from adapters.durable_files import flush_folder, make_folder, written
from adapters.model_repositories.objects import About, Objects
from adapters.model_repositories.signatures import SigningKeys
from adapters.model_repositories.signed_models import SignedModelRepository
from domain.errors import ModelStoreUnavailable

_TRIES = 10
_UNLINKED = {errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}
_REMEDIES = {
    errno.ENOSPC: "free some space there",
    errno.EDQUOT: "free some space there",
    errno.EFBIG: "raise the limit on the size of a file",
    errno.EACCES: "give this user the right to read and write there",
    errno.EPERM: "give this user the right to read and write there",
    errno.EROFS: "make it writable",
}


class JoblibModelRepository(SignedModelRepository):
    """Keeps models under `folder`, which is made at the first `store`. Safe for several processes."""

    def __init__(self, folder: Path, keys: SigningKeys) -> None:
        super().__init__(_FolderObjects(folder), keys)


class _FolderObjects(Objects):
    """Objects as files that are linked into place once they are whole and on the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place(self, name: str) -> str:
        return str(self._folder / name)

    def read(self, name: str) -> bytes:
        with self._translated():
            return (self._folder / name).read_bytes()

    def about(self, name: str) -> About:
        with self._translated():
            status = (self._folder / name).stat()
        return About(datetime.fromtimestamp(status.st_mtime, UTC), status.st_size)

    def names(self, under: str) -> list[str]:
        with self._translated():
            return [
                str(file.relative_to(self._folder))
                for file in _files(self._folder / under)
                if not file.name.startswith(".")
            ]

    def create(self, name: str, content: bytes) -> None:
        self._write(name, content, _link)

    def put(self, name: str, content: bytes) -> None:
        self._write(name, content, os.replace)

    def remove(self, name: str) -> None:
        path = self._folder / name
        with self._translated(), suppress(FileNotFoundError):
            if path.is_dir():
                path.rmdir()
                return
            path.unlink()
            if path.parent.parent == self._folder / "versions":
                with suppress(OSError):  # not empty after all
                    path.parent.rmdir()

    def unfinished(self) -> list[str]:
        with self._translated():
            temporary = [file for file in _files(self._folder) if file.name.startswith(".") and file.suffix == ".tmp"]
            empty = [folder for folder in self._folder.glob("versions/v*") if folder.is_dir() and _is_empty(folder)]
        return [str(path.relative_to(self._folder)) for path in (*temporary, *empty)]

    def _write(self, name: str, content: bytes, into_place: Callable[[Path, Path], None]) -> None:
        target = self._folder / name
        with self._translated(FileExistsError):
            for folder in (self._folder, target.parent.parent, target.parent):
                make_folder(folder)
            begun = _begun(target)
            try:
                with written(begun, content) as temporary:
                    into_place(temporary, target)
            except BaseException:
                with suppress(OSError):  # not empty
                    target.parent.rmdir()
                raise
            with suppress(FileNotFoundError):  # what was put there is pruned already
                flush_folder(target.parent)

    @contextmanager
    def _translated(self, told: type[OSError] = FileNotFoundError) -> Iterator[None]:
        """Leaves an error of the kind `told` as it is, and says in ModelStoreUnavailable what any other means."""
        try:
            yield
        except OSError as error:
            if isinstance(error, told):
                raise
            remedy = _REMEDIES.get(error.errno or 0, "mend that, or set model_repository.path to another folder")
            cause = (error.strerror or str(error)).lower()
            raise ModelStoreUnavailable(
                f"The model repository {self._folder} cannot be used: {cause}. To go on, {remedy}."
            ) from error


def _begun(target: Path) -> tuple[int, str]:
    """A temporary file beside `target`: its descriptor and its name."""
    for _ in range(_TRIES):
        with suppress(FileNotFoundError):
            return tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
        make_folder(target.parent)  # another process removed it the moment before, since it was empty
    raise NotADirectoryError(errno.ENOTDIR, "its folders vanish while it is written")


def _link(temporary: Path, target: Path) -> None:
    """Puts a file into place where none is: links are made by one process alone. Raises FileExistsError."""
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno in _UNLINKED:
            raise OSError(errno.EOPNOTSUPP, "its file system knows no hard links") from error
        raise


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder; none where there is no folder."""

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    for inner, _, names in os.walk(folder, onerror=refuse):
        yield from (Path(inner, name) for name in names)


def _is_empty(folder: Path) -> bool:
    try:
        return not any(folder.iterdir())
    except FileNotFoundError:
        return False
