"""Builds the native kernel of valuations when Tasador is installed: a shared library of plain C, without Python's API.

The compiler is $CC, else cc, gcc or clang, else the package `ziglang`, which brings one where a machine has none.
"""

import importlib.util
import os
import runpy
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_FOLDER = Path("adapters", "valuation_models", "kernel")
# Without contraction into fused multiply-adds, so that every machine gives the same bits.
_OPTIONS = (
    "-std=c11",
    "-O3",
    "-fno-fast-math",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fvisibility=hidden",
    "-fPIC",
    "-shared",
)


class KernelBuildHook(BuildHookInterface):
    """Compiles the kernel into its folder, and puts it into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (hatchling's signature)
        """Runs before the wheel is made. Ends the build with the compiler's own words where that fails."""
        if self.target_name != "wheel":
            return
        build_data["pure_python"] = False
        build_data["tag"] = _tag()
        build_data["artifacts"].append(str(_FOLDER / "kernel.so"))
        compile_kernel(Path(self.root) / _FOLDER)


def compile_kernel(folder: Path) -> None:
    """Makes kernel.so of the C files in `folder`. Exits with one line where there is no compiler, or where it fails."""
    digest = _digest_of_sources(folder)
    sources = sorted(str(file) for file in folder.glob("*.c"))
    built = folder / f".kernel-{os.getpid()}.so"
    command = [*_compiler(), *_OPTIONS, f"-DKERNEL_SOURCES={digest}ULL", "-o", str(built), *sources, "-lm"]
    try:
        with tempfile.TemporaryDirectory() as cache:  # zig's, which would lie in a home that may not be writable
            caches = {"ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
            subprocess.run(command, check=True, env={**caches, **os.environ})  # noqa: S603 (the user's compiler)
        built.replace(folder / "kernel.so")  # whole or not at all, also under a process that has the old one open
    except subprocess.CalledProcessError:
        sys.exit("Tasador's native part could not be built: the compiler says above why.")
    except OSError as error:
        sys.exit(f"Tasador's native part could not be built: {error}")
    finally:
        built.unlink(missing_ok=True)


def _compiler() -> list[str]:
    if chosen := os.environ.get("CC"):
        return shlex.split(chosen)
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return [found]
    if importlib.util.find_spec("ziglang"):
        # By itself it would build for this very processor, with checks and symbols that a release has no use for.
        return [sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline", "-fno-sanitize=undefined", "-s"]
    sys.exit("Tasador's native part needs a C compiler: install gcc or clang, or `pip install ziglang` beside it.")


def _tag() -> str:
    """The wheel is for this platform, and for every Python 3: the library does not know Python."""
    return f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"


def _digest_of_sources(folder: Path) -> int:
    """What `digest.py` says of them: the package around it is not installed yet."""
    digest: int = runpy.run_path(str(folder / "digest.py"))["sources_digest"]()
    return digest


if __name__ == "__main__":
    compile_kernel(Path(__file__).parent / _FOLDER)
