"""Passwords that lie in files of their own, so that no configuration holds them."""

from pathlib import Path

from domain.errors import SecretUnavailable


def password_in(file: Path | None) -> str | None:
    """The content of the file, trimmed; None without a file.

    Raises SecretUnavailable, naming the file, where it holds no password that can be read.
    """
    if file is None:
        return None
    try:
        password = file.read_text("utf-8").strip()
    except OSError as error:
        raise SecretUnavailable(f"The password file {file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SecretUnavailable(f"The password file {file} is not UTF-8 text.") from None
    if "\0" in password:  # no server takes one, and the url would be blamed for it
        raise SecretUnavailable(f"The password file {file} holds a NUL character: write it as plain text.")
    return password
