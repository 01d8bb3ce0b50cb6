"""One measurement: one peer under one scenario, everything started afresh in a folder of its own."""

import contextlib
import http.client
import json
import re
import shutil
import ssl
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from . import place as places
from .processes import Child, Failed, core_busy_seconds, cores, cpu_seconds, pss_kib, wait_until
from .scenarios import Metric, Scenario

GIB = 2**30


@dataclass
class Cell:
    """What was measured. `value` is the scenario's metric; the rest is for the other columns and --json."""

    scenario: str
    peer: str
    round: int
    value: float = 0.0
    requests: int = 0
    octets: int = 0
    resumed: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    p50_us: float = 0.0
    p99_us: float = 0.0
    others: float = 0.0  # the share of the proxy's core that went to other programs

    def as_dict(self) -> dict:
        return asdict(self)


class Bench:
    """What all cells share: the compiled programs and the certificate."""

    def __init__(self, folder: Path, programs: Path):
        self.folder = folder
        self.programs = programs
        self.certificate, self.key, self.both = places.make_certificate(folder)
        self.proxy_core, self.load_core = cores()

    @contextlib.contextmanager
    def running(self, scenario: Scenario, module, wrap=None):
        """The peer in front of an origin, both answering; both are ended afterwards. `wrap` puts something before the command."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        port, tls_port, origin_port = places.free_ports(3)
        place = places.Place(folder, port, tls_port, origin_port, self.certificate, self.key, self.both, scenario.sites, scenario.routes,
                             scenario.relay, scenario.forward)
        started = []
        try:
            started.append(Child([str(self.programs / "origin"), str(origin_port)], self.load_core, folder / "origin.log"))
            argv = module.command(place)
            peer = Child(wrap(argv, folder) if wrap else argv, self.proxy_core, folder / "peer.log")
            started.append(peer)
            wait_until(f"{peer.name} answers", 60, lambda: _answers(place, scenario, peer))
            yield place, peer
        finally:
            for child in reversed(started):
                child.stop()
            if not wrap:
                shutil.rmtree(folder, ignore_errors=True)

    def load(self, place, scenario: Scenario, *more: str) -> "Load":
        if scenario.http2:
            milliseconds = int(more[more.index("--milliseconds") + 1])
            return H2Load(scenario.load, f"https://127.0.0.1:{place.tls_port}/1024", milliseconds, self.load_core, place.folder)
        argv = [str(self.programs / "load"), "--port", str(place.tls_port if scenario.tls else place.port)]
        if scenario.forward:
            argv += ["--origin", str(place.origin_port), f"--{scenario.forward}"]
        return Load(argv + ["--tls"] * scenario.tls + scenario.load + place.load + list(more), self.load_core, place.folder / "load.log")

    def measure(self, scenario: Scenario, name: str, module, round_number: int, seconds: float) -> Cell:
        with self.running(scenario, module) as (place, peer):
            if not scenario.timed:
                return self._measure_idle(scenario, name, round_number, place, peer)
            with self.load(place, scenario, "--milliseconds", "700") as warm_up:
                warm_up.go()
            with self.load(place, scenario, "--milliseconds", str(int(seconds * 1000))) as load:
                time.sleep(0.1)
                busy, cpu = core_busy_seconds(self.proxy_core), cpu_seconds(peer.process.pid)
                report = load.go()
                cpu = cpu_seconds(peer.process.pid) - cpu
                busy = core_busy_seconds(self.proxy_core) - busy
            peer.check()
        cell = Cell(scenario.name, name, round_number, cpu_seconds=cpu, others=max(0.0, busy - cpu) / report["seconds"],
                    **{key: report[key] for key in ("requests", "octets", "resumed", "seconds", "p50_us", "p99_us")})
        cell.value = {Metric.p50: cell.p50_us, Metric.cpu_gib: cpu / (cell.octets / GIB)}.get(scenario.metric, cpu / cell.requests * 1e6)
        return cell

    def _measure_idle(self, scenario, name, round_number, place, peer) -> Cell:
        before = pss_kib(peer.process.pid)
        connections = int(scenario.load[scenario.load.index("--connections") + 1])
        with self.load(place, scenario):
            time.sleep(3)  # what only the opening needed is given back
            after = pss_kib(peer.process.pid)
        return Cell(scenario.name, name, round_number, value=(after - before) / connections, requests=connections)


class Load(contextlib.AbstractContextManager):
    """The load generator, with its connections open and used once."""

    def __init__(self, argv: list[str], core: int, log: Path):
        self.child = Child(argv, core, log, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self._line() != "ready":
            self.child.stop(1)
            raise Failed(f"load: {self.child.tail()}")

    def _line(self) -> str:
        return self.child.process.stdout.readline().strip()

    def _tell(self) -> None:
        self.child.process.stdin.write("\n")
        self.child.process.stdin.flush()

    def go(self) -> dict:
        self._tell()
        line = self._line()
        if not line:
            raise Failed(f"load: {self.child.tail()}")
        report = json.loads(line)
        if report["failed"] or not report["requests"]:
            raise Failed(f"load: {report['failed']} requests failed, {report['requests']} did not")
        return report

    def __exit__(self, *_) -> None:
        self.child.stop(1)


class H2Load(contextlib.AbstractContextManager):
    """nghttp2's load generator. It opens its connections when it goes, and is told how many requests, not how long."""

    REQUESTS_A_MILLISECOND = 15

    def __init__(self, argv: list[str], url: str, milliseconds: int, core: int, folder: Path):
        self.log, self.output, self.core = folder / "h2load.log", folder / "h2load.out", core
        self.argv = ["h2load", "-t1", *argv, "-n", str(milliseconds * self.REQUESTS_A_MILLISECOND), f"--log-file={self.log}",
                     "--tls13-ciphers=TLS_AES_128_GCM_SHA256", "--groups=X25519", url]

    def go(self) -> dict:
        self.log.unlink(missing_ok=True)
        child = Child(self.argv, self.core, self.output)
        child.process.wait(120)
        text = child.tail()
        finished = re.search(r"finished in ([\d.]+)(ms|s),.*?(\d+) succeeded, (\d+) failed.*?\((\d+)\) data", text, re.DOTALL)
        if not finished or int(finished[4]) or "Application protocol: h2" not in text:
            raise Failed(f"h2load: {text}")
        microseconds = sorted(int(line.split("\t")[2]) for line in self.log.open())
        return {"requests": int(finished[3]), "octets": int(finished[5]), "resumed": 0, "seconds": float(finished[1]) / (1000 if finished[2] == "ms" else 1),
                "p50_us": microseconds[len(microseconds) // 2], "p99_us": microseconds[len(microseconds) * 99 // 100]}

    def __exit__(self, *_) -> None:
        pass


def _connection(place, scenario: Scenario) -> http.client.HTTPConnection:
    if scenario.tls:
        return http.client.HTTPSConnection("127.0.0.1", place.tls_port, timeout=10, context=ssl._create_unverified_context())
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=10)
    if scenario.forward == "connect":
        connection.set_tunnel("127.0.0.1", place.origin_port)
    return connection


def _answers(place, scenario: Scenario, peer: Child) -> bool:
    """Whether a request gets through to the origin and back."""
    peer.check()
    host, path = ("site0.example", "/route0/1024") if place.sites else ("localhost", "/1024")
    if scenario.forward:
        host = f"127.0.0.1:{place.origin_port}"
    if scenario.forward == "absolute":
        path = f"http://{host}{path}"
    connection = _connection(place, scenario)
    try:
        connection.request("GET", path, headers={"Host": host, "Connection": "close"})
        response = connection.getresponse()
        return response.status == 200 and len(response.read()) == 1024
    except OSError:
        return False
    except http.client.HTTPException as error:
        raise Failed(f"{peer.name}: {error!r}") from error
    finally:
        connection.close()
