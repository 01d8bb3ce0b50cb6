"""Attacks on entries that pass octets on, from both ends: they cost little, they are ended in time, and others are served."""
import contextlib
import os
import signal
import socket
import ssl
import subprocess
import threading
import time

from attacks.stand import crowd, latencies, median, reset
from attacks.test_exhaustion import limited
from harness.certificates import Authority
from harness.gate import start_gate
from harness.ports import free_port
from harness.runner import each
from harness.scope import eventually
from harness.wire import Closed, ask
from relay.talker import GREETING, Talker

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
TIMEOUTS = "{ client_head: 2s, connect: 1s, response_head: 2s, half_closed: 1s, tunnel_idle: 20s }"


class Hostile:
    """A server that does what it wants with each connection."""

    def __init__(self, scope, talk):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port, self.talk, self.open, self.lock = self.listener.getsockname()[1], talk, 0, threading.Lock()
        scope.callback(self.listener.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def serve(self, connection):
        connection.settimeout(30)
        with self.lock:
            self.open += 1
        with contextlib.suppress(OSError), connection:
            self.talk(connection)
        with self.lock:
            self.open -= 1


def endless(first, line, pause=0.0):
    """Greets, takes a line where it has one to wait for, and never comes to an end."""
    def talk(connection):
        connection.sendall(first)
        if first:
            connection.recv(4096)
        piece = line if pause else line * (65536 // len(line))
        while True:
            connection.sendall(piece)
            time.sleep(pause)
    return talk


def mute(connection):
    while connection.recv(65536):
        pass


def mail_server(connection):
    """SMTP of a few lines, which has something to hide: the filter stays."""
    connection.sendall(b"220 mx.test ESMTP\r\n")
    for line in connection.makefile("rb"):
        if line.startswith(b"EHLO"):
            connection.sendall(b"250-mx.test\r\n250-XCLIENT ADDR\r\n250 SIZE\r\n")
        else:
            connection.sendall(b"250 ok\r\n")


CHATTER = {
    "smtp greeting": ("smtp", endless(b"", b"220-wait for it\r\n")),
    "smtp capabilities": ("smtp", endless(b"220 mx\r\n", b"250-X" + b"y" * 60 + b"\r\n")),
    "imap": ("imap", endless(b"* OK hi\r\n", b"* 1 EXISTS\r\n")),
    "pop3": ("pop3", endless(b"+OK hi\r\n", b"+OK\r\nX\r\nY\r\n")),
    "sieve": ("sieve", endless(b"", b'"X" "y"\r\n')),
    "no line": ("imap", endless(b"", b"* OK xxxxxx")),
    "drip": ("imap", endless(b"* OK hi\r\n", b"* 1 EXISTS\r\n", 0.05)),
    "mute": ("smtp", mute),
}


class Fixture:
    def __init__(self, scope, **options):
        self.scope = scope
        self.authority = Authority(scope.folder)
        self.shown = self.authority.sign("shown", "mail.example.com")
        self.talker = Talker(scope)
        self.mail = Hostile(scope, mail_server)
        self.chatter = {name: (free_port(), scheme, Hostile(scope, talk)) for name, (scheme, talk) in CHATTER.items()}
        self.ports = {name: free_port() for name in ("web", "plain", "named", "ended", "taken", "strange", "mail", "mail_tls")}
        self.gate = start_gate(scope, self.text(), self.ports["web"], **options)

    def text(self, more=""):
        at = {name: f"127.0.0.1:{port}" for name, port in self.ports.items()}
        to, mail = f'"tcp://127.0.0.1:{self.talker.port}"', f'"tcp://127.0.0.1:{self.mail.port}"'
        hostile = "".join(f'  - {{ listen: "{scheme}://127.0.0.1:{port}", to: "tcp://127.0.0.1:{server.port}" }}\n'
                          for port, scheme, server in self.chatter.values())
        return f"""\
certificates: [ {{ cert: {self.shown.cert}, key: {self.shown.key} }} ]
inbound:
  - listen: "http://{at["web"]}"
    sites: [ {{ https_redirect: off, routes: [ {{ exact: /own, respond: {{ body: "own" }} }} ] }} ]
  - {{ name: plain, listen: "tcp://{at["plain"]}", to: {to} }}
  - {{ name: named, listen: "tcp://{at["named"]}", sni: {{ mail.example.com: {to} }} }}
  - {{ name: ended, listen: "tls://{at["ended"]}", to: {to} }}
  - {{ name: taken, listen: "tcp://{at["taken"]}", to: {to}, accept_proxy: {{ from: [ 127.0.0.1 ] }} }}
  - {{ name: strange, listen: "tcp://{at["strange"]}", to: {to}, accept_proxy: {{ from: [ 127.0.0.2 ] }} }}
  - {{ name: mail, listen: "smtp://{at["mail"]}", to: {mail} }}
  - {{ name: mail_tls, listen: "tls://{at["mail_tls"]}", to: "smtp://127.0.0.1:{self.mail.port}" }}
{hostile}{more}timeouts: {TIMEOUTS}
runtime: {{ workers: 1, doctor: off, drain: 3s }}
"""

    def connect(self, port):
        return socket.create_connection(("127.0.0.1", self.ports.get(port, port)), 10)

    def serves(self):
        begin = time.monotonic()
        assert ask(self.ports["web"], "GET", "/own").status == 200
        with self.connect("plain") as connection:
            assert read_exactly(connection, len(GREETING)) == GREETING
        assert time.monotonic() - begin < 2, "others are kept waiting"

    def answers(self):
        with contextlib.suppress(OSError, Closed):
            return ask(self.ports["web"], "GET", "/own").status == 200
        return False

    def serves_again(self):
        with contextlib.suppress(OSError, Closed, AssertionError):
            self.serves()
            return True
        return False

    def no_more_sockets_than(self, count, seconds=6):
        eventually(lambda: self.gate.sockets() <= count, seconds, f"sockets being given back ({count} before, {self.gate.sockets()} now)")


def fixture(scope):
    return Fixture(scope)


def client_hello(name="mail.example.com"):
    context, incoming, outgoing = ssl.create_default_context(), ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def read_exactly(connection, count):
    octets = b""
    while len(octets) < count:
        piece = connection.recv(count - len(octets))
        assert piece, f"ended after {octets!r}"
        octets += piece
    return octets


def at_end(connection, end):
    connection.settimeout(max(0.05, end - time.monotonic()))
    try:
        while connection.recv(65536):
            pass
    except (ConnectionResetError, BrokenPipeError):
        pass
    except TimeoutError:
        return False
    return True


# What a client says octet by octet in each state, and what a connection may cost meanwhile.
DRIPS = {"named": (client_hello(), 24), "ended": (client_hello(), 64), "taken": (b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 993\r\n", 8),
         "mail": (b"EHLO a.name.that.never.ends.example.com\r\n", 40)}


@each(state=list(DRIPS))
def test_slowloris(env, state):
    """300 connections, an octet now and then: each ends when what it has begun was to be complete."""
    quiet = median(latencies(env.ports["web"], count=50))
    before, sockets, busy = env.gate.memory_kib(), env.gate.sockets(), env.gate.cpu_seconds()
    drip, most_each = DRIPS[state]
    begin = time.monotonic()
    connections = crowd(env.ports[state], 300)
    most, waits, at = 0, [], 0
    while time.monotonic() - begin < 1.7:
        for connection in connections:
            connection.send(drip[at:at + 1])
        at += 1
        waits += latencies(env.ports["web"], count=5)
        most = max(most, env.gate.memory_kib() - before)
        time.sleep(0.15)
    assert at < len(drip), "the line came to its end"
    assert most / len(connections) < most_each, f"{most / len(connections):.1f} KiB for each"
    assert median(waits) < 10 * quiet + 0.005, f"others wait {median(waits) * 1000:.1f} ms, else {quiet * 1000:.1f} ms"
    for connection in connections:
        assert at_end(connection, begin + 8), "a connection that drips lives on"
        connection.close()
    assert time.monotonic() - begin < 8
    assert env.gate.cpu_seconds() - busy < 3
    env.no_more_sockets_than(sockets + 2)
    env.serves()


@each(what=list(CHATTER))
def test_servers_that_never_come_to_the_point(env, what):
    """Each client is told, in time, and nobody else waits for it."""
    port, scheme, server = env.chatter[what]
    sockets, before, most = env.gate.sockets(), env.gate.memory_kib(), 0
    begin, waits = time.monotonic(), []
    clients = [env.connect(port) for _ in range(20)]
    while time.monotonic() - begin < 1.5:
        started = time.monotonic()
        assert ask(env.ports["web"], "GET", "/own").status == 200
        waits.append(time.monotonic() - started)
        most = max(most, env.gate.memory_kib() - before)
        time.sleep(0.02)
    assert max(waits) < 1, f"others wait {max(waits):.1f} s"
    assert most < 20 * 256, f"{most} KiB for {len(clients)}"
    for client in clients:
        assert at_end(client, begin + 9), "a client waits for a server that has nothing to say"
        client.close()
    busy = env.gate.cpu_seconds()
    eventually(lambda: server.open == 0, 6, f"the connections to the server being closed ({scheme})")
    time.sleep(0.5)
    assert env.gate.cpu_seconds() - busy < 2
    env.no_more_sockets_than(sockets + 2)
    env.serves()


def test_clients_that_are_half_there(env):
    """They have finished, and read nothing any more: the other half is not waited for."""
    sockets, before = env.gate.sockets(), env.gate.memory_kib()
    connections = crowd(env.ports["plain"], 300)
    for connection in connections:
        connection.sendall(b"x" * 1000)
    for connection in connections:
        connection.shutdown(socket.SHUT_WR)
    assert env.gate.memory_kib() - before < 300 * 24
    env.serves()
    env.no_more_sockets_than(sockets + 2)
    for connection in connections:
        connection.close()


MOMENTS = {"at once": ("plain", b""), "in a hello": ("named", client_hello()[:100]), "behind a hello": ("named", client_hello()),
           "in a handshake": ("ended", client_hello()), "in a header": ("taken", b"PROXY TCP4 "),
           "behind a header": ("taken", b"PROXY UNKNOWN\r\nhello"), "in a command": ("mail", b"EHL"),
           "behind a command": ("mail", b"EHLO me\r\nMAIL FROM:<a>\r\n" * 20), "behind STARTTLS": ("mail", b"EHLO me\r\nSTARTTLS\r\n"),
           "while octets pass": ("plain", b"x" * 100_000)}


@each(moment=list(MOMENTS), end=["close", "reset", "finish"])
def test_clients_that_leave(env, moment, end):
    name, octets = MOMENTS[moment]
    sockets = env.gate.sockets()
    left = []
    for number in range(60):
        connection = env.connect(name)
        connection.settimeout(0.02)
        connection.sendall(octets)
        if number % 3 == 0:
            with contextlib.suppress(OSError):
                connection.recv(100)
        if end == "reset":
            reset(connection)
        elif end == "close":
            connection.close()
        else:
            connection.shutdown(socket.SHUT_WR)
            left.append(connection)
    if end == "finish":
        for connection in left:
            assert at_end(connection, time.monotonic() + 8), "half a connection lives on"
            connection.close()
    env.no_more_sockets_than(sockets + 2)
    env.serves()


def test_headers_of_strangers(env):
    """However they are cut, none reaches a server in full."""
    header = SIGNATURE + bytes([0x21, 0x11, 0, 12]) + bytes(12)
    for octets in (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", b"PROXY UNKNOWN\r\n", header):
        for cut in (1, 5, 6, 11, len(octets)):
            before = len(env.talker.received)
            with env.connect("strange") as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for at in range(0, len(octets), cut):
                    with contextlib.suppress(OSError):
                        connection.sendall(octets[at:at + cut])
                    time.sleep(0.002)
                with contextlib.suppress(OSError):
                    connection.sendall(b"EHLO me\r\n")
                assert at_end(connection, time.monotonic() + 3), "a stranger is served"
            for heard in env.talker.received[before:]:
                assert bytes(heard) == octets[:len(heard)] and len(heard) < 12, bytes(heard)
    assert env.gate.record(listen=f"tcp://127.0.0.1:{env.ports['strange']}")["error"]["code"] == "proxy_header_unlisted"
    env.serves()


def test_urgent_octets(env):
    """They are not passed on, and what is behind them is, at once."""
    with env.connect("plain") as connection:
        assert read_exactly(connection, len(GREETING)) == GREETING
        for _ in range(50):
            connection.send(b"before")
            connection.send(b"!", socket.MSG_OOB)
            connection.send(b"behind")
            connection.settimeout(2)
            assert read_exactly(connection, 12) == b"beforebehind"


def test_reloads_and_the_end_at_the_worst_moment(env):
    """Sessions in each state go on across reloads; those that have not begun end with the gate, at once."""
    with env.scope.part("moments") as scope:
        gate_env = Fixture(scope)
        opened = {name: gate_env.connect(name) for name, _ in MOMENTS.values()}
        begun = {"named": client_hello()[:100], "ended": client_hello()[:50], "taken": b"PROXY TCP4 ", "mail": b"EHL"}
        for name, octets in begun.items():
            opened[name].sendall(octets)
        assert read_exactly(opened["plain"], len(GREETING)) == GREETING
        for number in range(5):
            gate_env.gate.reload(gate_env.text(f'  - {{ listen: "tcp://127.0.0.1:{free_port()}", to: "tcp://127.0.0.1:{number + 1}" }}\n'))
        opened["taken"].sendall(b"203.0.113.9 192.0.2.1 4711 993\r\n")
        opened["mail"].sendall(b"O me\r\n")
        heard = b""
        while b"250 SIZE" not in heard and b"250 STARTTLS" not in heard:
            piece = opened["mail"].recv(4096)
            assert piece, heard
            heard += piece
        assert read_exactly(opened["taken"], len(GREETING)) == GREETING
        opened["plain"].sendall(b"still here")
        assert read_exactly(opened["plain"], 10) == b"still here"
        fresh = gate_env.connect("taken")
        fresh.sendall(b"PROXY ")
        time.sleep(0.1)
        gate_env.gate.process.signal(signal.SIGTERM)
        begin = time.monotonic()
        assert at_end(fresh, begin + 2), "a header that has not come keeps the gate from ending"
        opened["mail"].settimeout(2)
        assert b"421 " in opened["mail"].recv(4096)
        opened["plain"].sendall(b"and now")
        assert read_exactly(opened["plain"], 7) == b"and now"
        assert gate_env.gate.process.wait(8) == 0
        assert at_end(opened["plain"], time.monotonic() + 1)


# What costs memory in each state, and how often it is sent.
COSTS = {"named": (client_hello()[:-1], 1), "ended": (client_hello(), 1), "mail": (b"EHLO me\r\nMAIL FROM:<" + b"a" * 1000, 1),
         "plain": (b"x" * 60_000, 20)}


@each(state=list(COSTS))
def test_no_memory(env, state):
    """A limit just above what it holds: connections are given up, and it recovers."""
    with env.scope.part("memory for " + state) as scope:
        stand = Fixture(scope, environment={"MALLOC_ARENA_MAX": "1"})
        limited(stand, 4)
        octets, times = COSTS[state]
        connections = crowd(stand.ports[state], 500)
        for connection in connections:
            connection.setblocking(False)
            for _ in range(times):
                with contextlib.suppress(OSError):
                    connection.send(octets)
        time.sleep(1)
        assert stand.gate.process.alive(), f"it ended: {stand.gate.log()[-500:]}"
        for connection in connections:
            connection.close()
        eventually(stand.answers, 10, "an answer after the crowd has gone")
        stand.no_more_sockets_than(30, 12)
        # What the crowd needed goes back to the system a second or two later; until then others are given up, too.
        eventually(stand.serves_again, 15, "a connection that is served as before")


ESCAPES = b"\x1b]0;owned\x07\x1b[2J\x1b[31m\xc2\x9b31m\r"
LIARS = {
    "endless greeting": endless(b"", b"220-wait\r\n"),
    "endless line": endless(b"", b"x" * 64),
    "drip": endless(b"", b"2", 0.02),
    "escapes": lambda connection: (connection.sendall(b"220 " + ESCAPES + b"\r\n500 " + ESCAPES + b"\r\n"), mute(connection)),
    "refusal with escapes": lambda connection: (connection.sendall(b"554 " + ESCAPES * 200 + b"\r\n"), mute(connection)),
    "never closes": lambda connection: (connection.sendall(b"220 hi\r\n"), time.sleep(20)),
    "challenges for ever": lambda connection: [connection.sendall(b"220 hi\r\n250 ok\r\n") or time.sleep(0.01) for _ in range(2000)],
    "TLS alerts": lambda connection: (connection.sendall(b"\x15\x03\x01\x00\x02\x02\x28" * 5000), time.sleep(20)),
}


@each(form=["", "--json"])
def test_the_doctor_and_servers_that_lie(env, form):
    """It does not wait for them, and what it prints is text."""
    entries, servers = [], []
    for scheme in ("tcp", "tls", "smtp"):
        for talk in LIARS.values():
            servers.append(Hostile(env.scope, talk))
            entries.append(f'  - {{ listen: "smtp://127.0.0.1:{free_port()}", to: "{scheme}://127.0.0.1:{servers[-1].port}", send_proxy: v2 }}\n')
    path = env.scope.write("liars.yaml", f'inbound:\n{"".join(entries)}certificates: [ {{ cert: {env.shown.cert}, key: {env.shown.key} }} ]\n')
    begin = time.monotonic()
    done = subprocess.run([env.scope.binary, "doctor", "-c", path, *form.split()], capture_output=True, timeout=30, check=False)
    assert time.monotonic() - begin < 8, f"{time.monotonic() - begin:.1f} s"
    assert done.returncode == 1, (done.returncode, done.stderr)
    said = done.stdout + done.stderr
    assert not any(octet in said for octet in b"\x1b\x07\r\x9b"), said
    assert len(said) < 5000 * len(servers), len(said)
    for server in servers:
        server.listener.close()
