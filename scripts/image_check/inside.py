"""What only a program inside an image can tell: run there by `python3 -c`, with this file as its text.

Whether it is closed off, and whether every module of Tasador and what it connects with can be loaded: prints JSON.
"""

import importlib
import json
import os
import pkgutil
import shutil
import sys
from pathlib import Path

PACKAGES = ("domain", "application", "adapters", "config", "entrypoints")
LIBRARIES = (
    *(
        "s3fs",
        "aiobotocore.session",
        "redis.asyncio",
        "limits.aio.storage",
        "hvac",
        "requests",
        "psycopg_binary._psycopg",
    ),
    *("opentelemetry.exporter.otlp.proto.http.trace_exporter", "opentelemetry.exporter.otlp.proto.http._log_exporter"),
    *("opentelemetry.sdk.trace", "sqlalchemy.dialects.postgresql.psycopg", "cryptography.x509", "ssl", "sqlite3"),
    *("bootstrap", "js_lib_leaflet", "swagger_ui", "pyrage", "uvloop", "httptools", "zoneinfo", "numpy.linalg"),
)


def closed_off() -> dict[str, object]:
    """What the process may do, and what is there that it could do more with."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("ascii").splitlines())
    places = ("/", "/etc/tasador", "/opt/tasador/lib", "/usr/lib", "/var/lib/tasador", "/tmp")  # noqa: S108
    return {
        "user": os.getuid(),
        "capabilities": [status[name].strip() for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")],
        "no new privileges": status["NoNewPrivs"].strip() == "1",
        "shells": [
            name for name in ("sh", "bash", "dash", "busybox", "perl", "apt", "dpkg", "pip") if shutil.which(name)
        ],
        "writable": [place for place in places if is_writable(place)],
        "read-only root": bool(os.statvfs("/").f_flag & os.ST_RDONLY),
    }


def is_writable(place: str) -> bool:
    """Found out by writing."""
    probe = Path(place, ".image-check")
    try:
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def missing() -> list[str]:
    """Modules that cannot be loaded, and what each lacks."""
    names = [
        module.name
        for package in PACKAGES
        for module in pkgutil.walk_packages([importlib.import_module(package).__path__[0]], f"{package}.")
        if ".migrations." not in module.name and not module.name.endswith(("__main__", "kernel.kernel"))
    ]
    found = []
    for name in [*names, *LIBRARIES]:
        try:
            importlib.import_module(name)
        except Exception as error:
            found.append(f"{name}: {getattr(error, 'name', None) or repr(error)}")
    return found


if __name__ == "__main__":
    print(json.dumps({"closed off": closed_off(), "missing": missing(), "python": sys.version.split()[0]}))
