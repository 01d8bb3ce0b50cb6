"""What is measured: one Scenario for each row of the README's table."""

from dataclasses import dataclass, field
from enum import Enum


class Metric(Enum):
    """The first column of a scenario's table."""

    cpu_request = "CPU us/request"
    cpu_connection = "CPU us/connection"
    cpu_gib = "CPU s/GiB"
    kib_connection = "KiB/connection"
    p50 = "p50 us"


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    metric: Metric
    load: list[str] = field(default_factory=list)  # arguments of the load generator
    tls: bool = False
    http2: bool = False  # the load is h2load's, and so are its arguments
    sites: int = 0  # 0: one site for every name, with one route
    routes: int = 0
    instructions: tuple[int, int] | None = None  # the two counts of requests of --instr

    @property
    def timed(self) -> bool:
        return self.metric != Metric.kib_connection


SITES, ROUTES = 1000, 10
_mixed = ["--sites", str(SITES), "--routes", str(ROUTES)]
_big = ["--path", f"/{100 * 2**20}", "--connections", "2"]

ALL = [
    Scenario("h1-small", "HTTP/1.1, 64 kept connections, answers of 1 KiB", Metric.cpu_request, instructions=(1000, 4000)),
    Scenario("h1-close", "HTTP/1.1, a connection for each request", Metric.cpu_request, ["--close"], instructions=(500, 1500)),
    Scenario("tls-h1", "HTTPS, 64 kept connections, answers of 1 KiB", Metric.cpu_request, tls=True, instructions=(1000, 4000)),
    Scenario("tls-h2", "HTTPS, HTTP/2: 16 connections of 32 requests at a time, answers of 1 KiB", Metric.cpu_request, ["-c16", "-m32"], tls=True, http2=True),
    Scenario("tls-new", "HTTPS, a full handshake for each request", Metric.cpu_connection, ["--close"], tls=True, instructions=(100, 300)),
    Scenario("tls-resume", "HTTPS, a resumed session for each request", Metric.cpu_connection, ["--close", "--resume"], tls=True, instructions=(100, 300)),
    Scenario("big-plain", "HTTP, downloads of 100 MiB", Metric.cpu_gib, _big),
    Scenario("big-tls", "HTTPS, downloads of 100 MiB", Metric.cpu_gib, _big, tls=True),
    Scenario("one-route", "the requests of many-routes, and one route for all of them", Metric.cpu_request, _mixed, instructions=(2000, 6000)),
    Scenario("many-routes", f"{SITES} sites with {ROUTES} routes each, all of them asked for", Metric.cpu_request, _mixed, sites=SITES, routes=ROUTES,
             instructions=(2000, 6000)),
    Scenario("latency", "4,000 requests a second, begun when they are due (open loop)", Metric.p50, ["--rate", "4000"]),
    Scenario("idle-plain", "memory (PSS) of a kept connection that is idle", Metric.kib_connection, ["--connections", "4000"]),
    Scenario("idle-tls", "memory (PSS) of a kept TLS connection that is idle", Metric.kib_connection, ["--connections", "2000"], tls=True),
    Scenario("idle-tunnel", "memory (PSS) of a WebSocket through which nothing passes", Metric.kib_connection, ["--connections", "4000", "--path", "/tunnel", "--tunnel"]),
]


def chosen(names: str | None) -> list[Scenario]:
    """Scenarios by name, comma separated; a prefix stands for all that begin with it (`tls`, `big`)."""
    if not names:
        return ALL
    result = []
    for name in names.split(","):
        found = [s for s in ALL if s.name == name] or [s for s in ALL if s.name.startswith(name)]
        if not found:
            raise SystemExit(f"no such scenario: {name} (there are: {', '.join(s.name for s in ALL)})")
        result += [s for s in found if s not in result]
    return result
