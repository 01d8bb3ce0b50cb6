"""What the way out does when others fail: name servers, destinations, parents, scanners; many tunnels that stay; reloads."""
import contextlib
import resource
import socket
import struct
import threading
import time

from harness.gate import start_gate
from harness.name_server import NameServer
from harness.origin import Origin
from harness.ports import free_port
from harness.runner import each, limit
from harness.scope import eventually
from harness.wire import Closed, Wire

from outbound.icap_server import Scanner

TUNNELS = 4000
MOST_OF_A_TUNNEL = 2.0  # KiB of memory; 0.6 is what it is meant to take, of what is its own


class Faulty:
    """A server that takes connections and then does what its `mood` says."""

    def __init__(self, scope):
        self.mood, self.held, self.heard = "answers", [], b""
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self.socket.getsockname()[1]
        scope.callback(self.socket.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                accepted, _ = self.socket.accept()
            except OSError:
                return
            self.held.append(accepted)
            if self.mood != "holds":
                threading.Thread(target=self.serve, args=[accepted, self.mood], daemon=True).start()

    def serve(self, wire, mood):
        wire.settimeout(20)
        with contextlib.suppress(OSError):
            if mood == "reads nothing":
                time.sleep(6)
                return
            self.heard = wire.recv(65536)
            if mood == "closes":
                wire.close()
            elif mood == "resets":
                reset(wire)
            elif mood == "half a head":
                wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")
            elif mood in ("half the content", "half and closes", "half and resets"):
                wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 500)
                if mood == "half and closes":
                    wire.close()
                if mood == "half and resets":
                    time.sleep(0.1)
                    reset(wire)
            elif mood == "half a chunk":
                wire.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nxx")
            elif mood == "garbage":
                wire.sendall(b"\xff" * 1000)
            elif mood == "endless head":
                for _ in range(10000):
                    wire.sendall(b"X: " + b"y" * 1000 + b"\r\n" if self.heard is None else b"HTTP/1.1 100 Continue\r\n\r\n")
            elif mood == "answers":
                wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")


def reset(wire):
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.close()


class Stand:
    def __init__(self, scope):
        self.scope = scope
        self.names = NameServer(scope, "127.53.8.3")
        self.origin, self.faulty, self.scanner, self.parent = Origin(scope), Faulty(scope), Scanner(scope), Faulty(scope)
        for name in ("origin", "slow", "changing"):
            self.names.names[f"{name}.example.test"] = (["127.0.0.1"], 60)
        self.port, self.by_parent, self.scanned = (free_port() for _ in range(3))
        self.gate = start_gate(scope, self.text(), self.port, self.by_parent, self.scanned, prefix=self.names.prefix)

    def text(self, more=""):
        rules = f"""\
    private_networks: [ 127.0.0.1 ]
    rules:
{more}      - {{ allow: [ .example.test, 127.0.0.1 ], ports: [ 1-65535 ] }}
"""
        return f"""\
runtime: {{ workers: 1, drain: 200ms }}
timeouts: {{ client_head: 2s, connect: 1s, response_head: 1s, body_idle: 1s, tunnel_idle: 10m }}
outbound:
  - name: direct
    listen: "proxy://127.0.0.1:{self.port}"
    limits: {{ connections: 20000, connections_per_address: 20000 }}
{rules}
  - name: parent
    listen: "proxy://127.0.0.1:{self.by_parent}"
    parent: {{ url: "http://127.0.0.1:{self.parent.port}" }}
{rules}
  - name: scanned
    listen: "proxy://127.0.0.1:{self.scanned}"
    scanner: {{ responses: "icap://127.0.0.1:{self.scanner.port}/r", timeout: 1s }}
{rules}
"""

    def get(self, host="127.0.0.1", to=None, port=None, seconds=10):
        to = to or self.origin.port
        with Wire(port or self.port, seconds=seconds) as wire:
            wire.send(f"GET http://{host}:{to}/show HTTP/1.1\r\nHost: {host}:{to}\r\n\r\n")
            return wire.response()

    def tunnel(self, to, host="127.0.0.1", port=None):
        wire = Wire(port or self.port)
        wire.send(f"CONNECT {host}:{to} HTTP/1.1\r\nHost: {host}:{to}\r\n\r\n")
        return wire, wire.response("HEAD").status

    def serves(self):
        begin = time.monotonic()
        assert self.get().status == 200
        assert time.monotonic() - begin < 0.5, "others are kept waiting"


def fixture(scope):
    stand = Stand(scope)
    stand.serves()
    return stand


# ---- names

@each(way=["request", "connect", "socks"])
def test_names_that_come_late_or_never(env, way):
    def ask(name):
        host = f"{name}.{way}.example.test"
        env.names.names[host] = (["127.0.0.1"], 60)
        if way == "request":
            return env.get(host).status
        if way == "connect":
            return env.tunnel(env.origin.port, host)[1]
        with Wire(env.port) as wire:
            wire.send(b"\5\1\0\5\1\0\3" + bytes([len(host)]) + host.encode() + struct.pack("!H", env.origin.port))
            return 200 if wire.exactly(4)[3] == 0 else 504

    answers = {}

    def beside(name):
        begin = time.monotonic()
        answers[name] = ask(name), time.monotonic() - begin
    for mood, name in (("slow", "slow"), ("silent", "gone")):
        env.names.delay, env.names.silent = (0.5, False) if mood == "slow" else (0, True)
        thread = threading.Thread(target=beside, args=[name])
        thread.start()
        time.sleep(0.1)
        env.serves()
        thread.join(5)
        env.names.delay, env.names.silent = 0, False
    assert answers["slow"][0] == 200 and answers["slow"][1] < 1, answers
    assert answers["gone"][0] in (502, 504) and answers["gone"][1] < 2.5, answers


def test_name_servers_that_lie(env):
    right = env.names.answer
    lies = [lambda question: question, lambda question: right(question)[:-3], lambda question: right(question)[:12] + b"\xc0\x0c" * 100]
    try:
        for number, lie in enumerate(lies):
            env.names.names[f"lie{number}.example.test"] = (["127.0.0.1"], 60)
            env.names.answer = lie
            assert env.get(f"lie{number}.example.test").status in (502, 504), number
            env.serves()
    finally:
        env.names.answer = right


# ---- destinations

@each(mood=["holds", "closes", "resets", "half a head", "garbage", "endless head"])
def test_a_server_that_gives_no_answer(env, mood):
    env.faulty.mood = mood
    begin = time.monotonic()
    response = env.get(to=env.faulty.port)
    assert response.status in (502, 504), response
    assert time.monotonic() - begin < 3
    env.serves()


@each(mood=["half the content", "half and closes", "half and resets", "half a chunk"])
def test_an_answer_that_is_cut_off_does_not_look_whole(env, mood):
    env.faulty.mood = mood
    begin = time.monotonic()
    try:
        response = env.get(to=env.faulty.port)
        raise AssertionError(f"it looks whole: {response}")
    except (Closed, ConnectionError):
        pass
    assert time.monotonic() - begin < 3
    env.serves()


def test_a_server_that_reads_nothing(env):
    """The client's content waits, and is not collected."""
    env.faulty.mood = "reads nothing"
    before = env.gate.memory_kib()
    with Wire(env.port) as wire:
        wire.send(f"POST http://127.0.0.1:{env.faulty.port}/ HTTP/1.1\r\nHost: 127.0.0.1:{env.faulty.port}\r\nContent-Length: 200000000\r\n\r\n")
        wire.socket.settimeout(1)
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 150_000_000:
                sent += wire.socket.send(b"x" * 65536)
        assert 0 < sent < 100_000_000, sent
        assert env.gate.memory_kib() - before < 4096
    env.serves()


@each(mood=["holds", "closes", "resets"])
def test_tunnels_to_such_servers(env, mood):
    env.faulty.mood = mood
    wire, status = env.tunnel(env.faulty.port)
    assert status == 200
    wire.send(b"hello")
    if mood == "holds":
        wire.socket.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            assert not wire.fill()
            raise AssertionError("a tunnel that is idle was ended")
    else:
        assert wire.at_end(3)
    wire.close()
    env.serves()


def test_a_port_where_nobody_listens(env):
    gone = free_port()
    assert env.get(to=gone).status == 502
    assert env.tunnel(gone)[1] == 502


# ---- parents and scanners

@each(mood=["closes", "resets", "half a head", "holds", "garbage", "endless head"])
def test_a_parent_that_fails(env, mood):
    env.parent.mood = mood
    begin = time.monotonic()
    assert env.get(port=env.by_parent).status in (502, 504)
    assert env.tunnel(443, "origin.example.test", env.by_parent)[1] in (502, 504)
    assert time.monotonic() - begin < 5
    env.serves()


def test_a_parent_that_goes_in_the_middle(env):
    env.parent.mood = "holds"
    env.parent.held.clear()
    wire = Wire(env.by_parent)
    wire.send(b"CONNECT origin.example.test:443 HTTP/1.1\r\nHost: origin.example.test:443\r\n\r\n")
    eventually(lambda: env.parent.held, 2, "a connection to the parent")
    parent = env.parent.held[-1]
    parent.recv(65536)
    parent.sendall(b"HTTP/1.1 200 OK\r\n\r\nhello")
    assert wire.response("HEAD").status == 200 and wire.exactly(5) == b"hello"
    reset(parent)
    assert wire.at_end(3)
    wire.close()
    env.parent.mood = "half and resets"
    try:
        raise AssertionError(f"it looks whole: {env.get('origin.example.test', port=env.by_parent)}")
    except (Closed, ConnectionError):
        pass
    env.serves()


@each(mood=["stalls", "dies", "lies"])
def test_a_scanner_that_fails(env, mood):
    env.scanner.mood = mood
    begin = time.monotonic()
    assert env.get(port=env.scanned).status == 502
    assert time.monotonic() - begin < 3
    env.scanner.mood = "works"
    eventually(lambda: env.get(port=env.scanned).status == 200, 5, "an answer once it works")
    env.serves()


# ---- many, and reloads

def test_reloads_leave_tunnels_alone(env):
    """What was allowed when a tunnel began goes on; what begins afterwards is judged by the new rules."""
    env.faulty.mood = "holds"
    env.faulty.held.clear()
    wire, status = env.tunnel(env.faulty.port)
    assert status == 200
    eventually(lambda: env.faulty.held, 2)
    server = env.faulty.held[-1]
    kept = Wire(env.port)
    kept.send(f"GET http://127.0.0.1:{env.origin.port}/show HTTP/1.1\r\nHost: 127.0.0.1:{env.origin.port}\r\n\r\n")
    assert kept.response().status == 200
    try:
        env.gate.reload(env.text("      - { deny: [ 127.0.0.1 ] }\n"))
        assert env.tunnel(env.faulty.port)[1] == 403
        assert env.get().status == 403
        # A connection keeps the rules under which it began, for one more request: then it ends.
        with contextlib.suppress(Closed, ConnectionError):
            kept.send(f"GET http://127.0.0.1:{env.origin.port}/show HTTP/1.1\r\nHost: 127.0.0.1:{env.origin.port}\r\n\r\n")
            assert kept.response().get("Connection") == "close" and kept.at_end(2)
        for number in range(3):
            wire.send(f"ping{number}")
            heard = server.recv(100)
            assert heard == f"ping{number}".encode(), (number, heard, env.gate.log()[-500:])
            server.sendall(b"pong")
            assert wire.exactly(4) == b"pong"
            env.gate.reload(env.text("      - { deny: [ 127.0.0.1 ] }\n"))
    finally:
        env.gate.reload(env.text())
    wire.close()
    env.serves()


@limit(120)
def test_idle_tunnels(env):
    """So many that nobody uses: they are kept, cost little, and others are served."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    env.faulty.mood = "holds"
    env.faulty.held.clear()
    opened = []
    try:
        request = f"CONNECT 127.0.0.1:{env.faulty.port} HTTP/1.1\r\nHost: 127.0.0.1:{env.faulty.port}\r\n\r\n".encode()

        def some(count):
            wires = [socket.create_connection(("127.0.0.1", env.port), 20) for _ in range(count)]
            for wire in wires:
                wire.sendall(request)
            for wire in wires:
                assert wire.recv(65536).startswith(b"HTTP/1.1 200 ")
            opened.extend(wires)
        for _ in range(2):
            some(250)  # what is there for all of them, is there now
        before = env.gate.memory_kib()
        for _ in range(TUNNELS // 250 - 2):
            some(250)
        each_kib = (env.gate.memory_kib() - before) / (TUNNELS - 500)
        assert each_kib < MOST_OF_A_TUNNEL, f"{each_kib:.2f} KiB"
        env.serves()
        busy = env.gate.cpu_seconds()
        time.sleep(0.5)
        assert env.gate.cpu_seconds() - busy < 0.1
        opened[TUNNELS // 2].sendall(b"still there")
        end = time.monotonic() + 3
        while not any(peek(wire) for wire in env.faulty.held) and time.monotonic() < end:
            time.sleep(0.05)
        assert any(peek(wire) for wire in env.faulty.held), "the tunnel does not work any more"
    finally:
        for wire in opened + env.faulty.held:
            wire.close()
        env.faulty.held.clear()
    eventually(lambda: env.gate.sockets() < 200, 10, "the sockets being given back")
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def peek(wire):
    try:
        return wire.recv(100, socket.MSG_DONTWAIT | socket.MSG_PEEK)
    except OSError:
        return b""
