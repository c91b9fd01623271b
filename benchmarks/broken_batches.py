"""What goes wrong while a portfolio is valued: is anything lost, anything doubled, and do the counts add up?

python benchmarks/broken_batches.py [SALES.csv]
    --rows N           of the portfolio (default 200000)
    --kills N          how often the process is killed, at random moments (default 20)
    --home FOLDER      trains there unless it was done before, instead of in a temporary folder
    --seed N           of those moments

kill -9 of the process, then --resume, until it is done; kill -9 of workers, local and Dask; a full disk (a small tmpfs:
root only), then room and --resume; an input that ends in mid-row; a folder with a changed schema in its middle. Each
output is compared, byte for byte, with that of a run that nothing happened to.
"""

import argparse
import csv
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from load.home import BUNDLED, Prepared, prepared
from load.portfolios import portfolio
from load.processes import TASADOR, CannotRun, environment, family, machine

_SECONDS = 600


def main() -> None:
    """Reads the command line, breaks things, tells."""
    asked = _arguments()
    drawn = random.Random(asked.seed)  # noqa: S311
    try:
        with prepared(asked.sales, asked.home) as home, TemporaryDirectory(prefix="tasador-broken-") as temporary:
            folder = Path(temporary)
            sys.stdout.write(f"{machine()}; {asked.rows:,} rows, as CSV and as Parquet\n")
            for form in ("csv", "parquet"):
                file = portfolio(folder, asked.sales, asked.rows, form)
                whole = folder / f"whole.{form}"
                seconds = _run(home, file, whole)[1]
                _check_counts(whole, asked.rows)
                _killed(home, file, whole, asked.kills, seconds, drawn)
                _workers_killed(home, file, whole, seconds, drawn)
                _disk_full(home, file, whole, folder)
            _truncated(home, folder, asked.sales, asked.rows)
            _changed_schema(home, folder, file)
    except CannotRun as error:
        sys.exit(f"broken_batches.py: {error}")


def _killed(home: Prepared, file: Path, whole: Path, kills: int, seconds: float, drawn: random.Random) -> None:
    out = whole.with_name(f"killed{whole.suffix}")
    done = Counter[str]()
    moments = []
    while done["killed"] < kills:
        with _started(home, file, out, "--resume") as process:
            moment = drawn.uniform(0.1, 1.1) * seconds
            with suppress(subprocess.TimeoutExpired):
                process.wait(moment)
            if process.poll() is None:
                process.kill()
                process.wait()
                done["killed"] += 1
                moments.append(moment)
                if out.exists():
                    raise CannotRun("a run that was killed left an output that is not whole")
            else:
                done["finished in between"] += 1
                _same(out, whole)
                out.unlink()
    said, _ = _run(home, file, out, "--resume")
    _same(out, whole)
    resumed = f"{said['rows']['resumed']:,} rows were done before the last run"
    _tell(f"{file.suffix}: {kills} kills of the process at {min(moments):.1f} to {max(moments):.1f} s", done, resumed)
    _nothing_left(out)


def _workers_killed(home: Prepared, file: Path, whole: Path, seconds: float, drawn: random.Random) -> None:
    for engine in ("local", "dask"):
        out = whole.with_name(f"workers{whole.suffix}")
        killed = 0
        with _started(home, file, out, "--engine", engine) as process:
            while process.poll() is None and killed < 3:
                time.sleep(drawn.uniform(0.2, 0.5) * seconds)
                children = [pid for pid in family(process.pid)[1:] if _is_worker(pid)]
                if children and process.poll() is None:
                    with suppress(ProcessLookupError):
                        os.kill(drawn.choice(children), signal.SIGKILL)
                        killed += 1
            if process.wait(_SECONDS):
                raise CannotRun(f"with {killed} workers killed, {engine} ended with {process.returncode}")
        _same(out, whole)
        _tell(f"{file.suffix}: {killed} kills of a worker, {engine}", Counter(), "the same output")
        out.unlink()


def _is_worker(pid: int) -> bool:
    """Whether a process computes: a helper of the interpreter's own (a resource tracker, a nanny) does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[11] != "0" and (
            "tracker" not in Path(f"/proc/{pid}/cmdline").read_text("utf-8")
        )
    return False


def _disk_full(home: Prepared, file: Path, whole: Path, folder: Path) -> None:
    small = folder / f"small-{file.suffix[1:]}"
    small.mkdir()
    room = max(whole.stat().st_size // 2**20 // 2, 1)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}m", "tmpfs", small], check=False).returncode:  # noqa: S603, S607
        sys.stdout.write("disk full: not tried, since mounting a small disk takes root\n")
        return
    try:
        out = small / whole.name
        code, complaint = _fails(home, file, out)
        if out.exists():
            raise CannotRun("a full disk left an output that is not whole")
        subprocess.run(["mount", "-o", f"remount,size={8 * room + 64}m", small], check=True)  # noqa: S603, S607
        said, _ = _run(home, file, out, "--resume")
        _same(out, whole)
        _tell(f"{file.suffix}: disk full", Counter({f"exit {code}": 1}), f"{complaint} | then room and --resume: same")
        sys.stdout.write(f"    {said['rows']['resumed']:,} rows were resumed\n")
        _nothing_left(out)
    finally:
        subprocess.run(["umount", small], check=False)  # noqa: S603, S607


def _truncated(home: Prepared, folder: Path, sales: Path, rows: int) -> None:
    content = (folder / f"{sales.stem}-{rows}.csv").read_bytes()
    cut = folder / "cut.csv"
    cut.write_bytes(content[: content.rfind(b"\n", 0, len(content) // 2) + 20])
    there = cut.read_bytes().count(b"\n")  # the header's line end stands for the last row, which has none
    said, _ = _run(home, cut, folder / "cut-out.csv")
    if said["rows"]["read"] != there:
        raise CannotRun(f"{there} rows, the last one cut, and {said['rows']['read']} were answered")
    with (folder / "cut-out.csv").open(encoding="utf-8", newline="") as lines:
        *_, last = csv.DictReader(lines)
    _tell("a CSV file that ends in mid-row", Counter({last["status"]: 1}), f"{last['reason']}: {last['detail']}")
    compressed = folder / "cut.csv.gz"
    subprocess.run(["gzip", "-k", "-f", cut], check=True)  # noqa: S603, S607
    compressed.write_bytes(compressed.read_bytes()[:-1000])
    code, complaint = _fails(home, compressed, folder / "cut-gz-out.csv")
    _tell("a gzip file that is cut", Counter({f"exit {code}": 1}), complaint)
    parquet = folder / "cut.parquet"
    parquet.write_bytes((folder / f"{sales.stem}-{rows}.parquet").read_bytes()[:-1000])
    code, complaint = _fails(home, parquet, folder / "cut-out.parquet")
    _tell("a Parquet file that is cut", Counter({f"exit {code}": 1}), complaint)


def _changed_schema(home: Prepared, folder: Path, whole: Path) -> None:
    several = folder / "several"
    several.mkdir()
    table = pq.read_table(whole).slice(0, 3_000)
    for number in range(3):
        part = table.slice(1_000 * number, 1_000)
        if number == 1:
            place = part.schema.get_field_index("n_rooms")
            part = part.set_column(place, "n_rooms", part["n_rooms"].cast(pa.string()))
        pq.write_table(part, several / f"{number}.parquet")
    out = folder / "several-out.parquet"
    code, complaint = _fails(home, several, out)
    if out.exists():
        raise CannotRun("a folder with a changed schema was valued in part")
    _tell("a folder whose second file has another type", Counter({f"exit {code}": 1}), complaint)


def _check_counts(out: Path, rows: int) -> None:
    """Every row once, in its order."""
    if out.suffix == ".parquet":
        loans = pq.read_table(out, columns=["loan"])["loan"].to_pylist()
    else:
        with out.open(encoding="utf-8", newline="") as lines:
            loans = [row["loan"] for row in csv.DictReader(lines)]
    if loans != [f"L{number:09d}" for number in range(rows)]:
        raise CannotRun(f"{out.name} does not hold each of {rows} rows once, in their order")


def _same(out: Path, whole: Path) -> None:
    if hashlib.sha256(out.read_bytes()).digest() != hashlib.sha256(whole.read_bytes()).digest():
        raise CannotRun(f"{out.name} is not, byte for byte, what a run without interruption made")


def _nothing_left(out: Path) -> None:
    left = [path.name for path in out.parent.iterdir() if out.name in path.name and path != out]
    if left:
        raise CannotRun(f"beside {out.name} there is {', '.join(left)} left")
    out.unlink()


def _started(home: Prepared, file: Path, out: Path, *more: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603
        _command(file, out, *more),
        cwd=home.folder,
        env=environment(home.folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _run(home: Prepared, file: Path, out: Path, *more: str) -> tuple[dict[str, dict[str, int]], float]:
    began = time.monotonic()
    done = _finished(home, file, out, *more)
    if done.returncode:
        raise CannotRun(done.stderr.strip())
    said = json.loads(done.stdout)
    rows = said["rows"]
    if rows["read"] != rows["valued"] + rows["refused"] or rows["refused"] != sum(rows["refused_by_reason"].values()):
        raise CannotRun(f"the counts do not add up: {rows}")
    return said, time.monotonic() - began


def _fails(home: Prepared, file: Path, out: Path) -> tuple[int, str]:
    done = _finished(home, file, out)
    if not done.returncode:
        raise CannotRun(f"{file.name} was valued, as if nothing were wrong with it")
    return done.returncode, " / ".join(done.stderr.strip().splitlines())


def _finished(home: Prepared, file: Path, out: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603
        _command(file, out, *more),
        cwd=home.folder,
        env=environment(home.folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )


def _command(file: Path, out: Path, *more: str) -> Sequence[str]:
    return [*TASADOR, "value", str(file), str(out), "--json", *more]


def _tell(what: str, counts: Counter[str], rest: str) -> None:
    counted = ", ".join(f"{number} x {name}" for name, number in counts.items())
    sys.stdout.write(f"{what}: {counted}{'; ' if counted else ''}{rest}\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sales", nargs="?", type=Path, default=BUNDLED)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
