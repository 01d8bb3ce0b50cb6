"""Child processes on chosen cores: started, read from /proc, and ended (ours only, by their ids)."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
_libc = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """A process did not do what was expected of it; the text says which and what it wrote."""


def cores() -> tuple[int, int]:
    """The core of the proxy, and that of origin and load."""
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2:
        raise SystemExit("the benchmark needs two cores: one for the proxy, one for origin and load")
    return available[0], available[1]


class Child:
    """One program in a session of its own, with its output in a file."""

    def __init__(self, argv: list[str], core: int, log: Path, **pipes):
        self.name = Path(argv[0]).name
        self.log = log

        def pin():
            os.sched_setaffinity(0, {core})
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

        with log.open("wb") as output:
            self.process = subprocess.Popen(argv, stderr=output, stdout=pipes.get("stdout", output), stdin=pipes.get("stdin", subprocess.DEVNULL),
                                            cwd=log.parent, preexec_fn=pin, start_new_session=True, text=True)

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:].strip()

    def check(self) -> None:
        if self.process.poll() is not None:
            raise Failed(f"{self.name} ended with {self.process.returncode}: {self.tail()}")

    def stop(self, seconds: float = 15) -> None:
        """SIGTERM, and SIGKILL to its whole session when that does not help."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def tree(root: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path("/proc", entry, "stat").read_text()
            except OSError:
                continue
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry))
    result, at = [root], 0
    while at < len(result):
        result += children.get(result[at], [])
        at += 1
    return result


def cpu_seconds(root: int) -> float:
    """User and system time of the whole tree."""
    ticks = 0
    for pid in tree(root):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def pss_kib(root: int) -> int:
    """Proportional set size of the whole tree."""
    total = 0
    for pid in tree(root):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total


def core_busy_seconds(core: int) -> float:
    """How long the core has worked, for whomever."""
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{core} "):
            user, nice, system, _idle, _wait, irq, softirq, steal, *_ = map(int, line.split()[1:])
            return (user + nice + system + irq + softirq + steal) / TICKS
    return 0.0


def wait_until(what: str, seconds: float, true) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.02)
