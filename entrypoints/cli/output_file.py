"""Documents in files of their own."""

import os
from pathlib import Path
from typing import Any

import msgspec


def write_json(file: Path, document: Any) -> None:
    """Puts one JSON document there, whole or not at all, for nobody else to read. Raises OSError."""
    write_whole(file, msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def write_whole(file: Path, content: bytes) -> None:
    """Puts this there, whole or not at all, for nobody else to read. Raises OSError."""
    whole = file.resolve()
    beside = whole.with_name(f".{whole.name[:200]}.{os.getpid()}.tmp")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(whole)
    finally:
        beside.unlink(missing_ok=True)
