"""Finds the tests and runs them one after the other.

A test module is AREA/test_NAME.py. Its functions `test_...` run in the order of the file, each with the module's
fixture: what `fixture(scope)` returns, or the scope itself. What `scope` starts ends when the module has run.
"""
import contextlib
import importlib.util
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback

from harness import ports
from harness.scope import Scope

# Two lanes run beside each other, since most tests wait for a clock. What measures those who are served meanwhile (attacks)
# stands beside what needs little of the processor (doctor, mail).
LANES = [["attacks", "corpus", "h2", "tls", "relay", "operations"], ["doctor", "mail", "sympa", "outbound", "clients"]]
LIMIT_SECONDS = 120


class Skipped(Exception):
    """The machine cannot run this test; the text says why."""


class TimeLimit(Exception):
    """The test took longer than it may."""


def skip(why):
    raise Skipped(why)


def limit(seconds):
    """Another time limit than the usual one."""
    def decorate(function):
        function.limit_seconds = seconds
        return function
    return decorate


def each(**values):
    """Runs the test once for each value: @each(origin=["nginx", "apache"])."""
    def decorate(function):
        rows = getattr(function, "rows", [{}])
        for key, choices in reversed(list(values.items())):
            rows = [{key: choice, **row} for choice in choices for row in rows]
        function.rows = rows
        return function
    return decorate


def load(path):
    name = os.path.splitext(os.path.relpath(path, os.path.dirname(os.path.dirname(path))))[0].replace(os.sep, ".")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def tests_of(module):
    """(name, function, arguments) in the order of the file; a module may make some by itself in `more_tests()`."""
    for name, function in list(vars(module).items()):
        if name.startswith("test_") and callable(function) and function.__module__ == module.__name__:
            for row in getattr(function, "rows", [{}]):
                label = name[len("test_"):]
                if row:
                    label += "[" + ",".join(str(value) for value in row.values()) + "]"
                yield label, function, row
    if hasattr(module, "more_tests"):
        yield from module.more_tests()


def on_alarm(_signal, _frame):
    raise TimeLimit("the time limit of this test is over")


class Report:
    def __init__(self):
        self.passed, self.failed, self.skipped, self.failures = 0, 0, 0, []

    def line(self, mark, name, seconds, detail=""):
        print(f"{mark:<5}{seconds:7.2f}s  {name}" + (f"  ({detail})" if detail else ""), flush=True)

    def ok(self, name, seconds):
        self.passed += 1
        self.line("ok", name, seconds)

    def fail(self, name, seconds, text):
        self.failed += 1
        self.failures.append(name)
        self.line("FAIL", name, seconds)
        print("      " + text.strip().replace("\n", "\n      "), flush=True)

    def skip(self, name, why):
        self.skipped += 1
        self.line("skip", name, 0, why)


def run_one(report, name, call, seconds):
    begin = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        result = call()
        signal.setitimer(signal.ITIMER_REAL, 0)
        return result, True
    except Skipped as why:
        signal.setitimer(signal.ITIMER_REAL, 0)
        report.skip(name, str(why))
    except AssertionError as error:
        signal.setitimer(signal.ITIMER_REAL, 0)
        frame = [entry for entry in traceback.extract_tb(error.__traceback__) if "runner.py" not in entry.filename]
        where = " < ".join(f"{os.path.basename(entry.filename)}:{entry.lineno}" for entry in reversed(frame))
        report.fail(name, time.monotonic() - begin, f"{error or frame[-1].line}\nat {where}")
    except Exception:  # pylint: disable=broad-except
        signal.setitimer(signal.ITIMER_REAL, 0)
        report.fail(name, time.monotonic() - begin, traceback.format_exc(limit=-5))
    return None, False


def run_module(report, path, prefix, scope, wanted):
    module = load(path)
    chosen = [test for test in tests_of(module) if wanted in f"{prefix}.{test[0]}"]
    if not chosen:
        return
    setup = getattr(module, "fixture", lambda scope: scope)
    fixture, ready = run_one(report, f"{prefix} (fixture)", lambda: setup(scope), getattr(setup, "limit_seconds", LIMIT_SECONDS))
    if not ready:
        return
    for label, function, row in chosen:
        name = f"{prefix}.{label}"
        begin = time.monotonic()
        seconds = getattr(function, "limit_seconds", LIMIT_SECONDS)
        _, passed = run_one(report, name, lambda f=function, r=row: f(fixture, **r), seconds)
        if passed:
            report.ok(name, time.monotonic() - begin)


def run_areas(report, areas, folder, root, binary, wanted):
    for area in areas:
        for file in sorted(os.listdir(os.path.join(folder, area))):
            if not (file.startswith("test_") and file.endswith(".py")):
                continue
            prefix = f"{area}/{file[len('test_'):-len('.py')]}"
            with Scope(os.path.join(root, prefix.replace("/", "-")), binary) as scope:
                run_module(report, os.path.join(folder, area, file), prefix, scope, wanted)


def start_lane(number, root, *arguments):
    """The id of a process that runs the areas of a lane, and leaves its counts in a file."""
    sys.stdout.flush()
    pid = os.fork()
    if pid != 0:
        return pid
    status = 1
    try:
        ports.use_part(number, len(LANES))
        report = Report()
        run_areas(report, LANES[number], *arguments)
        with open(os.path.join(root, f"lane-{number}.json"), "w", encoding="utf-8") as file:
            json.dump(vars(report), file)
        status = 0
    except (Exception, SystemExit):  # pylint: disable=broad-except
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def end_lanes(lanes):
    """SIGTERM, so that each ends what it has started."""
    for pid in lanes:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)


def await_lanes(lanes, root):
    """What all lanes counted; one that did not end well is a failure."""
    report = Report()
    for number, pid in enumerate(lanes):
        _, status = os.waitpid(pid, 0)
        if status != 0:
            report.fail(f"lane {number}", 0, f"ended with status {status}")
            continue
        with open(os.path.join(root, f"lane-{number}.json"), encoding="utf-8") as file:
            for name, value in json.load(file).items():
                setattr(report, name, getattr(report, name) + value)
    return report


def run(folder, binary, wanted, keep):
    signal.signal(signal.SIGALRM, on_alarm)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    root = tempfile.mkdtemp(prefix="sallyport-e2e.")
    os.chmod(root, 0o755)
    begin = time.monotonic()
    lanes, report = [], None
    try:
        for number in range(len(LANES)):
            lanes.append(start_lane(number, root, folder, root, binary, wanted))
        report = await_lanes(lanes, root)
    finally:
        if report is None:
            end_lanes(lanes)
        if keep or report is None or report.failed:
            print(f"logs and configurations are in {root}", flush=True)
        else:
            shutil.rmtree(root, ignore_errors=True)
    print(f"{time.monotonic() - begin:.0f} seconds" + (f", {report.skipped} skipped" if report.skipped else ""))
    for name in report.failures:
        print("failed:", name)
    print(f"{report.passed} passed, {report.failed} failed", flush=True)
    return 1 if report.failed else 0
