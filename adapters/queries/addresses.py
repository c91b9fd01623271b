"""Databases that a query can be sent to, by their urls."""

from urllib.parse import unquote

from sqlalchemy import URL, exc, make_url

from adapters import databases

_DRIVERS = {
    "postgres": "postgresql",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "oracle": "oracle+oracledb",
    "mssql": "mssql+pymssql",
}
_CHECKED = {"postgresql", "sqlite", "postgresql+psycopg"}


def readable(text: str) -> URL:
    """The url of a database to read from; of PostgreSQL without a driver's name where none is asked for.

    Raises ValueError in words for the user, which do not repeat the url: it may hold a password.
    """
    try:
        url = make_url(text)
    except (exc.ArgumentError, ValueError):
        url = None
    if url is None or "\0" in unquote(text):
        return databases.understood(text)  # says what is wrong with it
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    if url.drivername in _CHECKED:
        databases.understood(text)
    elif "@" in (url.host or ""):  # the end of a password, which would be shown as the host
        raise ValueError("an @ in the user or the password has to be written as %40")
    return url
