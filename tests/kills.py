"""Kills of commands and of the server's processes at moments that a seed chooses.

`python -m tests.kills --kills 60 --seed 0` prints a line for each kill and a table; its exit code
says whether anything was half made, left over, lost, stuck or said wrongly.
"""

import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dashboard.jobs.code_version import code_version
from dashboard.jobs.store import INTERRUPTED, JobState, Store
from dashboard.server.inputs import resolve
from dashboard.server.settings import Settings
from pipelines.steps import STEPS
from tests.live import REPOSITORY, LiveApp

ENDS_SECONDS = 2.0
STUCK_SECONDS = 240.0
PROBLEMS = ("half results", "scratch left", "lost", "stuck", "orphans", "untrue messages")


QUICK = ("--set", "evidence=none", "--set", "labels=gmm")
KNN = ("--set", "classifier=knn")


@dataclass
class Tally:
    """What was found."""

    kills: int = 0
    in_time: int = 0
    """Kills that came before the work was done."""
    found: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in PROBLEMS})

    def note(self, problem: str, wrong: bool, where: str) -> None:
        """Note a problem if there is one."""
        if wrong:
            self.found[problem].append(where)
            print(f"  {problem}: {where}", flush=True)

    @property
    def is_good(self) -> bool:
        """Whether nothing went wrong."""
        return not any(self.found.values())

    def table(self) -> str:
        """In numbers."""
        rows = [f"| {name} | {len(where)} |" for name, where in self.found.items()]
        head = f"| {self.kills} kills, {self.in_time} of them before the end | |\n| --- | --- |"
        return "\n".join([head, *rows])


@dataclass(frozen=True)
class Command:
    """A command of the three pipelines, and the file that says that its result is whole."""

    words: Sequence[str]
    out: Path
    whole: str

    def start(self) -> "subprocess.Popen[bytes]":
        """Run it, in a group of its own."""
        words = [sys.executable, "-m", "pipelines", *self.words, "--out", str(self.out), "--quiet"]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            words, cwd=REPOSITORY, stdout=quiet, stderr=quiet, start_new_session=True
        )

    @property
    def is_whole(self) -> bool:
        """Whether the result is there to its end."""
        return (self.out / self.whole).is_file() if self.whole else self.out.is_file()

    def scratch(self) -> list[str]:
        """What is left beside the result."""
        return [path.name for path in self.out.parent.glob(f".{self.out.name}-*")]

    def clear(self) -> None:
        """Remove the result."""
        shutil.rmtree(self.out) if self.out.is_dir() else self.out.unlink(missing_ok=True)


def make_inputs(folder: Path) -> None:
    """A film, tables of synapses and a recording; a fit and a classifier for what needs them."""
    random_ = np.random.default_rng(1)
    np.save(folder / "film.npy", random_.integers(0, 200, (40, 4, 64, 64)).astype(np.uint16))
    run = [sys.executable, "-m", "pipelines"]
    for name in ("spikes", "synapses"):
        subprocess.run([*run, "demo", name, str(folder / name)], cwd=REPOSITORY, check=True)


def commands(folder: Path) -> dict[str, Command]:
    """By name, in an order in which each finds what it needs."""
    table, new = folder / "synapses/synapses.xlsx", folder / "synapses/new_synapses.xlsx"
    fit, model = folder / "fit", folder / "model"
    rows = {
        "brainmap fit": (
            ["brainmap", "fit", f"{folder}/film.npy", "--set", "k=5"],
            "map",
            "run.json",
        ),
        "synapses fit": (["synapses", "fit", str(table), *QUICK], "fit", "run.json"),
        "synapses train": (["synapses", "train", str(fit), *KNN], "model", "run.json"),
        "synapses predict": (["synapses", "predict", str(model), str(new)], "new.csv", ""),
        "spikes sort": (["spikes", "sort", f"{folder}/spikes/recording"], "units", "run.json"),
    }
    return {name: Command(words, folder / out, whole) for name, (words, out, whole) in rows.items()}


def members(group: int) -> list[int]:
    """The living processes of a group."""
    found = subprocess.run(["pgrep", "-g", str(group)], capture_output=True, text=True, check=False)
    return [pid for pid in map(int, found.stdout.split()) if is_alive(pid)]


def children_of(pid: int) -> list[int]:
    """The processes that a process started."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def is_alive(pid: int) -> bool:
    """Whether a process runs and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def described(pids: Sequence[int]) -> str:
    """What still lives of these, for a person who looks for the reason."""
    words = ["ps", "-o", "pid,ppid,stat,etime,wchan:20,args", "-p", ",".join(map(str, pids))]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Whether something comes to be so in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def kill(pid: int) -> None:
    """As the system does when memory runs out."""
    if is_alive(pid):
        os.kill(pid, signal.SIGKILL)


def kill_commands(folder: Path, kills: int, chance: random.Random, tally: Tally) -> None:
    """Kill commands, or the process that works for them, and run each again."""
    known = commands(folder)
    took = {}
    for name, command in known.items():
        start = time.monotonic()
        assert command.start().wait() == 0, name
        took[name] = time.monotonic() - start
    for number in range(kills):
        name = list(known)[number % len(known)]
        kill_one(name, known[name], took[name] * chance.random(), chance, tally)


def kill_one(
    name: str, command: Command, after: float, chance: random.Random, tally: Tally
) -> None:
    """Kill a command some seconds after its start."""
    kept = command.out.with_name(f"kept-{command.out.name}")
    command.out.rename(kept)
    process = command.start()
    time.sleep(after)
    below = [pid for pid in members(process.pid) if pid != process.pid]
    whole_tree = not below or chance.random() < 0.5
    tally.kills += 1
    tally.in_time += process.poll() is None
    kill(process.pid if whole_tree else chance.choice(below))
    where = f"{name}, {'command' if whole_tree else 'its child'} after {after:.1f} s"
    print(where, flush=True)
    ended = within(ENDS_SECONDS if whole_tree else 60, lambda: not members(process.pid))
    left = "" if ended else f":\n{described(members(process.pid))}"
    tally.note("orphans", not ended, where + left)
    process.wait()
    there = command.out.exists()
    tally.note("half results", there and not command.is_whole, where)
    # A result that was in place when its process was killed stays, and is whole.
    untrue = process.returncode == 0 and not there
    tally.note("untrue messages", untrue, f"{where}: exit code {process.returncode}, {there=}")
    command.clear()
    again = command.start().wait(timeout=STUCK_SECONDS)
    tally.note("lost", again != 0 or not command.is_whole, f"{where}: run again")
    tally.note("scratch left", bool(command.scratch()), f"{where}: {command.scratch()}")
    command.clear()
    kept.rename(command.out)


JOBS: Sequence[tuple[str, str, dict[str, str]]] = (
    ("brainmap fit", "film.npy", {}),
    ("synapses fit", "synapses/synapses.xlsx", {"evidence": "none", "labels": "gmm"}),
    ("spikes sort", "spikes/recording", {}),
)


def submit(live: LiveApp, number: int) -> str:
    """Queue a job of one of the three pipelines that was not run before."""
    task, file, more = JOBS[number % len(JOBS)]
    settings = Settings(home=live.home, data=tuple(live.data))
    name = STEPS[task].needed[0]
    item = resolve(name, f"data:{live.data[0].name}/{file}", settings, live.store)
    values = STEPS[task].parameters.parse({"seed": number, **more}).model_dump(mode="json")
    return live.store.submit(task, values, [item], version=code_version())


def kill_server(live: LiveApp, kills: int, chance: random.Random, tally: Tally) -> None:
    """Kill a child, the supervisor or the web process while jobs run, and run the jobs again."""
    for number in range(kills):
        live.wait_until_ready()
        job_id = submit(live, number)
        wait_while(live.store, job_id, (JobState.QUEUED,))
        time.sleep(chance.random() * 3)
        what = ("child", "supervisor", "web")[(number // len(JOBS)) % 3]
        where = f"{JOBS[number % len(JOBS)][0]} {job_id}, {what}"
        print(where, flush=True)
        tally.kills += 1
        tally.in_time += _state(live.store, job_id) is JobState.RUNNING
        kill_process(live, job_id, what, where, tally)
        check_job(live, job_id, what, where, tally)


def kill_process(live: LiveApp, job_id: str, what: str, where: str, tally: Tally) -> None:
    """Kill one of the server's processes; what it had started ends with it."""
    assert live.process is not None
    supervisor = children_of(live.process.pid)[0]
    below = children_of(supervisor)
    log = live.home / "jobs" / job_id / "log.txt"
    within(STUCK_SECONDS, lambda: log.exists() and "process " in log.read_text("utf-8"))
    worker = int(log.read_text("utf-8").splitlines()[0].rpartition("process ")[2])
    kill({"child": worker, "supervisor": supervisor, "web": live.process.pid}[what])
    if what == "web":
        live.process.wait()
        below = [*below, supervisor]
    if what != "child":
        ended = within(ENDS_SECONDS, lambda: not any(map(is_alive, below)))
        left = "" if ended else f":\n{described(below)}"
        tally.note("orphans", not ended, where + left)
    if what == "web":
        live.start()


def check_job(live: LiveApp, job_id: str, what: str, where: str, tally: Tally) -> None:
    """Say what became of the job that ran, and run it again."""
    folder = live.home / "jobs" / job_id
    over = wait_while(live.store, job_id, (JobState.QUEUED, JobState.RUNNING))
    tally.note("stuck", not over, where)
    job = live.store.get(job_id)
    tally.note("lost", job is None, where)
    if job is None or not over:
        return
    done, result = job.state is JobState.DONE, folder / "result"
    tally.note("half results", result.exists() and not (result / "run.json").is_file(), where)
    tally.note("half results", done != result.exists(), f"{where}: {job.state}")
    true = "SIGKILL" in job.error if what == "child" else job.error == INTERRUPTED
    tally.note("untrue messages", not done and not true, f"{where}: {job.error}")
    tally.note("scratch left", any(folder.glob(".result*")), where)
    live.store.restart(job_id)
    again = wait_while(live.store, job_id, (JobState.QUEUED, JobState.RUNNING))
    tally.note("stuck", not again, f"{where}: run again")
    tally.note("lost", _state(live.store, job_id) is not JobState.DONE, f"{where}: run again")
    with closing(sqlite3.connect(live.home / "jobs.sqlite")) as database:
        sound = database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    tally.note("lost", not sound, f"{where}: the list of jobs")


def wait_while(store: Store, job_id: str, states: Sequence[JobState]) -> bool:
    """Whether a job leaves these states in time."""
    return within(STUCK_SECONDS, lambda: _state(store, job_id) not in states)


def _state(store: Store, job_id: str) -> JobState | None:
    job = store.get(job_id)
    return job.state if job else None


def main() -> int:
    """Kill, look, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance, tally, start = random.Random(options.seed), Tally(), time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "lab"
        folder.mkdir()
        make_inputs(folder)
        kill_commands(folder, options.kills // 2, chance, tally)
        live = LiveApp(Path(scratch) / "home", [folder])
        live.start()
        try:
            kill_server(live, options.kills - options.kills // 2, chance, tally)
        finally:
            live.stop()
    print(f"\nSeed {options.seed}, {time.monotonic() - start:.0f} s\n\n{tally.table()}")
    return 0 if tally.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
