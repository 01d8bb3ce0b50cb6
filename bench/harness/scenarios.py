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
    relay: str = ""  # "tcp": octets are passed on; "header": and the origin is told of the client by the PROXY protocol, version 2
    forward: str = ""  # through a forward proxy: "absolute" form, or a tunnel by "connect"
    instructions: tuple[int, int] | None = None  # the two counts of requests of --instr

    @property
    def timed(self) -> bool:
        return self.metric != Metric.kib_connection

    @property
    def way(self) -> str:
        return "out" if self.forward else "in"

    @property
    def reference(self) -> str:
        """The peer to which the others are compared."""
        return "trafficserver" if self.forward else "haproxy"


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
    Scenario("l4-small", "TCP passed on, 64 long connections, answers of 1 KiB", Metric.cpu_request, relay="tcp", instructions=(1000, 4000)),
    Scenario("l4-conn", "TCP passed on, a connection for each request", Metric.cpu_connection, ["--close"], relay="tcp", instructions=(500, 1500)),
    Scenario("l4pp-conn", "the same, with a PROXY header to the origin", Metric.cpu_connection, ["--close"], relay="header", instructions=(500, 1500)),
    Scenario("l4-bulk", "TCP passed on, downloads of 100 MiB", Metric.cpu_gib, _big, relay="tcp"),
    Scenario("fwd-get", "forward proxy, 64 kept connections, answers of 1 KiB", Metric.cpu_request, forward="absolute", instructions=(1000, 4000)),
    Scenario("connect-setup", "forward proxy, a tunnel (CONNECT) for each request", Metric.cpu_connection, ["--close"], forward="connect",
             instructions=(500, 1500)),
    Scenario("connect-small", "forward proxy, 64 long tunnels, answers of 1 KiB", Metric.cpu_request, forward="connect", instructions=(1000, 4000)),
    Scenario("connect-bulk", "forward proxy, downloads of 100 MiB through tunnels", Metric.cpu_gib, _big, forward="connect"),
    Scenario("latency", "4,000 requests a second, begun when they are due (open loop)", Metric.p50, ["--rate", "4000"]),
    Scenario("idle-plain", "memory (PSS) of a kept connection that is idle", Metric.kib_connection, ["--connections", "4000"]),
    Scenario("idle-tls", "memory (PSS) of a kept TLS connection that is idle", Metric.kib_connection, ["--connections", "2000"], tls=True),
    Scenario("idle-relay", "memory (PSS) of a connection that is passed on and quiet", Metric.kib_connection, ["--connections", "4000"], relay="tcp"),
    Scenario("idle-tunnel", "memory (PSS) of a WebSocket through which nothing passes", Metric.kib_connection, ["--connections", "4000", "--path", "/tunnel", "--tunnel"]),
    Scenario("idle-connect", "memory (PSS) of a tunnel of a forward proxy that is quiet", Metric.kib_connection, ["--connections", "4000"], forward="connect"),
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
