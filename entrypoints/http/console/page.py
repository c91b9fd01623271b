"""The page at `/`, and the files that it loads."""

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter

from config.settings import ConsoleSettings
from entrypoints.http.console.files import PageFile, page, page_files
from entrypoints.http.security import PUBLIC

_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"
_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")


class ConsolePage(Controller):
    """The console. It needs no key to be loaded: it shows nothing until its user gives it one."""

    opt = PUBLIC
    include_in_schema = False

    @get("/", sync_to_thread=False)
    def start(self, request: Request[Any, Any, Any], console: NamedDependency[ConsoleSettings]) -> Response[bytes]:
        """The page; browsers ask for it each time, so that it never loads the files of an earlier program."""
        headers = {"Content-Security-Policy": policy(console.tile_url), "Cache-Control": _ASK_EACH_TIME}
        return _sent(request, page(console), headers)

    @get("/console/{build:str}/{name:path}", sync_to_thread=False)
    def file(
        self,
        request: Request[Any, Any, Any],
        build: Annotated[str, PathParameter()],
        name: Annotated[str, PathParameter()],
    ) -> Response[bytes]:
        """What the page loads; there are only files of this very build."""
        files = page_files()
        file = files.by_name.get(name.lstrip("/"))
        if build != files.build or file is None:
            raise NotFoundException
        return _sent(request, file, {"Cache-Control": _FOR_GOOD})


def policy(tile_url: str | None) -> str:
    """The content security policy of the page: nothing from elsewhere but the map tiles that are configured."""
    tiles = urlsplit(tile_url) if tile_url else None
    images = f" {tiles.scheme}://{tiles.netloc}" if tiles else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        f"img-src 'self' data: blob:{images}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _sent(request: Request[Any, Any, Any], file: PageFile, headers: dict[str, str]) -> Response[bytes]:
    tag = f'"{file.sha256[:16]}"'
    headers = {**headers, "ETag": f"W/{tag}", "Vary": "Accept-Encoding"}  # weak: the same, compressed or not
    known = request.headers.get("if-none-match", "")
    if tag in known or known.strip() == "*":
        return Response(b"", status_code=304, media_type=file.media_type, headers=headers)
    content = file.content
    if _GZIP.search(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"], content = "gzip", file.compressed
    return Response(content, media_type=file.media_type, headers=headers)
