"""What starts the box: secrets that are made once, addresses that are told, files that their own programs accept."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509

from config.settings import HttpSettings

REPOSITORY = Path(__file__).parents[2]
OPERATIONS = REPOSITORY / "docs" / "operations"
PASSWORDS = ("postgres_admin_password", "postgres_password", "redis_password", "grafana_password")
MADE = {*PASSWORDS, "redis_users", "tls.pem", "tls.crt"}
COMPOSE = """#!/bin/sh
echo "$@" >> asked
case "$*" in
    "port proxy 8443") echo 0.0.0.0:9443 ;;
    port*) echo 127.0.0.1:3001 ;;
esac
"""


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


pytestmark = needs("openssl")


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A checkout of what starts the box, where nothing was started yet."""
    shutil.copytree(REPOSITORY / "deploy", tmp_path / "deploy")
    return tmp_path


def said(box: Path, script: str, **settings: str) -> str:
    """What a script of deploy/ prints."""
    environment = {"PATH": os.environ["PATH"], **settings}
    done = subprocess.run([box / "deploy" / script], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def secrets(box: Path) -> dict[str, str]:
    return {file.name: file.read_text("utf-8") for file in (box / "var" / "compose").iterdir()}


def names_in_certificate(box: Path) -> list[str]:
    certificate = x509.load_pem_x509_certificate(secrets(box)["tls.pem"].encode())
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
        x509.DNSName
    )


def test_secrets_are_made_once_in_a_folder_that_is_closed_to_others(box: Path) -> None:
    said(box, "prepare")
    first = secrets(box)
    assert set(first) == MADE
    assert len({first[name] for name in PASSWORDS}) == len(PASSWORDS)
    assert (box / "var" / "compose").stat().st_mode & 0o777 == 0o700
    assert said(box, "prepare") == ""
    assert secrets(box) == first


def test_redis_knows_the_password_of_its_file_by_its_hash_alone(box: Path) -> None:
    said(box, "prepare")
    (box / "var" / "compose" / "redis_password").unlink()
    said(box, "prepare")
    password = hashlib.sha256(secrets(box)["redis_password"].strip().encode()).hexdigest()
    assert secrets(box)["redis_users"].splitlines() == [
        "user default on nopass -@all +ping",
        f"user tasador on #{password} ~tasador:* -@all +@read +@write +@scripting +@connection -@dangerous",
    ]


@pytest.mark.parametrize(
    ("settings", "file", "names"),
    [
        ({}, "", ["localhost"]),
        ({}, "PORT=9443\nTLS_NAME=values.example\n", ["values.example", "localhost"]),
        ({"TLS_NAME": "own.example"}, "TLS_NAME=values.example\n", ["own.example", "localhost"]),
    ],
)
def test_the_first_certificate_is_for_the_name_that_the_environment_or_env_says(
    box: Path, settings: dict[str, str], file: str, names: list[str]
) -> None:
    (box / ".env").write_text(file, "utf-8")
    said(box, "prepare", **settings)
    assert names_in_certificate(box) == names


def test_up_tells_the_addresses_that_compose_took(box: Path) -> None:
    compose = box / "compose"
    compose.write_text(COMPOSE, "utf-8")
    compose.chmod(0o755)
    told = said(box, "up", COMPOSE=str(compose))
    assert f"https://{os.uname().nodename}:9443/\n" in told
    assert "http://127.0.0.1:3001/" in told
    assert (box / "asked").read_text("utf-8").startswith("version\nup --detach --build\n")


def test_without_compose_up_makes_nothing_and_says_in_one_line_what_is_missing(box: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        said(box, "up", COMPOSE="false")
    assert refused.value.stderr == "deploy/up: 'false' does not run: install Docker with its compose plugin.\n"
    assert not (box / "var").exists()


@pytest.mark.parametrize(
    "promised",
    [
        r"retries 3\s+retry-on conn-failure\s+option redispatch 1\s",  # what a replica may have begun is not sent again
        r"option http-server-close\s",
        r"http-request set-header X-Forwarded-For %\[src\]\s",
        r"http-request set-header X-Forwarded-Proto https\s",
        r"use_backend live if \{ nbsrv\(ready\) lt 1 \}\s+default_backend ready\s",
        r"backend ready\s(?:(?!backend).)* uri /health/ready ",
        r"backend live\s(?:(?!backend).)* uri /health/live ",
        r"http-request return status 404 [^\n]* if \{ path,url_dec -m reg \^\[\./\]\*/metrics\(/\|\$\) \}",
    ],
)
def test_the_balancer_does_what_the_guide_asks_of_one(promised: str) -> None:
    configuration = (REPOSITORY / "deploy" / "haproxy" / "haproxy.cfg").read_text("utf-8")
    assert re.search(rf"^\s*{promised}", configuration, flags=re.MULTILINE | re.DOTALL)


def test_the_balancer_takes_the_largest_body_that_the_service_takes_by_default() -> None:
    configuration = (REPOSITORY / "deploy" / "haproxy" / "haproxy.cfg").read_text("utf-8")
    assert re.findall(r"content-length\) gt (\d+)", configuration) == [str(HttpSettings().max_batch_kb * 1024)]


@needs("haproxy")
def test_haproxy_takes_its_configuration(box: Path) -> None:
    said(box, "prepare")
    environment = {"PATH": os.environ["PATH"], "TLS_PEM": str(box / "var" / "compose" / "tls.pem")}
    command = ["haproxy", "-c", "-f", str(box / "deploy" / "haproxy" / "haproxy.cfg")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@needs("promtool")
def test_alerts_are_silent_below_their_limits_and_fire_beyond() -> None:
    command = ["promtool", "test", "rules", "alerts.test.yml"]
    done = subprocess.run(command, cwd=OPERATIONS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_is_tried() -> None:
    alerts = re.findall(r"- alert: (\w+)", (OPERATIONS / "alerts.yml").read_text("utf-8"))
    tried = re.findall(r'alertname="(\w+)"', (OPERATIONS / "alerts.test.yml").read_text("utf-8"))
    assert alerts
    assert set(tried) == set(alerts)
