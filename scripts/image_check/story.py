"""The whole story: train, create a key, serve, value, switch, stop; each step is told, and what is wrong ends it."""

import csv
import json
import socket
import statistics
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from entrypoints.cli.learners import LEARNERS
from scripts.image_check.commands import Wrong
from scripts.image_check.engines import USER, Engine, run
from scripts.image_check.images import Image
from scripts.image_check.service import Caller, Service

_NUMBERS = ("net_usable_area", "net_area", "n_rooms", "n_bathroom", "latitude", "longitude")
_NOT_IN_THE_TRAINING_ONE = {"dask", "distributed"}
_NOT_IN_THE_SERVING_ONE = LEARNERS | _NOT_IN_THE_TRAINING_ONE
_STARTS = 5
_BOTH_SIDES = 50
_BUSY = 500
_NOBODY = "127.0.0.1:9"
"""An address where nothing answers: how far it gets shows that the libraries are there."""
_UNREACHABLE = {
    "S3": ("models", {"MODEL_REPOSITORY__KIND": "object_storage", "MODEL_REPOSITORY__URL": "s3://bucket/models"}),
    "Vault": ("keys", {"KEY_STORE__KIND": "vault", "KEY_STORE__URL": f"http://{_NOBODY}"}),
    "PostgreSQL": ("keys", {"KEY_STORE__KIND": "sql", "KEY_STORE__URL": f"postgresql://own@{_NOBODY}/own"}),
}
_OF_OTHERS = {"AWS_ENDPOINT_URL": f"http://{_NOBODY}", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none",
              "AWS_MAX_ATTEMPTS": "1", "VAULT_TOKEN": "none"}  # fmt: skip
_CERTIFICATE = """
import datetime, ipaddress, sys
from pathlib import Path
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "image-check")])
now = datetime.datetime.now(datetime.UTC)
address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    .serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    .add_extension(address, critical=False).sign(key, hashes.SHA256()))
form = serialization.Encoding.PEM
Path("check.crt").write_bytes(certificate.public_bytes(form))
Path("check.key").touch(0o600)
Path("check.key").write_bytes(
    key.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
"""


@dataclass(frozen=True, slots=True)
class Story:
    """Where it plays: the engine, the tags of both images, the serving one, and the volume of both."""

    engine: Engine
    serve: str
    train: str
    image: Image
    volume: Path

    def run(self) -> list[str]:
        """The figures, a line each. Raises Wrong."""
        self._train()
        token = json.loads(self._said("keys", "create", "--label", "check", "--scope", "value", "--json"))["token"]
        self._look_inside()
        self._refused_without_learners()
        self._connects()
        self._said("config", "check")
        self._said("models", "verify")
        starts, idle = self._starts(token)
        figures = self._served(token)
        self._configured_whole(token)
        self._said("audit", "verify")
        told = ", ".join(f"{one:.2f}" for one in starts)
        return [
            f"program's start to the first 200 of /health/ready: {statistics.median(starts):.2f} s, median of {told}",
            f"memory, one worker, ready:                {idle}",
            *figures,
        ]

    def _train(self) -> None:
        for options in ([], ["--no-promote"]):
            run(self.engine, self.train, self.volume, "tasador", "train", "--recipe", "notebook", *options)

    def _said(self, *command: str) -> str:
        return run(self.engine, self.serve, self.volume, "tasador", *command)[0]

    def _look_inside(self) -> None:
        """Closed off, both of them; and every module loads, but in the serving one those of the learners."""
        program = Path(__file__).with_name("inside.py").read_text("utf-8")
        for tag in (self.serve, self.train):
            told = json.loads(run(self.engine, tag, self.volume, "python3", "-c", program, shown=False)[0])
            closed, missing = told["closed off"], told["missing"]
            print(f"inside {tag}: {json.dumps(closed)}")
            if (
                closed["user"] != USER
                or any(int(bits, 16) for bits in closed["capabilities"])
                or not closed["no new privileges"]
                or not closed["read-only root"]
                or closed["shells"]
                or closed["writable"] != ["/var/lib/tasador", "/tmp"]  # noqa: S108
            ):
                raise Wrong(f"{tag} is not closed off: {closed}")
            expected = _NOT_IN_THE_SERVING_ONE if tag == self.serve else _NOT_IN_THE_TRAINING_ONE
            if lacking := [one for one in missing if one.split(": ")[1].split(".")[0] not in expected]:
                raise Wrong(f"{tag} cannot load: {'; '.join(lacking)}")
            print(f"  Python {told['python']}; all modules load but {len(missing)} that need the learners or Dask")

    def _refused_without_learners(self) -> None:
        for command in (["train"], ["evaluate"], ["value", "/etc/tasador/data/ames_sales.csv", "valued.csv"]):
            said = run(self.engine, self.serve, self.volume, "tasador", *command, expected=1)[1]
            print(f"  {said.strip()}")
            if said.count("\n") != 1 or "tasador-train" not in said:
                raise Wrong(
                    f"`tasador {command[0]}` of the serving image does not name the other one in one line: {said}"
                )

    def _connects(self) -> None:
        """What each store's library says of a server that is not there, in one line that names it."""
        for name, (group, own) in _UNREACHABLE.items():
            settings = {f"TASADOR_{key}": value for key, value in own.items()} | _OF_OTHERS
            command = ["tasador", group, "list"]
            run(self.engine, self.serve, self.volume, "tasador", "config", "check", settings=settings, shown=False)
            said = run(self.engine, self.serve, self.volume, *command, settings=settings, expected=1, shown=False)[1]
            print(f"{name}, with nobody there: {said.strip()}")
            if said.count("\n") != 1 or any(word in said for word in ("fault of Tasador", "left out", "extra")):
                raise Wrong(f"{name} cannot be asked by the serving image: {said}")

    @contextmanager
    def _service(self, token: str, *, tls: bool = False, **settings: str) -> Iterator[Service]:
        port = _free_port()
        own = {"TASADOR_HTTP__HOST": "127.0.0.1", "TASADOR_HTTP__PORT": str(port), "TASADOR_HTTP__RATE_LIMIT": "off"}
        own |= {f"TASADOR_{name}": value for name, value in settings.items()}
        command = self.engine.command(self.serve, self.volume, own, ["tasador", "serve"])
        service = Service(command, port, self.volume.parent / "serve.log", token, tls=tls)
        try:
            self._healthy(own, 0)
            yield service
            service.stop()
            self._healthy(own, 1)
        finally:
            service.end()

    def _healthy(self, settings: Mapping[str, str], expected: int) -> None:
        """The image's own health check, run in the image."""
        program = self.image.health_check
        run(self.engine, self.serve, self.volume, *program, settings=settings, expected=expected, shown=False)
        print(f"the image's health check ends with {expected}{' now that it is stopped' if expected else ''}")

    def _starts(self, token: str) -> tuple[list[float], str]:
        seconds, idle = [], ""
        for _ in range(_STARTS):
            with self._service(token) as service:
                seconds.append(service.seconds_to_ready)
                idle = str(service.memory())
        return seconds, idle

    def _served(self, token: str) -> list[str]:
        home = _home()
        with self._service(token) as service:
            valued = json.loads(service.wanted("POST", "/v1/valuations", home))
            print(f"valued by {valued['model']['version']}: {valued['value']:.2f}")
            for path in ("/", "/docs", "/openapi.json", "/metrics"):
                print(f"GET {path}: {len(service.wanted('GET', path)):,} bytes")
            print(self._switched(service, home))
            for _ in range(_BUSY):
                service.wanted("POST", "/v1/valuations", home)
            busy = service.memory()
        return [f"memory, one worker, after {_BUSY} valuations: {busy}", "stopped by SIGTERM: exit code 0, each time"]

    def _switched(self, service: Service, home: Mapping[str, Any]) -> str:
        caller = Caller(service, home)
        try:
            caller.wait_for("v1", _BOTH_SIDES)
            self._said("models", "promote", "v2")
            caller.wait_for("v2", _BOTH_SIDES)
        finally:
            caller.end()
        runs = [(version, len(list(answers))) for version, answers in groupby(caller.versions)]
        if [version for version, _ in runs] != ["v1", "v2"]:
            raise Wrong(f"the answers were by these versions, in turn: {runs}")
        return f"switched: {runs[0][1]} valuations by v1 and then {runs[1][1]} by v2, none failed"

    def _configured_whole(self, token: str) -> None:
        """TLS, limits in Redis, OpenTelemetry and syslog, of which only TLS has anybody at the other end."""
        run(self.engine, self.serve, self.volume, "python3", "-c", _CERTIFICATE, shown=False)
        files = {"HTTP__TLS_CERTIFICATE": "/var/lib/tasador/check.crt", "HTTP__TLS_KEY": "/var/lib/tasador/check.key"}
        others = {
            "HTTP__RATE_LIMIT": "100000/minute",
            "HTTP__RATE_LIMIT_URL": f"redis://{_NOBODY}",
            "LOGGING__OTLP_URL": f"http://{_NOBODY}",
            "LOGGING__SYSLOG_URL": f"tcp://{_NOBODY}",
            "TRACING__OTLP_URL": f"http://{_NOBODY}",
            "HTTP__BEHIND_PROXY": "false",
        }
        with self._service(token, tls=True, **files, **others) as service:
            service.wanted("POST", "/v1/valuations", _home())
            service.wanted("GET", "/")
            print(
                "served over TLS, with Redis, OpenTelemetry and syslog configured and nobody there: valued all the same"
            )


def _home() -> dict[str, Any]:
    """The first of the public sales, without its price."""
    with Path("data", "ames_sales.csv").open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    return {"type": row["type"], "sector": row["sector"], **{name: float(row[name]) for name in _NUMBERS}}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
