"""The pepper under which a new key is hashed."""

from application.ports.key_store import KeyStore
from application.ports.pepper_store import PepperStore
from domain.api_key import Pepper
from domain.errors import SecretUnavailable

PEPPER_LOST = (
    "The pepper is lost: there are keys, but not the secret under which they are hashed. Restore key_store.pepper_file "
    "from its backup; to begin anew without it, revoke every key first."
)


def pepper_for_keys(keys: KeyStore, peppers: PepperStore) -> Pepper:
    """The current pepper, made where there are neither peppers nor keys.

    A lost one is not replaced without a word: nobody would miss it until its backup is restored over the new one.
    Raises SecretUnavailable, KeyStoreUnavailable, KeyStoreMalformed.
    """
    if is_pepper_lost(keys, peppers):
        raise SecretUnavailable(PEPPER_LOST)
    return peppers.current()


def is_pepper_lost(keys: KeyStore, peppers: PepperStore) -> bool:
    """Whether there are keys in use and no pepper at all. Raises as `pepper_for_keys` does."""
    if not peppers.is_empty():
        return False
    kept = keys.all()
    return bool(kept.faults) or any(key.revoked_at is None for key in kept.keys)
