"""The application for a server of another make: `uvicorn --factory entrypoints.http.asgi:create_app`."""

import os
import sys
from pathlib import Path

from config.container import Container
from config.faults import ConfigurationError
from config.loader import load_settings
from domain.errors import DomainError
from entrypoints.http.app import make_app
from entrypoints.http.observation import Observed


def create_app() -> Observed:
    """The application as the environment and the configuration file set it up; ends the process where they cannot."""
    try:
        container = Container(settings=load_settings(None, os.environ, Path.cwd()).settings, log_stream=sys.stderr)
        container.loggers().prepare()
        return make_app(container)
    except (ConfigurationError, DomainError) as error:
        sys.exit(f"tasador: {error}")
