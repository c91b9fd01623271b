"""What valuing costs without HTTP: the use case, as the service calls it.

python benchmarks/load/in_process.py HOMES.json SECONDS [again]      prints figures as JSON; started by serving.py

`again`: values single homes for so many seconds and measures nothing, for a profile to be taken from outside.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import numpy as np

from application.value_property import ValuationRequest
from config.container import Container
from config.loader import load_settings
from domain.property import Property

_WARM_UP = 100


def main() -> None:
    """Reads the homes, values them in four ways, prints the figures."""
    homes = [Property(**home) for home in json.loads(Path(sys.argv[1]).read_text("utf-8"))]
    seconds = float(sys.argv[2])
    container = Container(settings=load_settings(None, os.environ, Path.cwd()).settings)
    container.served_model().refresh()
    value = container.value_property()
    single = [[ValuationRequest(home)] for home in homes]
    every = [ValuationRequest(home) for home in homes]
    if sys.argv[3:]:
        sys.stderr.write("valuing\n")
        sys.stderr.flush()
        until = time.perf_counter() + seconds
        for one in cycle(single):
            value(one)
            if time.perf_counter() > until:
                return
    figures = {
        "single": _measured(value, single, seconds),
        "details": _measured(lambda one: value(one, explain=True, comparables=5), single, seconds),
        "batch": _measured(value, [every], seconds),
    }
    sys.stdout.write(json.dumps({"homes": len(homes), **figures}))


def _measured(
    call: Callable[[list[ValuationRequest]], object], cases: list[list[ValuationRequest]], seconds: float
) -> dict[str, float]:
    """p50 and p99 in microseconds, and how often it was called."""
    for case in cases[:_WARM_UP]:
        call(case)
    took: list[int] = []
    until = time.perf_counter() + seconds
    for case in cycle(cases):
        began = time.perf_counter_ns()
        call(case)
        took.append(time.perf_counter_ns() - began)
        if time.perf_counter() > until:
            break
    p50, p99 = np.percentile(took, (50, 99)) / 1000
    return {"p50": float(p50), "p99": float(p99), "calls": len(took)}


if __name__ == "__main__":
    main()
