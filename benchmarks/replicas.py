"""Two replicas behind the balancer: is anything lost while they are stopped, killed, and told of models and keys?

python benchmarks/replicas.py [--seconds S] [--callers N] [--netns] [--home FOLDER] [--json FILE]

Two `tasador serve`, each with a home of its own, with one PostgreSQL (keys, evidence), one folder of models, and one
Redis where redis-server is installed; HAProxy with deploy/haproxy/haproxy.cfg before them. Callers ask for valuations
over TLS on kept connections, and never a second time. Meanwhile another model is promoted and rolled back, keys are
issued, revoked and used beyond their limit, both replicas are restarted one after the other, and one is killed (-9)
and misses a revocation and a promotion. Then every failed request is laid at a door, and every answered valuation is
looked for in the evidence. Exit code 1 where something is not as promised. `--netns` (root, Linux) gives each replica
a network namespace of its own; `--home` keeps the trained models for another run. Ten minutes, and two of preparation.
"""

import argparse
import itertools
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from load.callers import Asked, Callers
from load.postgres import Postgres, postgres
from load.processes import TASADOR, CannotRun, commit, environment, machine
from load.replicas import Balancer, Network, Redis, Replica, network_of_its_own, redis
from rich.console import Console
from rich.table import Table
from switches import FIRST, SECOND, homes, trained

from config.container import Container
from config.loader import load_settings
from domain.api_key import KeyAdmin, Scope

LIMIT = 600
MOST_SECONDS_LET_IN = 10.0
MOST_SECONDS_TO_FOLLOW = 10.0
_KEYS_OF_A_CALLER = 8
_REVOKED = 5
_TOO_OFTEN = 800
_MOST_SECONDS_WITHOUT_ANSWER = 2.0
_MOST_SECONDS_TO_LEARN = 2.0
"""Between the end of a process and that of its callers' connections."""
_ME = KeyAdmin("replicas")
_LOGGED = re.compile(r"^\S+ \[[^]]+\] (\w+)/(\S+) \S+ (-?\d+) \d+ (\S{4}) \S+ \S+ \{([^}]*)\}", re.MULTILINE)
_COUNTS_ALONE = "rate limits are counted by each machine for itself"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was tried, what came of it, and whether that is as promised."""

    tried: str
    seen: str
    good: bool


@dataclass(frozen=True, slots=True)
class Routed:
    """Whither the balancer sent a request, the status that it answered, and how the exchange ended."""

    replica: str
    status: int
    ending: str


class Stage:
    """The replicas, what is around them, and what was found."""

    def __init__(self, replicas: Sequence[Replica], balancer: Balancer, server: Redis | None, admin: str) -> None:
        self.replicas, self.balancer, self.redis = replicas, balancer, server
        self.findings: list[Finding] = []
        self.kills: list[tuple[str, float, float]] = []
        self.switches: list[tuple[str, float, float]] = []
        """The version, when it was promoted, and when all replicas served it."""
        self._admin = admin

    def tell(self, tried: str, seen: object, *, good: bool) -> None:
        """Adds a finding."""
        self.findings.append(Finding(tried, str(seen), good))
        sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {'' if good else 'NOT AS PROMISED: '}{tried}: {seen}\n")

    def manage(self, replica: Replica, method: str, path: str, body: object = None) -> Any:
        """What a replica answers to an admin. Raises CannotRun where it refuses."""
        answer = httpx.request(
            method, f"{replica.address}{path}", json=body, headers={"X-API-Key": self._admin}, timeout=30
        )
        if not answer.is_success:
            raise CannotRun(f"{method} {path} at {replica.name}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def issue(self, replica: Replica) -> Any:
        """A new key."""
        return self.manage(replica, "POST", "/v1/keys", {"label": "replicas", "scopes": ["models:read"]})


def use(replica: Replica, token: str) -> int:
    """The status of a use of a key."""
    return httpx.get(f"{replica.address}/v1/models/current", headers={"X-API-Key": token}, timeout=30).status_code


def at_once(*works: threading.Thread) -> None:
    """Does them at the same time, to the end of all."""
    for work in works:
        work.start()
    for work in works:
        work.join()


def switch(stage: Stage, way: str, version: str, *, missing: Replica | None = None) -> None:
    """Promotes or rolls back at the last replica, and waits until all serve that version."""
    asked, present = stage.replicas[-1], [each for each in stage.replicas if each is not missing]
    at = time.time()
    stage.manage(asked, "POST", f"/v1/models/{way}")
    followed: dict[str, float] = {}
    while len(followed) < len(present) and time.time() - at < 3 * MOST_SECONDS_TO_FOLLOW:
        for each in present:
            if each.name not in followed and each.serves() == version:
                followed[each.name] = time.time() - at
        time.sleep(0.02)
    good = len(followed) == len(present) and max(followed.values()) <= MOST_SECONDS_TO_FOLLOW
    said = ", ".join(f"{name} after {seconds:.1f} s" for name, seconds in sorted(followed.items()))
    stage.tell(f"{way} at {asked.name}: served by", said or "none", good=good)
    if missing is None:
        stage.switches.append((version, at, time.time()))


def revoke(stage: Stage, *, at: Replica, used: Sequence[Replica]) -> None:
    """Issues keys, uses them on all, revokes them on one, and sees for how long each lets them in."""
    let_in: dict[str, list[float]] = {each.name: [] for each in used}

    def one() -> None:
        key = stage.issue(at)
        if wrong := [each.name for each in used if use(each, key["token"]) != 200]:
            stage.tell("a new key is known at once", f"not by {wrong}", good=False)
        stage.manage(at, "DELETE", f"/v1/keys/{key['id']}")
        revoked = time.time()

        def until_refused(replica: Replica) -> None:
            last = revoked
            while (now := time.time()) - revoked < 2 * MOST_SECONDS_LET_IN and use(replica, key["token"]) == 200:
                last = now
                time.sleep(0.02)
            let_in[replica.name].append(last - revoked)

        at_once(*(threading.Thread(target=until_refused, args=(each,)) for each in used))

    for _ in range(_REVOKED):
        one()
    said = ", ".join(f"{name} at most {max(seconds):.1f} s" for name, seconds in let_in.items())
    good = all(max(seconds) <= MOST_SECONDS_LET_IN for seconds in let_in.values())
    stage.tell(f"{_REVOKED} keys revoked at {at.name}, let in after that by", said, good=good)


def use_too_often(stage: Stage, when: str) -> None:
    """Uses a key beyond its limit at both replicas at once."""
    token, answers = stage.issue(stage.replicas[0])["token"], Counter[int]()
    before = [each.said().count(_COUNTS_ALONE) for each in stage.replicas]
    began = time.time()

    def ask_on(replica: Replica) -> None:
        with httpx.Client(base_url=replica.address, headers={"X-API-Key": token}, timeout=30) as client:
            for _ in range(_TOO_OFTEN // 4):
                answers[client.get("/v1/models/current").status_code] += 1

    at_once(*(threading.Thread(target=ask_on, args=(each,)) for each in [*stage.replicas, *stage.replicas]))
    took = time.time() - began
    alone = [each.said().count(_COUNTS_ALONE) for each in stage.replicas] != before
    said = f"{answers[200]} let in, {answers[429]} told 429, in {took:.0f} s"
    if stage.redis is None or alone:
        said += "; counted by each replica alone for a while, since Redis did not answer in time"
        good = answers[200] <= LIMIT * (1 + len(stage.replicas))
    else:
        good = answers[200] <= LIMIT or took >= 60
    good = good and answers[200] + answers[429] == sum(answers.values())
    stage.tell(f"a key of {LIMIT} a minute, {_TOO_OFTEN} times over both replicas {when}", said, good=good)


def restart(stage: Stage, replica: Replica) -> None:
    """As an operator does: stop, wait for its end, start, wait until callers are sent to it again."""
    began = time.time()
    code = replica.stop()
    ended = time.time()
    replica.start()
    ready = replica.wait_for()
    back = stage.balancer.wait_for(*(each.name for each in stage.replicas))
    said = (
        f"exit code {code} after {ended - began:.1f} s, ready {ready - ended:.1f} s later, in use {back - ready:.1f} s"
    )
    stage.tell(f"{replica.name} stopped and started", said, good=code == 0)


def kill(stage: Stage, replica: Replica, other: Replica) -> None:
    """Ends it at once (-9); it misses a revocation and a promotion, and knows of both when it is back."""
    token = stage.issue(other)
    use(replica, token["token"])
    before, after = replica.kill()
    stage.kills.append((replica.name, before, after))
    out = stage.balancer.wait_for(other.name)
    revoke(stage, at=other, used=[other])
    stage.manage(other, "DELETE", f"/v1/keys/{token['id']}")
    switch(stage, f"{SECOND}/promote", SECOND, missing=replica)
    started = time.time()
    replica.start()
    ready = replica.wait_for()
    status, version = use(replica, token["token"]), replica.serves()
    back = stage.balancer.wait_for(*(each.name for each in stage.replicas))
    stage.switches.append((SECOND, before, ready))
    said = f"out of use {out - before:.1f} s later; started again, ready after {ready - started:.1f} s"
    stage.tell(f"kill -9 of {replica.name}", f"{said}, in use {back - ready:.1f} s later", good=True)
    stage.tell("what it missed: a key revoked meanwhile, a version", f"{status}, {version}", good=status == 401)
    if version != SECOND:
        stage.tell("the version when it was ready again", version, good=False)


def story(stage: Stage, seconds: float) -> None:
    """Everything, at its share of the time."""
    began = time.monotonic()
    first, second = stage.replicas

    def at(share: float) -> None:
        time.sleep(max(0.0, began + share * seconds - time.monotonic()))

    at(0.04)
    switch(stage, f"{SECOND}/promote", SECOND)
    at(0.10)
    switch(stage, "rollback", FIRST)
    at(0.15)
    revoke(stage, at=first, used=stage.replicas)
    at(0.22)
    use_too_often(stage, "in calm")
    at(0.30)
    restart(stage, first)
    at(0.42)
    restart(stage, second)
    at(0.55)
    kill(stage, first, second)
    at(0.75)
    switch(stage, "rollback", FIRST)
    at(0.80)
    revoke(stage, at=second, used=stage.replicas)
    at(0.88)
    use_too_often(stage, "after all that")
    at(1.0)


def routed(log: str) -> dict[str, Routed]:
    """What the balancer says of each request, by its id."""
    return {found[5]: Routed(found[2], int(found[3]), found[4]) for found in _LOGGED.finditer(log) if found[5]}


def is_of_a_kill(stage: Stage, asked: Asked, way: Routed | None) -> bool:
    """Whether it was under way at the killed process when that died.

    On a kept HTTP/1.1 connection HAProxy tells of that by ending the connection, and writes no line of it. Then neither
    it nor the log of another replica may know the request.
    """
    for name, before, after in stage.kills:
        if not (asked.began <= after and before <= asked.ended <= after + _MOST_SECONDS_TO_LEARN):
            continue
        if way is not None:
            return way.replica == name and way.ending[0] == "S"
        others = (each.said() for each in stage.replicas if each.name != name)
        return asked.status == 0 and not any(f'"{asked.request}"' in said for said in others)
    return False


def judge_requests(stage: Stage, seen: Sequence[Asked]) -> dict[str, Any]:
    """Failures and whose they are, latencies, gaps, shares, values."""
    ways, good = routed(stage.balancer.said()), [each for each in seen if not each.failed]
    failed = [each for each in seen if each.failed]
    lost = [each for each in failed if not is_of_a_kill(stage, each, ways.get(each.request))]
    taken = sorted(each.ended - each.began for each in good)
    ends = sorted(each.ended for each in good)
    gap = max(later - earlier for earlier, later in itertools.pairwise(ends))
    shares = Counter(ways[each.request].replica for each in good if each.request in ways)
    stage.tell("requests", f"{len(seen):,}, answered {len(good):,}, by {dict(shares)}", good=sum(shares.values()) > 0)
    stage.tell("failed while under way at the killed process", len(failed) - len(lost), good=True)
    stage.tell("failed otherwise", len(lost), good=not lost)
    for each in lost[:10]:
        sys.stderr.write(f"  {time.strftime('%H:%M:%S', time.localtime(each.began))} {each} {ways.get(each.request)}\n")
    p50, p99, most = (1000 * taken[min(int(share * len(taken)), len(taken) - 1)] for share in (0.5, 0.99, 1.0))
    stage.tell("latency p50, p99, most", f"{p50:.0f} ms, {p99:.0f} ms, {most:.0f} ms", good=True)
    stage.tell("longest time without any answer", f"{gap:.2f} s", good=gap < _MOST_SECONDS_WITHOUT_ANSWER)
    by_home: dict[tuple[str, int], set[float | None]] = {}
    for each in good:
        by_home.setdefault((each.version, each.home), set()).add(each.value)
    stage.tell(
        "a home has one value by each version, whoever answers",
        dict(Counter(each.version for each in good)),
        good=all(len(values) == 1 for values in by_home.values()),
    )
    late = [each for each in good if _is_of_an_old_version(each, stage.switches)]
    stage.tell("answers by another version once all had switched", len(late), good=not late)
    return {"requests": len(seen), "failed": len(failed), "lost": len(lost), "p50": p50, "p99": p99, "max": most}


def _is_of_an_old_version(each: Asked, switches: Sequence[tuple[str, float, float]]) -> bool:
    """Whether another version had been served by all for the whole of it."""
    for number, (version, _, followed) in enumerate(switches):
        until = switches[number + 1][1] if number + 1 < len(switches) else float("inf")
        if followed < each.began and each.ended < until and each.version != version:
            return True
    return False


def judge_evidence(stage: Stage, seen: Sequence[Asked], settings: Mapping[str, str], home: Path) -> None:
    """Each answered valuation is on record once, and the whole is sound."""
    answered = [each.valuation for each in seen if not each.failed]
    container = Container(settings=load_settings(None, settings, home).settings)
    kept = Counter(record.id for record in container.evidence_archive().records())
    once = sum(kept[each] == 1 for each in answered)
    good = once == len(answered) == len(set(answered))
    stage.tell("answered valuations, of them on record exactly once", f"{len(answered):,}, {once:,}", good=good)
    without, failed = sum(kept.values()) - len(answered), sum(each.failed for each in seen)
    stage.tell("records without an answer", without, good=0 <= without <= failed)
    done = subprocess.run(  # noqa: S603
        [*TASADOR, "audit", "verify", "--json"],
        cwd=home,
        env=dict(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    told: dict[str, Any] = {}
    with suppress(ValueError):
        told = json.loads(done.stdout)
    said = ", ".join(f"{name} {told[name]}" for name in told if not isinstance(told[name], list | dict))
    stage.tell("audit verify", f"exit code {done.returncode}; {said or done.stderr[-300:]}", good=done.returncode == 0)


def shared_settings(
    models: Path, folder: Path, server: Postgres, counts: Redis | None, network: Network
) -> dict[str, str]:
    """What all replicas have in common, as one of them finds it."""
    url = server.url_from(network.others)
    settings = {
        "TASADOR_MODEL_REPOSITORY__PATH": str(models / "models"),
        "TASADOR_MODEL_REPOSITORY__SIGNING_KEY_FILE": str(models / "model-signing-key.pem"),
        "TASADOR_KEY_STORE__URL": url,
        "TASADOR_KEY_STORE__PEPPER_FILE": str(folder / "pepper.json"),
        "TASADOR_VALUATION_LOG__KIND": "sql",
        "TASADOR_VALUATION_LOG__URL": url,
        "TASADOR_VALUATION_LOG__DURABILITY": "disk",  # as compose.yaml has it
        "TASADOR_VALUATION_LOG__SIGNING_KEY_FILE": str(folder / "evidence-signing-key.pem"),
        "TASADOR_HTTP__RATE_LIMIT": f"{LIMIT}/minute",
        "TASADOR_HTTP__BEHIND_PROXY": "true",
        "TASADOR_HTTP__TRUSTED_PROXIES": json.dumps([network.others]),
    }
    if counts:
        settings["TASADOR_HTTP__RATE_LIMIT_URL"] = f"redis://{network.others}:{counts.port}"
    return settings


@contextmanager
def staged(given: argparse.Namespace) -> Iterator[tuple[Stage, Callers, dict[str, str], Path]]:
    """Everything prepared and running; both replicas are started at the same time on an empty database."""
    with ExitStack() as running:
        models = running.enter_context(trained(given.home))
        folder = Path(running.enter_context(TemporaryDirectory(prefix="tasador-replicas-")))
        folder.chmod(0o755)
        networks = [
            running.enter_context(network_of_its_own(number)) if given.netns else Network() for number in (1, 2)
        ]
        others = sorted({each.others for each in networks} - {"127.0.0.1"})
        server = running.enter_context(postgres(networks=others))
        counts = redis(running, folder / "redis", ["127.0.0.1", *others])
        replicas = [
            Replica(
                f"replica-{number}",
                folder / f"replica-{number}",
                network,
                shared_settings(models, folder, server, counts, network),
            )
            for number, network in enumerate(networks, 1)
        ]
        for each in replicas:
            each.start()
            running.callback(_ended, each)
        own = environment(folder, **shared_settings(models, folder, server, counts, Network()))
        for each in replicas:
            each.wait_for()
        container = Container(settings=load_settings(None, own, folder).settings)
        container.promote_model()(FIRST, "replicas")
        issue = container.issue_key()
        admin = issue("admin", [Scope.KEYS_ADMIN, Scope.MODELS_READ, Scope.MODELS_WRITE], _ME).token
        keys = [
            [issue("caller", [Scope.VALUE], _ME).token for _ in range(_KEYS_OF_A_CALLER)] for _ in range(given.callers)
        ]
        balancer = Balancer(folder / "balancer", replicas)
        running.callback(balancer.end)
        balancer.wait_for(*(each.name for each in replicas))
        callers = Callers(balancer.place, balancer.authority, keys, homes())
        yield Stage(replicas, balancer, counts, admin), callers, own, folder


def _ended(replica: Replica) -> None:
    if replica.process and replica.process.poll() is None:
        replica.kill()


def main() -> None:
    """Tries everything and prints what was seen."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=600)
    options.add_argument("--callers", type=int, default=8)
    options.add_argument("--netns", action="store_true")
    options.add_argument("--home", type=Path)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with staged(given) as (stage, callers, settings, folder):
            with callers.asking():
                story(stage, given.seconds)
            codes = [each.stop() for each in stage.replicas]
            stage.tell("both stopped in the end: exit codes", codes, good=codes == [0, 0])
            figures = judge_requests(stage, callers.seen)
            judge_evidence(stage, callers.seen, settings, folder)
    except CannotRun as error:
        sys.exit(f"replicas.py: {error}")
    where = "network namespaces of their own" if given.netns else "ports of one machine"
    title = f"{machine()}, {commit()}; two replicas on {where}, {given.callers} callers, {given.seconds:.0f} s"
    table = Table(title=title, box=None, title_justify="left")
    for head in ("", "", "as promised"):
        table.add_column(head)
    for each in stage.findings:
        table.add_row(each.tried, each.seen, "yes" if each.good else "NO")
    Console(width=170).print(table)
    if given.json:
        told = {"figures": figures, "findings": [asdict(each) for each in stage.findings]}
        given.json.write_text(json.dumps(told, indent=1), "utf-8")
    sys.exit(0 if all(each.good for each in stage.findings) else 1)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
