"""What a serving process remembers - keys in flight, peppers, homes - is for nobody else on the machine."""

import contextlib
import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4


def keep_memory_private() -> None:
    """From now on a crash leaves no core dump of this process, and no other process of its user may look into it.

    Where the system has no such setting, nothing happens.
    """
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # The limit does not hold where the kernel hands dumps to a program.
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
