"""What a location leads to: a file, a URL, or a stream."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from adapters.outputs.local_file import LocalFile
from adapters.outputs.output_place import OutputPlace, WholeOutput
from adapters.outputs.stored_object import StoredObject
from domain.errors import OutputUnavailable

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)")


class StreamPlace(OutputPlace):
    """Standard output, which has what it was given. BrokenPipeError is left to the program: nobody reads on."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    @property
    def name(self) -> str:
        """`standard output`."""
        return "standard output"

    def check(self) -> None:
        """Does nothing."""

    @contextmanager
    def opened(self) -> Iterator[WholeOutput]:
        """The stream, flushed at the end."""
        yield WholeOutput(self._stream, self._told)
        with self._told():
            self._stream.flush()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputUnavailable(f"Standard output cannot be written to: {error.strerror or error}.") from error


def place_of(location: str | BinaryIO) -> OutputPlace:
    """The place that a path, a URL or a stream leads to."""
    if not isinstance(location, str):
        return StreamPlace(location)
    url = _URL.fullmatch(location)
    if url is None:
        return LocalFile(location)
    return LocalFile(url[2]) if url[1].lower() == "file" else StoredObject(location)
