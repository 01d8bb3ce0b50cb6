"""Instructions in user space for one request, counted by valgrind: the same on a busy machine as on a quiet one.

The peer runs twice under callgrind, with two numbers of requests; the difference leaves out what it does to start, to
open its connections and to end.
"""

import shutil
import time
from pathlib import Path

from .cell import Bench
from .processes import Failed
from .scenarios import Scenario


def _under_callgrind(argv: list[str], folder: Path) -> list[str]:
    return ["valgrind", "-q", "--vgdb=no", "--tool=callgrind", f"--callgrind-out-file={folder}/count.%p", *argv]


def _let_write(folder: Path) -> None:
    """A peer that has left root since its start owns its folder, and opens the files again to write its counts."""
    for path in folder.glob("count.*"):
        shutil.chown(path, folder.stat().st_uid)


def _total(folder: Path) -> int:
    """Over all processes of the peer."""
    total = 0
    for path in folder.glob("count.*"):
        with path.open() as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith("totals:"))
    if total == 0:
        raise Failed(f"callgrind counted nothing in {folder}")
    return total


def count(bench: Bench, scenario: Scenario, module) -> float:
    totals, requests = [], []
    for number in scenario.instructions:
        with bench.running(scenario, module, _under_callgrind) as (place, _):
            with bench.load(place, scenario, "--requests", str(number)) as load:
                requests.append(load.go()["requests"])
            time.sleep(0.5)  # until connections and their threads are gone: Tinyproxy misses a signal that one of those gets
            _let_write(place.folder)
        totals.append(_total(place.folder))
    return (totals[1] - totals[0]) / (requests[1] - requests[0])
