"""The API described: OpenAPI, and a page to read and try it on that asks nothing of the internet."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Tag
from litestar.params import PathParameter
from litestar.response import Redirect

from application.served_model import ServedModel
from application.version import VERSION
from domain.errors import NoModelServed
from entrypoints.http.openapi_document import Features, complete
from entrypoints.http.security import KEY_SCHEMES, PUBLIC

_DESCRIPTION = """\
Values homes with a model trained on the market's own sales.

Send an API key as `X-API-Key` or as `Authorization: Bearer`. Areas are in m2, coordinates in degrees (WGS 84).
Errors are `application/problem+json` (RFC 9457) and name every bad field at once. Every answer carries `X-Request-ID`.
A parameter in the address that a route does not know, or that comes twice, is a 400.

A `GET` may be a `HEAD`. Other methods than those shown are a 405 that names them in `Allow`, as `OPTIONS` does; other
addresses are a 404.
"""
_TAGS = [
    Tag("predictions", "Values and nothing else."),
    Tag("valuations", "Values with how sure they are, why, compared with which sales, and by which model."),
    Tag("outcomes", "What valued homes were sold for, and what valuers hold instead."),
    Tag("models", "The stored models, and which of them is served."),
    Tag("market", "What the served model knows of its market: for forms and maps."),
    Tag("monitoring", "Whether the served model still holds."),
    Tag("keys", "The keys that open this service, for those who may manage them."),
    Tag("health", "For whoever runs the service."),
]
# What an answer leads to stands in a column that is wider than a telephone: there it is left out.
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tasador API</title>
<link rel="icon" type="image/svg+xml" href="/docs/icon.svg">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<style>@media (max-width: 640px) { .swagger-ui .response-col_links { display: none } }</style>
</head>
<body>
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """\
SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#api", deepLinking: true, tryItOutEnabled: true, validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis], layout: "BaseLayout", defaultModelsExpandDepth: 0,
});
"""
_ICON = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#1f5f5b"/>
<path d="M6 16 16 7l10 9v10H6z" fill="#fff"/><path d="M13 26v-7h6v7z" fill="#1f5f5b"/></svg>
"""
_OWN_FILES = {"start.js": (_START, "text/javascript"), "icon.svg": (_ICON, "image/svg+xml")}
_PACKAGE_FILES = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}
# Whatever the bundle would like to fetch elsewhere, the browser does not.
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"


class _NoRoutes(Router):
    """Takes the pages that Litestar would serve OpenAPI on, and drops them: they load their scripts from elsewhere."""

    def register(self, value: Any) -> list[Any]:  # noqa: ARG002
        """Registers nothing."""
        return []


def openapi_config() -> OpenAPIConfig:
    """What OpenAPI says of the whole."""
    return OpenAPIConfig(
        title="Tasador",
        version=VERSION,
        description=_DESCRIPTION,
        tags=_TAGS,
        components=KEY_SCHEMES,
        use_handler_docstrings=True,
        openapi_router=_NoRoutes("/docs", route_handlers=[]),
    )


class Documentation(Controller):
    """The description of the API, for programs and for people."""

    opt = PUBLIC
    include_in_schema = False

    @get("/openapi.json", sync_to_thread=False)
    def openapi(self, request: Request[Any, Any, Any], served_model: NamedDependency[ServedModel]) -> Response[bytes]:
        """The API in OpenAPI's terms, with the further features of the model that is served now."""
        kept, features = request.app.state, _served_features(served_model)
        if "openapi" not in kept or kept["openapi"][0] != features:  # describing it takes a while
            document = complete(request.app.openapi_schema.to_schema(), request.app.routes, features)
            kept["openapi"] = features, msgspec.json.encode(document)
        return Response(kept["openapi"][1], media_type="application/json")

    @get("/docs", sync_to_thread=False)
    def page(self) -> Response[str]:
        """The page."""
        return Response(_PAGE, media_type="text/html", headers={"Content-Security-Policy": _POLICY})

    @get("/docs/{name:str}", sync_to_thread=True)
    def file(self, name: Annotated[str, PathParameter()]) -> Response[bytes]:
        """What the page needs."""
        if name in _OWN_FILES:
            text, media_type = _OWN_FILES[name]
            content = text.encode()
        elif name in _PACKAGE_FILES:
            media_type = _PACKAGE_FILES[name]
            content = _package_file(name)
        else:
            raise NotFoundException
        return Response(content, media_type=media_type, headers={"Cache-Control": "max-age=86400"})


class StartAtDocumentation(Controller):
    """What is at `/` where there is no console."""

    opt = PUBLIC
    include_in_schema = False

    @get("/", sync_to_thread=False)
    def start(self) -> Redirect:
        """Leads to the documentation."""
        return Redirect("/docs", status_code=307)


def _served_features(served: ServedModel) -> Features:
    """The names of the served model's further features. None where no model is served."""
    try:
        features = served.current().description.card.features
    except NoModelServed:
        return Features((), ())
    return Features(features.numeric, features.categorical)


@cache
def _package_file(name: str) -> bytes:
    """A file of Swagger UI; one copy, however many wait for it."""
    return (_swagger_ui() / name).read_bytes()


def _swagger_ui() -> Path:
    """The folder of the files of Swagger UI; the package that brings them is not imported."""
    package = find_spec("swagger_ui")
    if package is None or package.origin is None:
        raise NotFoundException
    return Path(package.origin).parent / "static"
