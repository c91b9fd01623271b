"""Calls from the pages of other web sites: none, but of those that are named."""

from collections.abc import Sequence

from litestar.config.cors import CORSConfig

from entrypoints.http.openapi_document import HEADERS


def cors_config(origins: Sequence[str]) -> CORSConfig | None:
    """What browsers are told: keys come in headers, so that cookies (credentials) are never asked for."""
    if not origins:
        return None
    return CORSConfig(
        allow_origins=list(origins),
        allow_methods=["GET", "HEAD", "POST", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-ID"],
        expose_headers=[*HEADERS],
        allow_credentials=False,
    )
