"""What every answer tells a browser: nothing here is to be sniffed, kept, framed, embedded or run."""

Headers = tuple[tuple[bytes, bytes], ...]

_ALWAYS: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_SECURE: Headers = (*_ALWAYS, (b"strict-transport-security", b"max-age=31536000"))
_MAY_DIFFER = frozenset({b"cache-control", b"content-security-policy"})


def security_headers(own: "list[tuple[bytes, bytes]]", *, secure: bool) -> Headers:
    """What is added to an answer's own headers, whose Cache-Control and Content-Security-Policy hold if there are any.

    secure: whether the caller came over TLS.
    """
    added = _SECURE if secure else _ALWAYS
    for name, _ in own:
        if name in _MAY_DIFFER:
            names = {name for name, _ in own}
            return tuple(header for header in added if header[0] not in names)
    return added
