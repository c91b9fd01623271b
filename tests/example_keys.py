"""Keys to try things with."""

from datetime import UTC, datetime, timedelta

from domain.api_key import ApiKey, KeyAdmin, Pepper, Scope, Token

OPERATOR = KeyAdmin("operator")
PEPPER = Pepper("example", b"0123456789abcdef0123456789abcdef")


def example_key(
    token: Token | None = None,
    label: str = "Inmobiliaria Los Robles",
    scopes: frozenset[Scope] = frozenset({Scope.VALUE, Scope.MODELS_READ}),
    created_at: datetime = datetime(2026, 11, 22, 12, 30, 15, 123456, tzinfo=UTC),
    lifetime: timedelta = timedelta(days=90),
    revoked_at: datetime | None = None,
) -> ApiKey:
    """A key of `token`, or of a new one."""
    token = token or Token.generate()
    return ApiKey(
        id=token.key_id,
        label=label,
        secret_hash=PEPPER.hash(token.secret),
        pepper_id=PEPPER.id,
        scopes=scopes,
        created_at=created_at,
        expires_at=created_at + lifetime,
        revoked_at=revoked_at,
    )
