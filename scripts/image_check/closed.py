"""Runs a program of an image as an engine would: `closed.py ROOT VOLUME PROGRAM ARGUMENT...`, in a mount namespace.

The root is read-only but for the volume and an empty /tmp; the program is the image's user, with no capability and no
way to one. It takes the place of this process, so that signals reach it.
"""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

USER = 10001
_LAST_CAPABILITY = Path("/proc/sys/kernel/cap_last_cap")
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38


def main(root: str, volume: str, *command: str) -> None:
    """Does not return."""
    libc = ctypes.CDLL(None, use_errno=True)
    capabilities = int(_LAST_CAPABILITY.read_text()) + 1
    for options in (
        ["--make-rprivate", "/"],
        ["--bind", root, root],
        ["--bind", volume, f"{root}/var/lib/tasador"],
        ["--rbind", "/dev", f"{root}/dev"],
        ["--types", "proc", "proc", f"{root}/proc"],
        ["--types", "tmpfs", "tmpfs", f"{root}/tmp"],  # noqa: S108 (the image's)
        ["--options", "remount,bind,ro", root],
    ):
        subprocess.run(["mount", *options], check=True)  # noqa: S603, S607 (our own command)
    os.chroot(root)
    os.chdir("/var/lib/tasador")
    for capability in range(capabilities):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
            sys.exit(f"capability {capability} cannot be dropped: {os.strerror(ctypes.get_errno())}")
    os.setgroups([])
    os.setgid(USER)
    os.setuid(USER)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        sys.exit(f"privileges cannot be given up: {os.strerror(ctypes.get_errno())}")
    os.execvp(command[0], command)  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main(*sys.argv[1:])
