"""Where `tasador serve` listens, and what it refuses before anything is served."""

from pathlib import Path

import pytest

from tests.cli.command import Command


@pytest.mark.parametrize("command", ["serve", "quickstart"])
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "::ffff:192.0.2.1"])  # noqa: S104
def test_beyond_loopback_it_does_not_listen_in_the_clear(here: Path, tasador: Command, command: str, host: str) -> None:
    refused = tasador(command, "--host", host, "--port", "0")
    assert refused.code == 2
    assert f"http.host: {host} is reached from other machines" in refused.told
    assert "--tls-certificate" in refused.told
    assert "--behind-proxy" in refused.told


def test_a_certificate_that_cannot_be_used_is_told_at_once(here: Path, tasador: Command) -> None:
    (here / "cert.pem").write_text("nonsense")
    refused = tasador("serve", "--tls-certificate", "cert.pem", "--tls-key", "key.pem")
    assert refused.code == 1
    assert "cert.pem holds no certificate in PEM form" in refused.told


def test_a_certificate_without_its_key_is_told_at_once(tasador: Command) -> None:
    refused = tasador("serve", "--tls-certificate", "cert.pem")
    assert (refused.code, refused.told) == (2, "http.tls_key is needed where http.tls_certificate is set.")


@pytest.mark.parametrize("command", ["serve", "quickstart"])
@pytest.mark.parametrize("host", ["nonsense..host", "x" * 64, "a b"])
def test_a_host_that_is_none_is_told(tasador: Command, command: str, host: str) -> None:
    refused = tasador(command, "--host", host, "--port", "0")
    assert refused.code == 2
    assert refused.told.startswith(f"http.host: '{host}' is no address or name of this machine")
