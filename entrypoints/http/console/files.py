"""The files that the page is made of: our own, and those that packages bring."""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import metadata
from pathlib import Path

from config.settings import ConsoleSettings
from domain.errors import InstallationIncomplete

_OWN = Path(__file__).parent / "static"
_PAGE = _OWN / "index.html"
_OF_PACKAGES = {
    "vendor/bootstrap.css": ("bootstrap-wrapper", "bootstrap/css/bootstrap.min.css"),
    "vendor/leaflet.css": ("django-js-lib-leaflet", "js_lib_leaflet/static/js_lib_leaflet/leaflet.css"),
    "vendor/leaflet.js": ("django-js-lib-leaflet", "js_lib_leaflet/static/js_lib_leaflet/leaflet.js"),
}
"""By the name in the page, the distribution and its file; neither package is ever imported."""
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_TO_SOURCE_MAPS = (b"//# sourceMappingURL=", b"/*# sourceMappingURL=")


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file as it is sent: its media type, its bytes as they are and compressed (gzip), and their SHA-256."""

    media_type: str
    content: bytes
    compressed: bytes
    sha256: str

    @classmethod
    def of(cls, media_type: str, content: bytes) -> "PageFile":
        """The file of this content."""
        return cls(media_type, content, gzip.compress(content, 9, mtime=0), hashlib.sha256(content).hexdigest())


@dataclass(frozen=True, slots=True)
class PageFiles:
    """What the page loads, by name; `build` is a digest of it all, by which browsers may keep it for good."""

    build: str
    by_name: Mapping[str, PageFile]


@cache
def page_files() -> PageFiles:
    """The files, read once. Raises InstallationIncomplete where a package did not bring its own."""
    files = {name: PageFile.of(_KINDS[Path(name).suffix], content) for name, content in (*_own(), *_of_packages())}
    told = "\n".join(sorted(f"{name} {file.sha256}" for name, file in files.items()))
    return PageFiles(hashlib.sha256(told.encode()).hexdigest()[:12], files)


@cache
def page(settings: ConsoleSettings) -> PageFile:
    """The page itself, which names the files of this build and where map tiles come from, if from anywhere."""
    told = {
        "{build}": page_files().build,
        "{tile_url}": settings.tile_url or "",
        "{tile_attribution}": settings.tile_attribution,
    }
    text = _PAGE.read_text(encoding="utf-8")
    for name, value in told.items():
        text = text.replace(name, escape(value))
    return PageFile.of("text/html", text.encode())


def _own() -> Iterator[tuple[str, bytes]]:
    for path in _OWN.rglob("*"):
        if path.suffix in _KINDS:
            yield path.relative_to(_OWN).as_posix(), path.read_bytes()


def _of_packages() -> Iterator[tuple[str, bytes]]:
    for name, (distribution, file) in _OF_PACKAGES.items():
        try:
            content = Path(str(metadata.distribution(distribution).locate_file(file))).read_bytes()
        except (metadata.PackageNotFoundError, OSError) as error:
            raise InstallationIncomplete(
                f"The console needs {file} of the package {distribution}, which is not installed: "
                "install the requirements again."
            ) from error
        yield name, _without_source_map(content)


def _without_source_map(content: bytes) -> bytes:
    """Without the line that has developers' tools ask for a file which is not served."""
    return b"\n".join(line for line in content.split(b"\n") if not line.startswith(_TO_SOURCE_MAPS))
