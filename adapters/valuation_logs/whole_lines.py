"""Lines of files that anybody may have put there: nothing is waited for, and no line fills the memory."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from domain.errors import ValuationLogUnavailable

LONGEST_LINE = 16 * 2**20
"""Bytes; a record takes some thousand, and what a request may ask for keeps it far below this."""


def opened(path: Path, buffering: int = -1) -> BinaryIO:
    """The file, to be read. Raises OSError, also where it is none: a pipe would be waited for for ever.

    Nor is a link: what is erased here would stay where it leads.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _refusal(path) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _refusal(path)
    return os.fdopen(descriptor, "rb", buffering)


def check_is_file(path: Path) -> None:
    """Raises ValuationLogUnavailable where something else than a file is there, and OSError."""
    try:
        opened(path).close()
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise ValuationLogUnavailable(
            f"{path} cannot be used: {error.strerror}. Put the file itself there, or remove what is."
        ) from None


def _refusal(path: Path) -> OSError:
    return OSError(errno.EINVAL, "it is a link, a pipe or the like, and no file", str(path))


def lines_in(file: BinaryIO) -> Iterator[bytes | None]:
    """The lines from here on; None for one that is longer than any record, which is not kept in memory."""
    while line := file.readline(LONGEST_LINE):
        if len(line) < LONGEST_LINE or line.endswith(b"\n"):
            yield line
            continue
        while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
            pass
        yield None
