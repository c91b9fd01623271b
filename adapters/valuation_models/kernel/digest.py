"""Which sources the kernel was built from; `hatch_build.py` runs this file by itself."""

import hashlib
from pathlib import Path

FOLDER = Path(__file__).parent


def sources_digest() -> int:
    """The first 64 bits of the SHA-256 of all C sources, in the order of their names."""
    digest = hashlib.sha256()
    for file in sorted([*FOLDER.glob("*.c"), *FOLDER.glob("*.h")]):
        digest.update(file.read_bytes())
    return int.from_bytes(digest.digest()[:8])
