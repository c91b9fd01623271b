"""A copy of a SQLite database beside it, made before it is changed."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from adapters.durable_files import flush_folder


def copy_of(file: Path, revision: str) -> Path:
    """Copies a database and returns the copy (mode 0600), which bears the revision and the time in its name.

    The caller holds the database's write lock. Raises OSError and sqlite3.Error.
    """
    unfinished = file.with_name(f".{file.name}.backup.tmp")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(unfinished)) as target:
            source.backup(target)
        copy = file.with_name(f"{file.name}.{revision}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.bak")
        unfinished.replace(copy)
    finally:
        unfinished.unlink(missing_ok=True)
    flush_folder(copy.parent)
    return copy
