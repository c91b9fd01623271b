"""Publishing that is killed at any moment."""

import json
import subprocess
import sys

from tests.e2e.service import REPOSITORY

POINTS = 25


def test_a_publication_killed_at_any_moment_leaves_a_sound_registry() -> None:
    script = REPOSITORY / "benchmarks" / "killed_publishing.py"
    done = subprocess.run(
        [sys.executable, str(script), "--points", f"{POINTS}", "--json"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    found = json.loads(done.stdout)
    assert (found["points"], found["faults"], found["strays"]) == (POINTS, [], [])
    assert sum(found["killed_before"].values()) == POINTS
    assert found["promotions_recorded"] >= found["promotions_told"] > 0
