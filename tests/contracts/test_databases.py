"""What is made of a database's url before anything connects."""

from pathlib import Path

import pytest
import sqlalchemy as sql

from adapters import databases
from domain.errors import SecretUnavailable

URL = "postgresql://ana@host/sales"


class TestThePasswordFile:
    def test_leaves_the_url_alone_where_there_is_none(self) -> None:
        assert databases.with_password(URL, None) == URL

    @pytest.mark.parametrize("password", ["simple", "p@w/x%y:z?a=b#c", "mit ñ"])
    def test_gives_the_url_its_password(self, tmp_path: Path, password: str) -> None:
        (tmp_path / "password").write_text(f"{password}\n", "utf-8")
        made = databases.understood(databases.with_password(URL, tmp_path / "password"))
        assert (made.password, made.host) == (password, "host")
        assert password not in databases.shown(made)

    @pytest.mark.parametrize(
        ("content", "told"),
        [(None, "cannot be read: No such file"), (b"geheim\xff", "is not UTF-8 text"), (b"geheim\0", "holds a NUL")],
    )
    def test_that_holds_no_text_is_told_in_one_line(self, tmp_path: Path, content: bytes | None, told: str) -> None:
        if content is not None:
            (tmp_path / "password").write_bytes(content)
        with pytest.raises(SecretUnavailable, match=told) as caught:
            databases.with_password(URL, tmp_path / "password")
        assert str(caught.value).isprintable()
        assert "geheim" not in str(caught.value)

    @pytest.mark.parametrize("url", ["", "nonsense", "postgresql://ana@host:port/sales"])
    def test_leaves_a_url_that_cannot_be_read_to_be_refused(self, tmp_path: Path, url: str) -> None:
        (tmp_path / "password").write_text("geheim", "utf-8")
        with pytest.raises(ValueError, match="no database url can be read from it") as caught:
            databases.understood(databases.with_password(url, tmp_path / "password"))
        assert "geheim" not in str(caught.value)


class TestPostgresqlOptions:
    def test_bound_every_wait_and_name_the_encoding(self) -> None:
        options = databases.postgresql_options(sql.make_url(URL))
        waits = {"connect_timeout": 5, "tcp_user_timeout": 5000}
        probes = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
        assert options == waits | probes | {"client_encoding": "utf8"}

    def test_leave_to_the_url_what_it_says_itself(self) -> None:
        options = databases.postgresql_options(sql.make_url(f"{URL}?connect_timeout=1"))
        assert "connect_timeout" not in options
        assert "tcp_user_timeout" in options


def test_an_at_sign_of_a_password_is_refused_and_not_shown_as_the_host() -> None:
    with pytest.raises(ValueError, match="written as %40") as caught:
        databases.understood("postgresql://ana:ge@heim@host/sales")
    assert "heim" not in str(caught.value)
