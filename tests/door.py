"""The way through the door for who waits for the key store, as the service does it."""

from application.authenticate_key import AuthenticateKey
from domain.api_key import ApiKey, Scope
from domain.errors import KeyRejected


def enter(
    authenticate: AuthenticateKey, presented: str | None, needed: Scope = Scope.VALUE, request: str = ""
) -> ApiKey:
    """The key that is let in, which is recorded; so is a refusal, which is raised."""
    try:
        key = authenticate.ask(presented)
    except KeyRejected as rejected:
        authenticate.turn_away(rejected, request)
        raise
    return authenticate.let_in(key, needed, request)
