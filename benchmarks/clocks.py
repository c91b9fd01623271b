"""Two replicas whose clocks differ by ten minutes, and clocks that are set while they serve: what becomes of the keys?

python benchmarks/clocks.py [--json FILE]

Two `tasador serve` on one key store, the wall clock of one five minutes fast and that of the other five minutes slow,
by libfaketime (apt-get install faketime; Linux). Keys are issued, revoked and rotated on either and used on both. Then
the clocks of both are set the other way while they serve. Exit code 1 where something is not as promised. A minute.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from load.processes import TASADOR, CannotRun, commit, machine, output_of, serving
from rich.console import Console
from rich.table import Table

SKEW = 300
_FAR = 2 * SKEW
_LIMIT = 1000
_MOST_SECONDS_LET_IN = 10.0
_SOMEWHAT = 5.0
"""Seconds that a request or a command may take on a busy machine."""
_LIBRARIES = ("lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu", "lib", "local/lib")


@dataclass(frozen=True)
class Finding:
    """What was tried, what came of it, and whether that is as promised."""

    tried: str
    seen: str
    good: bool


class Replica:
    """A service with a clock of its own."""

    def __init__(self, name: str, address: str, clock: Path, admin: str) -> None:
        self.name = name
        self._clock = clock
        self._admin = admin
        self._caller = httpx.Client(base_url=address, timeout=15)

    def set_clock(self, seconds: int) -> None:
        """Sets its wall clock so many seconds before or behind the true time, from now on."""
        set_clock(self._clock, seconds)

    def use(self, token: str) -> httpx.Response:
        """The answer to a use of a key."""
        return self._caller.get("/v1/models", headers={"X-API-Key": token})

    def manage(self, method: str, path: str, body: object = None) -> Any:
        """What is answered to an admin. Raises CannotRun where it is refused."""
        answer = self._caller.request(method, f"/v1/keys{path}", json=body, headers={"X-API-Key": self._admin})
        if not answer.is_success:
            raise CannotRun(f"{method} /v1/keys{path} on the replica that is {self.name}: {answer.text}")
        return answer.json() if answer.content else None

    def issue(self, expires_in: str = "30d") -> Any:
        """A new key."""
        body = {"label": f"by the {self.name} one", "scopes": ["models:read"], "expires_in": expires_in}
        return self.manage("POST", "", body)


class Trials:
    """The findings, one after the other."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def tell(self, tried: str, seen: object, *, good: bool) -> None:
        """Adds one."""
        self.findings.append(Finding(tried, str(seen), good))


def set_clock(file: Path, seconds: int) -> None:
    """Writes what libfaketime reads at every look at the clock; whole at any moment."""
    beside = file.with_suffix(".new")
    beside.write_text(f"{seconds:+d}s\n", "utf-8")
    beside.replace(file)


def faketime() -> Path:
    """The library. Raises CannotRun."""
    for folder in _LIBRARIES:
        library = Path("/usr") / folder / "faketime" / "libfaketimeMT.so.1"
        if library.exists():
            return library
    raise CannotRun("libfaketime is not installed: apt-get install faketime (Debian, Ubuntu)")


@contextmanager
def replica(name: str, seconds: int, home: Path, admin: str) -> Iterator[Replica]:
    """A service whose wall clock is off by so much; its other clocks are the machine's, as where a clock is set."""
    clock = home / f"{name}.clock"
    set_clock(clock, seconds)
    with serving(
        name,
        [*TASADOR, "serve", "--port", "0"],
        home,
        "/health/live",
        LD_PRELOAD=str(faketime()),
        FAKETIME_TIMESTAMP_FILE=str(clock),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
        TASADOR_HTTP__RATE_LIMIT=f"{_LIMIT}/hour",
    ) as served:
        yield Replica(name, served.address, clock, admin)


def seconds_let_in(here: Replica, token: str) -> float:
    """For how long a key is still let in from now on; at most twice as long as promised."""
    began = time.monotonic()
    while time.monotonic() - began < 2 * _MOST_SECONDS_LET_IN:
        if here.use(token).status_code != 200:
            return time.monotonic() - began
        time.sleep(0.1)
    return time.monotonic() - began


def try_life_cycle(trials: Trials, here: Replica, there: Replica) -> None:
    """Issues, revokes and rotates on one replica, and uses on both."""
    how = f"{here.name}, used on the {there.name} one"
    issued = here.issue()
    statuses = [each.use(issued["token"]).status_code for each in (here, there)]
    trials.tell(f"issued on the {how}", statuses, good=statuses == [200, 200])

    here.manage("DELETE", f"/{issued['id']}")
    at_home, away = seconds_let_in(here, issued["token"]), seconds_let_in(there, issued["token"])
    good = at_home < _SOMEWHAT and away <= _MOST_SECONDS_LET_IN
    trials.tell(f"revoked on the {how}: let in for", f"{at_home:.1f} s, {away:.1f} s", good=good)

    old = here.issue()
    for each in (here, there):
        each.use(old["token"])
    new = here.manage("POST", f"/{old['id']}/rotate", {"overlap": "1h"})
    statuses = [each.use(key["token"]).status_code for each in (here, there) for key in (old, new)]
    trials.tell(f"rotated with an hour's overlap on the {how}: old, new", statuses, good=statuses == [200] * 4)

    old = there.issue()
    for each in (here, there):
        each.use(old["token"])
    new = here.manage("POST", f"/{old['id']}/rotate", {"overlap": "0m"})
    statuses = [each.use(new["token"]).status_code for each in (here, there)]
    at_home, away = seconds_let_in(here, old["token"]), seconds_let_in(there, old["token"])
    lives = (datetime.fromisoformat(new["replaces"]["expires_at"]) - datetime.now(UTC)).total_seconds()
    good = statuses == [200, 200] and lives <= SKEW + _SOMEWHAT
    said = f"{statuses}; old let in for {_for(at_home)}, {_for(away)}; its end is {lives:+.0f} s from true time"
    trials.tell(f"issued on the {there.name}, rotated with none on the {how}: new", said, good=good)


def _for(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 2 * _MOST_SECONDS_LET_IN else f"more than {seconds:.0f} s"


def try_expiry(trials: Trials, fast: Replica, slow: Replica) -> None:
    """A key expires by the clock of who checks it: off by the skew and no more."""
    short, long = slow.issue("9m"), slow.issue("11m")
    for key, expected in ((short, [401, 200]), (long, [200, 200])):
        statuses = [each.use(key["token"]).status_code for each in (fast, slow)]
        minutes = "9" if key is short else "11"
        trials.tell(f"a key of {minutes} minutes issued on the slow: fast, slow", statuses, good=statuses == expected)


def try_set_clocks(trials: Trials, fast: Replica, slow: Replica) -> None:
    """Sets both clocks by ten minutes while they serve."""
    tokens = [here.issue() for here in (fast, slow)]
    before = [
        int(here.use(key["token"]).headers["RateLimit-Remaining"])
        for here, key in zip((fast, slow), tokens, strict=True)
    ]
    fast.set_clock(-SKEW)
    slow.set_clock(SKEW)
    for here, key, left in zip((fast, slow), tokens, before, strict=True):
        direction = "back" if here is fast else "forward"
        answers = [here.use(key["token"]) for _ in range(5)]
        statuses = sorted({each.status_code for each in answers})
        now_left = int(answers[-1].headers["RateLimit-Remaining"])
        trials.tell(
            f"clock set {_FAR // 60} minutes {direction}: answers to a key in use", statuses, good=statuses == [200]
        )
        trials.tell("  its rate limit counts on", f"{left} left, then {now_left}", good=now_left == left - 5)
        waits = {each.headers["RateLimit-Reset"] for each in answers}
        trials.tell("  and says to wait", f"{', '.join(waits)} s", good=all(0 < int(each) <= 3600 for each in waits))
        here.manage("DELETE", f"/{key['id']}")
        let_in = seconds_let_in(slow if here is fast else fast, key["token"])
        trials.tell("  revoked then, let in on the other for", f"{let_in:.1f} s", good=let_in <= _MOST_SECONDS_LET_IN)
    fast.set_clock(SKEW)
    slow.set_clock(-SKEW)


def try_lists(trials: Trials, fast: Replica, slow: Replica) -> None:
    """The list of keys is the same on both, and in the order of the times in it."""
    lists = [[(key["created_at"], key["id"]) for key in each.manage("GET", "")["keys"]] for each in (fast, slow)]
    trials.tell("the list of keys is the same on both", f"{len(lists[0])} keys", good=lists[0] == lists[1])
    trials.tell("  and in the order of the times it shows", "", good=lists[0] == sorted(lists[0]))


def last_used(home: Path, key_id: str) -> str | None:
    """What the store says of it."""
    keys = json.loads(output_of([*TASADOR, "keys", "list", "--json"], home))
    listed = keys["keys"] if isinstance(keys, dict) else keys
    found: str | None = next(key["last_used_at"] for key in listed if key["id"] == key_id)
    return found


def run(home: Path) -> list[Finding]:
    """Everything, one after the other."""
    trials = Trials()
    create = [
        *TASADOR,
        "keys",
        "create",
        "--label",
        "admin",
        "--json",
        "--scope",
        "keys:admin",
        "--scope",
        "models:read",
    ]
    admin = json.loads(output_of(create, home))["token"]
    with replica("slow", -SKEW, home, admin) as slow:
        with replica("fast", SKEW, home, admin) as fast:
            used = fast.issue()
            for here, there in ((fast, slow), (slow, fast)):
                try_life_cycle(trials, here, there)
            try_expiry(trials, fast, slow)
            try_set_clocks(trials, fast, slow)
            try_lists(trials, fast, slow)
            fast.use(used["token"])
        first = last_used(home, used["id"])  # the fast one has stored its uses when it stopped
        slow.use(used["token"])
    second = last_used(home, used["id"])
    good = first is not None and second is not None and second >= first
    trials.tell("last used on the fast, then on the slow one", f"{first}, then {second}", good=good)
    return trials.findings


def main() -> None:
    """Tries everything and prints what was seen."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with TemporaryDirectory(prefix="tasador-clocks-") as temporary:
            findings = run(Path(temporary))
    except CannotRun as error:
        sys.exit(f"clocks.py: {error}")
    table = Table(title=f"{machine()}, {commit()}; clocks {SKEW:+d} s and {-SKEW:+d} s", box=None, title_justify="left")
    for head in ("", "", "as promised"):
        table.add_column(head)
    for each in findings:
        table.add_row(each.tried, each.seen, "yes" if each.good else "NO")
    Console(width=170).print(table)
    if given.json:
        given.json.write_text(json.dumps([asdict(each) for each in findings], indent=1), "utf-8")
    sys.exit(0 if all(each.good for each in findings) else 1)


if __name__ == "__main__":
    main()
