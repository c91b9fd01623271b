"""Where a file or a folder lies: a path, or a URL of any file system that fsspec knows.

Credentials and addresses of servers come from the environment or from the provider's own files, never from the URL.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote

from domain.errors import DomainError, SourceMalformed, SourceUnavailable

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_SECRET_OPTION = re.compile(r"pass|pwd|secret|token|sig|key|credential|auth(?!or)|(?<![a-z])code$", re.IGNORECASE)
_PASSWORD = re.compile(r"(?:pass|password|passwd|pwd)\s*=", re.IGNORECASE)  # of a driver's own kind of address
_USERS_THAT_ARE_CONTAINERS = {"abfs", "abfss", "wasb", "wasbs"}  # abfs://container@account...
_FOR_QUERIES = {"http", "https"}
_S3 = {"s3", "s3a"}
_S3_OPTIONS = {"config_kwargs": {"connect_timeout": 5, "retries": {"total_max_attempts": 3}}}
_PACKAGES = {
    **dict.fromkeys(("s3", "s3a"), "pip install '.[s3]' in the checkout"),
    **dict.fromkeys(("gs", "gcs"), "pip install gcsfs"),
    **dict.fromkeys(("abfs", "abfss", "az", "adl", "wasb", "wasbs"), "pip install adlfs"),
    **dict.fromkeys(("http", "https"), "pip install aiohttp"),
    **dict.fromkeys(("sftp", "ssh"), "pip install paramiko"),
}
_SHOWN = ("s3", "gs", "abfs", "https", "sftp", "ftp", "hdfs", "smb")
_KNOWN = {*_PACKAGES, *_SHOWN, "webhdfs", "webdav", "file", "local", "memory"}
_BLOCK = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Location:
    """A path or a URL. remedy: what a person can do where nothing can be read there, such as "check INPUT"."""

    address: str
    remedy: str

    @property
    def protocol(self) -> str | None:
        """That of a URL, None for a path."""
        match = _URL.fullmatch(self.address)
        return match[1].lower() if match else None

    @property
    def name(self) -> str:
        """What to call it in a message: without what may be secret in a URL."""
        if self.protocol is None:
            return "(an address with a password)" if _PASSWORD.search(self.address) else self.address
        return re.sub(r"//[^/@]*:[^/]*@", "//***@", self.address.partition("?")[0])

    @property
    def options(self) -> dict[str, Any]:
        """What its file system is to be made with: no memory of what was there, and patience for seconds."""
        return {"use_listings_cache": False} | (_S3_OPTIONS if self.protocol in _S3 else {})

    def within(self, path: str) -> "Location":
        """A file of this folder."""
        return Location(f"{self.address.rstrip('/')}/{path}", self.remedy)

    def check(self) -> None:
        """Raises SourceUnavailable where a URL cannot be used, whatever lies there. Connects to nothing."""
        match = _URL.fullmatch(self.address)
        if match is None:
            return
        protocol, rest = match[1].lower(), match[2]
        authority, _, query = rest.partition("?")
        user, at, _ = authority.partition("/")[0].rpartition("@")
        if (at and (":" in user or protocol not in _USERS_THAT_ARE_CONTAINERS)) or _holds_secrets(query):
            raise SourceUnavailable(
                f"The {protocol}:// address must not hold credentials: give them in the environment or in the "
                f"provider's own files, or {self.remedy}."
            )
        if query and protocol not in _FOR_QUERIES:
            raise SourceUnavailable(f"{self.name} has a question mark, which addresses of this kind have not.")
        _file_system(protocol, self)

    def open(self) -> BinaryIO:
        """The file, to be read from its beginning. Raises SourceUnavailable."""
        with self.told():
            if self.protocol is None:
                return Path(self.address).open("rb")
            return cast("BinaryIO", self._files().open(self.address, "rb", block_size=_BLOCK))

    def open_for_leaps(self) -> BinaryIO:
        """The file, to be read here and there: nothing is read that was not asked for. Raises SourceUnavailable."""
        with self.told():
            if self.protocol is None:
                return Path(self.address).open("rb")
            return cast("BinaryIO", self._files().open(self.address, "rb", cache_type="none"))

    def size(self) -> int | None:
        """In bytes, None where nobody knows. Raises SourceUnavailable."""
        with self.told():
            if self.protocol is None:
                found = Path(self.address).stat()
                return found.st_size or None  # pipes and devices have none
            return cast("int | None", self._files().info(self.address).get("size"))

    def identity(self) -> str:
        """Address, size and last change, as one text. Raises SourceUnavailable."""
        with self.told():
            if self.protocol is None:
                path = Path(self.address).absolute()
                found = path.stat()
                return f"{path} {found.st_size} {found.st_mtime_ns}"
            known = self._files().info(self.address)
            change = next(
                (known[key] for key in ("ETag", "etag", "LastModified", "mtime", "created") if key in known), ""
            )
            return f"{self.name} {known.get('size')} {change}".strip()

    def check_unchanged(self, identity: str) -> None:
        """Raises SourceMalformed where the file has changed since; one that is gone was read as it was."""
        try:
            changed = self.identity() != identity
        except SourceUnavailable:
            return
        if changed:
            raise SourceMalformed(f"{self.name} was changed while it was read: begin again.")

    def is_folder(self) -> bool:
        """Whether there are files below it. Raises SourceUnavailable."""
        with self.told():
            if self.protocol is None:
                return Path(self.address).is_dir()
            return bool(self._files().isdir(self.address))

    def files(self) -> list[str]:
        """Of a folder: the paths below it of all its files, in the order of their names, but for hidden ones.

        Hidden are names that begin with a dot or an underscore, as what engines write beside their tables.
        """
        with self.told():
            if self.protocol is None:
                root = Path(self.address)
                found = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
            else:
                files = self._files()
                base = files._strip_protocol(self.address).rstrip("/")  # noqa: SLF001 (how fsspec names things)
                found = [str(path)[len(base) + 1 :] for path in files.find(self.address)]
        return sorted(path for path in found if not any(part.startswith((".", "_")) for part in path.split("/")))

    @contextmanager
    def told(self) -> Iterator[None]:
        """Raises SourceUnavailable for whatever goes wrong when the file is reached or read."""
        try:
            yield
        except DomainError:
            raise
        except FileNotFoundError as error:
            # What fsspec makes of every failure over HTTP.
            if self.protocol in _FOR_QUERIES and not isinstance(why := error.__cause__, FileNotFoundError | None):
                raise SourceUnavailable(f"{self.name} cannot be read ({in_words(why)}): {self.remedy}.") from None
            raise SourceUnavailable(f"There is no file {self.name}: {self.remedy}.") from None
        except IsADirectoryError:
            raise SourceUnavailable(f"{self.name} is a folder: {self.remedy}.") from None
        except PermissionError:
            raise SourceUnavailable(f"{self.name} may not be read: give permission, or {self.remedy}.") from None
        except Exception as error:
            if self.protocol is None and not isinstance(error, OSError | ValueError):  # the latter: a NUL in a path
                raise
            raise SourceUnavailable(f"{self.name!r} cannot be read ({in_words(error)}): {self.remedy}.") from error

    def _files(self) -> Any:
        self.check()
        return _file_system(self.protocol or "file", self)(**self.options)


def _file_system(protocol: str, location: Location) -> Any:
    import fsspec

    if protocol not in _KNOWN:
        raise SourceUnavailable(
            f"There is no file system '{protocol:.30}': {location.remedy}, by a path or by an address that begins with "
            f"{', '.join(_SHOWN[:-1])} or {_SHOWN[-1]}, and ://."
        )
    try:
        return fsspec.get_filesystem_class(protocol)
    except ImportError as error:
        package = _PACKAGES.get(protocol)
        remedy = f"run {package}" if package else in_words(error)
        raise SourceUnavailable(f"{protocol}:// needs a further library: {remedy}.") from None


def _holds_secrets(query: str) -> bool:
    return any(_SECRET_OPTION.search(unquote(option.partition("=")[0])) for option in query.split("&"))


def in_words(error: BaseException) -> str:
    """One line that says what `error` says, without what may be secret in a URL."""
    said = " ".join((getattr(error, "strerror", None) or f"{error}").split()) or type(error).__name__
    return re.sub(r"\?\S*", "", re.sub(r"//[^/\s@]*@", "//***@", said)).rstrip(".")
