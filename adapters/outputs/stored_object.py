"""An output behind a URL, by any file system of fsspec; credentials come from the environment."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

from adapters.files.location import Location, in_words
from adapters.outputs.output_place import OutputPlace, WholeOutput
from domain.errors import OutputUnavailable, SourceUnavailable

_BLOCK = 16 * 2**20
"""Bytes sent at a time; S3 takes ten thousand such parts of an object at most."""
_IN_BUCKETS = {"s3", "s3a", "gs", "gcs", "az", "abfs"}


class StoredObject(OutputPlace):
    """Sent in parts as they come, and made an object of when all have come; else what was sent is thrown away."""

    def __init__(self, url: str) -> None:
        self._location = Location(url, "name another OUTPUT")

    @property
    def name(self) -> str:
        """The URL."""
        return self._location.name

    def check(self) -> None:
        """Raises OutputUnavailable: credentials in the URL, no such library, no such bucket, no way to it."""
        files, path = self._connected
        if self._location.protocol in _IN_BUCKETS:
            with self._told(), suppress(PermissionError):  # who may write need not be allowed to look
                bucket = path.partition("/")[0]
                try:
                    files.info(bucket)
                except FileNotFoundError:
                    raise FileNotFoundError(errno.ENOENT, f"there is no bucket {bucket}") from None

    @contextmanager
    def opened(self) -> Iterator[WholeOutput]:
        """What is there once it is committed."""
        files, path = self._connected
        transaction = files.transaction
        transaction.start()
        with self._told():
            file = files.open(path, "wb", block_size=_BLOCK)
        try:
            yield WholeOutput(file, self._told)
            with self._told():
                file.close()
                transaction.complete()
        except BaseException:
            with suppress(Exception):
                transaction.complete(commit=False)
            with suppress(AttributeError):  # of the one in memory, which has nothing to send
                file.closed = True  # else fsspec would send the rest when it forgets the file
            raise

    @cached_property
    def _connected(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        try:
            self._location.check()
        except SourceUnavailable as error:
            raise OutputUnavailable(str(error)) from error
        with self._told():
            files, path = url_to_fs(self._location.address, skip_instance_cache=True, **self._location.options)
        return files, str(path)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # of any library of any file system
            raise OutputUnavailable(
                f"{self.name} cannot be written: {in_words(error)}. See that it can be reached from here, and that "
                "the credentials in the environment may write there."
            ) from error
