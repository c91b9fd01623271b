"""Makes sure that the browser tests find a Chromium: `python -m scripts.browser`, which `make test` runs.

One that is installed is taken; else Playwright fetches its own; else, for root on Debian or Ubuntu, the package manager
installs one. Ends with a line that says what to do where none of that works.
"""

import os
import shutil
import subprocess
import sys

from tests.browser.chromium import WHAT_TO_DO, find_chromium

_BY_PLAYWRIGHT = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
_UPDATE = ["apt-get", "update", "-qq"]
_BY_APT = ["apt-get", "install", "-qq", "--yes", "--no-install-recommends"]
_PACKAGES = ("chromium-headless-shell", "chromium")
"""The former is all that is needed; Debian alone has it."""


def main() -> None:
    """Installs a browser where there is none."""
    if find_chromium():
        return
    print("The browser tests need Chromium: installing it, only now.", flush=True)
    ways = [[_BY_PLAYWRIGHT]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        ways += [[_UPDATE, [*_BY_APT, package]] for package in _PACKAGES]
    for commands in ways:
        if all(_runs(command) for command in commands) and find_chromium():
            return
    sys.exit(WHAT_TO_DO)


def _runs(command: list[str]) -> bool:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=quiet, capture_output=True, check=False)  # noqa: S603 (named above)
    return done.returncode == 0


if __name__ == "__main__":
    main()
