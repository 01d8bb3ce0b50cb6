"""What the attacks share: a gate with short time-outs before an origin of ours, and rude ways to use a socket."""
import socket
import ssl
import statistics
import struct
import threading
import time

from harness.certificates import Authority
from harness.gate import start_gate
from harness.origin import Origin
from harness.ports import free_port
from harness.scope import eventually
from harness.wire import Wire, ask

TIMEOUTS = "{ client_head: 1s, connect: 1s, response_head: 1s, body_idle: 1s, keep_alive: 20s }"


class Stand:
    def __init__(self, scope, handler=None, origin=None, timeouts=TIMEOUTS, workers=1, routes="", limits="", tls=False, drain="300ms",
                 log=None, clear="http", **options):
        """`clear`: the scheme of the listener without TLS; h2c speaks HTTP/1.1 as well."""
        self.clear, self.scope, self.origin = clear, scope, origin or Origin(scope, handler)
        self.port, self.secure = free_port(), free_port() if tls else None
        self.routes, self.timeouts, self.limits, self.tail = routes, timeouts, limits, f"runtime: {{ workers: {workers}, drain: {drain} }}\n"
        if log:
            self.tail += f"log: {{ access: {log} }}\n"
        self.head, self.context = "", None
        if tls:
            authority = Authority(scope.folder)
            shown = authority.sign("front", "localhost")
            self.head = f"certificates: [ {{ cert: {shown.cert}, key: {shown.key} }} ]\n"
            self.context = ssl.create_default_context(cafile=authority.cert)
        self.gate = start_gate(scope, self.text(), self.port, **options)

    def text(self, more=""):
        listen = [f'"{self.clear}://127.0.0.1:{self.port}"'] + ([f'"https://127.0.0.1:{self.secure}"'] if self.secure else [])
        return f"""\
{self.head}inbound:
  - listen: [ {", ".join(listen)} ]
    limits: {{ connections: 10000{self.limits} }}
    sites:
      - https_redirect: off
        routes:
{more}{self.routes}          - {{ exact: /own, respond: {{ body: "own" }} }}
          - {{ path: /, to: "http://127.0.0.1:{self.origin.port}" }}
timeouts: {self.timeouts}
{self.tail}"""

    def wire(self, scheme="http", **options):
        if scheme == "https":
            return Wire(self.secure, tls=self.context, name="localhost", **options)
        return Wire(self.port, **options)

    def serves(self):
        """Others are served."""
        begin = time.monotonic()
        assert ask(self.port, "GET", "/show").status == 200
        assert time.monotonic() - begin < 2, "others are kept waiting"

    def sockets(self):
        """Those of the gate, without the connections to the server, which it keeps."""
        return self.gate.sockets() - len(self.origin.open)

    def no_more_sockets_than(self, count, seconds=5):
        eventually(lambda: self.sockets() <= count, seconds, f"sockets being given back ({count} before)")


def reset(wire):
    """Ends a connection with RST."""
    connection = getattr(wire, "socket", wire)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def crowd(port, count):
    """Connections that say nothing."""
    return [socket.create_connection(("127.0.0.1", port), 20) for _ in range(count)]


def latencies(port, target="/own", count=150, pause=0.002):
    """How long a client waits for each of its answers, in seconds."""
    found = []
    with Wire(port) as wire:
        for _ in range(count):
            begin = time.perf_counter()
            assert wire.ask("GET", target).status == 200
            found.append(time.perf_counter() - begin)
            time.sleep(pause)
    return found


def median(values):
    return statistics.median(values)


class Threads:
    """Runs the same in several threads, and tells what went wrong in any of them."""

    def __init__(self, count, call):
        self.errors = []
        self.threads = [threading.Thread(target=self.run, args=(call, number), daemon=True) for number in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self, call, number):
        try:
            call(number)
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(f"{number}: {error!r}")

    def end(self, seconds=30):
        for thread in self.threads:
            thread.join(seconds)
        assert not any(thread.is_alive() for thread in self.threads), "threads that did not end"
        assert not self.errors, f"{len(self.errors)} of {len(self.threads)}: {self.errors[:5]}"
