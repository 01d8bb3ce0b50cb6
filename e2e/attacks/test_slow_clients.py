"""Clients that say nothing, drip, or do not read: they cost little, they are ended in time, and others are served."""
import socket
import ssl
import time

from attacks.stand import Stand, crowd, latencies, median, reset
from harness.origin import demo
from harness.runner import each
from harness.scope import eventually
from harness.wire import Closed

GIB, ZEROS = 1 << 30, bytes(1 << 18)


class Large:
    """An origin's handler: 1 GiB, and how much of it went out."""

    def __init__(self):
        self.sent, self.over = [], 0

    def __call__(self, exchange):
        if not exchange.target.startswith("/large"):
            demo(exchange)
            return
        number = len(self.sent)
        self.sent.append(0)
        chunked = "chunked" in exchange.target
        exchange.send(b"HTTP/1.1 200 OK\r\n" + (b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % GIB) + b"\r\n\r\n")
        try:
            for _ in range(GIB // len(ZEROS)):
                exchange.send(b"%x\r\n%s\r\n" % (len(ZEROS), ZEROS) if chunked else ZEROS)
                self.sent[number] += len(ZEROS)
        finally:
            self.over += 1


def fixture(scope):
    large = Large()
    stand = Stand(scope, large, tls=True, timeouts="{ client_head: 2s, body_idle: 5s, keep_alive: 1s }")
    stand.large = large
    return stand


def client_hello():
    context, incoming, outgoing = ssl.create_default_context(), ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def ended(connection):
    try:
        while connection.recv(4096):
            pass
    except (ConnectionResetError, BrokenPipeError):
        pass
    except TimeoutError:
        return False
    return True


@each(scheme=["http", "https"])
def test_slowloris(env, scheme):
    """400 connections, an octet of a head (or of a handshake) now and then: each ends when its head was to be complete."""
    quiet = median(latencies(env.port, count=50))
    before, sockets = env.gate.memory_kib(), env.sockets()
    hello = client_hello()
    head, drip = (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n") if scheme == "http" else (hello[:100], hello[100:])
    connections = crowd(env.port if scheme == "http" else env.secure, 400)
    begin = time.monotonic()
    for connection in connections:
        connection.send(head)
    at = most = 0
    waits = []
    while time.monotonic() - begin < 1.8:
        for connection in connections:
            connection.send(drip[at % len(drip):at % len(drip) + 1])
        at += 1
        waits += latencies(env.port, count=5)
        most = max(most, env.gate.memory_kib() - before)
        time.sleep(0.1)
    per_connection = most / len(connections)
    assert per_connection < (16 if scheme == "http" else 64), f"{per_connection:.1f} KiB for each"
    assert median(waits) < 10 * quiet + 0.005, f"others wait {median(waits) * 1000:.1f} ms, else {quiet * 1000:.1f} ms"
    end = time.monotonic() + 4
    for connection in connections:
        connection.settimeout(max(0.05, end - time.monotonic()))
        assert ended(connection), "a connection that drips lives on"
        connection.close()
    assert time.monotonic() - begin < 6
    env.no_more_sockets_than(sockets + 2)
    env.serves()


@each(scheme=["http", "https"])
def test_connections_that_say_nothing(env, scheme):
    before, sockets, busy = env.gate.memory_kib(), env.sockets(), env.gate.cpu_seconds()
    connections = crowd(env.port if scheme == "http" else env.secure, 500)
    env.serves()
    most = env.gate.memory_kib() - before
    assert most / len(connections) < (4 if scheme == "http" else 64), f"{most} KiB for {len(connections)}"
    begin = time.monotonic()
    for connection in connections:
        connection.settimeout(5)
        assert ended(connection), "a connection that says nothing lives on"
        connection.close()
    assert time.monotonic() - begin < 5 and env.gate.cpu_seconds() - busy < 1.5
    env.no_more_sockets_than(sockets + 2)


@each(scheme=["http", "https"])
def test_connections_that_say_nothing_more(env, scheme):
    """One request, and then nothing until keep_alive is over."""
    wires = [env.wire(scheme) for _ in range(50)]
    for wire in wires:
        assert wire.ask("GET", "/own").status == 200
    begin = time.monotonic()
    for wire in wires:
        assert wire.at_end(4), "a kept connection lives on"
        wire.close()
    assert time.monotonic() - begin < 4


@each(target=["/large", "/large?chunked"], scheme=["http", "https"])
def test_slow_readers_of_one_gib(env, target, scheme):
    """Eight of them: what they do not read stays with the server, and it learns when they leave."""
    env.large.sent, env.large.over = [], 0
    sockets = env.sockets()
    before, most = env.gate.memory_kib(), 0
    wires = [env.wire(scheme) for _ in range(8)]
    for wire in wires:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        wire.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        for wire in wires:
            assert wire.socket.recv(16384)
        most = max(most, env.gate.memory_kib() - before)
        time.sleep(0.05)
    env.serves()
    assert most < 8 * 512, f"{most} KiB for eight readers"
    assert len(env.large.sent) == 8 and max(env.large.sent) < 64 << 20, f"{max(env.large.sent) >> 20} MiB left the server"
    for wire in wires:
        reset(wire)
    eventually(lambda: env.large.over == 8, 5, "the server being told that nobody reads")
    env.no_more_sockets_than(sockets + 2)


@each(scheme=["http", "https"])
def test_one_gib_that_is_read_leaves_nothing(env, scheme):
    before, most, left = env.gate.memory_kib(), 0, GIB
    with env.wire(scheme) as wire:
        wire.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert wire.head().status == 200
        left -= len(wire.buffer)
        buffer, reads = bytearray(1 << 20), 0
        while left:
            count = wire.socket.recv_into(buffer)
            if not count:
                raise Closed(f"{left} octets are missing")
            left -= count
            reads += 1
            if reads % 500 == 0:
                most = max(most, env.gate.memory_kib() - before)
    assert most < 4096, f"{most} KiB"
