"""What uvicorn's workers start: `uvicorn --factory entrypoints.http.asgi:create_app`."""

import os
import signal
import sys
from pathlib import Path
from threading import Event, Thread

from config.container import Container
from config.loader import ConfigurationError, load_settings
from config.logs import LogFolderUnavailable
from domain.errors import DomainError
from entrypoints.http.app import make_app
from entrypoints.http.observation import Observed

_SECONDS_BETWEEN_LOOKS = 1.0


def create_app() -> Observed:
    """The application as the environment and the configuration file set it up; ends the process where they cannot."""
    Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        container = Container(settings=load_settings(None, os.environ, Path.cwd()).settings, log_stream=sys.stderr)
        container.loggers().prepare()
        return make_app(container)
    except (ConfigurationError, LogFolderUnavailable, DomainError) as error:
        sys.exit(f"tasador: {error}")


def _end_with(parent: int) -> None:
    """Stops this worker when its parent is gone: an orphan would hold the port against the next start."""
    while os.getppid() == parent:
        Event().wait(_SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGTERM)
