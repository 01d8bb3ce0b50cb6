"""What attacks by HTTP/2 share: frames without end, and a watch over the gate and those who have done nothing."""
import contextlib
import glob
import os
import select
import ssl
import sys
import threading
import time

from attacks.stand import Stand, median
from h2 import frames
from h2.peer import Peer
from h2.requests import get, head
from harness.scope import eventually
from harness.wire import Closed

NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
AT_A_TIME = 65536


def start_attacked(scope, handler=None, timeouts="{ client_head: 10s, body_idle: 10s, keep_alive: 20s }", **options):
    """A gate with one worker: what one connection does to the others of a worker is what counts."""
    env = Stand(scope, handler, timeouts=timeouts, tls=True, clear="h2c", **options)
    with contextlib.closing(Others(env)) as others:  # so that what comes once has come
        for client in others.clients:
            client()
    return env


def opened(env, secure, *settings):
    """A connection that has said hello."""
    peer = Peer(env.secure if secure else env.port, secure)
    peer.hello(*settings)
    return peer


@contextlib.contextmanager
def crowd(env, secure, count, *settings):
    """As many of them."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(opened(env, secure, *settings)) for _ in range(count)]


def request_block(path="/show", method="GET", more=()):
    """The scheme need not be the connection's: RFC 9113 section 8.3.1 leaves it to clients."""
    return get(1, path, more).block("http").replace(b"\x03GET", bytes([len(method)]) + method.encode())


def take_all(peer):
    """What has come and is complete, without waiting for more."""
    octets, at = peer.buffer, 0
    while len(octets) - at >= 9:
        end = at + 9 + int.from_bytes(octets[at:at + 3], "big")
        if end > len(octets):
            break
        frame, _ = frames.read_frame(octets[at:end])
        at = end
        peer.take(frame)
    peer.buffer = octets[at:]


def receive(peer):
    try:
        piece = peer.socket.recv(262144)
    except NOT_NOW:
        return
    except OSError:
        piece = b""
    peer.closed = not piece
    peer.buffer += piece


def flood(peer, octets, seconds=10, reads=True):
    """Sends it, until the gate does not take any more for `seconds` or has closed, and (if it `reads`) takes what comes meanwhile.
    How much was sent."""
    view, sent, last = memoryview(octets), 0, time.monotonic()
    peer.socket.setblocking(False)
    events = select.poll()  # select() cannot do many connections
    events.register(peer.socket, (select.POLLIN if reads else 0) | select.POLLOUT)
    while sent < len(view) and not peer.closed and time.monotonic() - last < seconds:
        ready = sum(mask for _, mask in events.poll(50))
        if reads and ready & ~select.POLLOUT:
            receive(peer)
            take_all(peer)
        if peer.goaways:
            break
        if not ready & select.POLLOUT:
            continue
        try:
            sent += peer.socket.send(view[sent:sent + AT_A_TIME])
            last = time.monotonic()
        except NOT_NOW:
            pass
        except OSError:
            break
    peer.socket.settimeout(4)
    return sent


def calmed(peer):
    """The gate has had enough: it says so, and ends the connection."""
    peer.wait(lambda: peer.closed)
    assert peer.goaways, f"no GOAWAY: {peer.story()}"
    assert peer.goaways[-1] == frames.ENHANCE_YOUR_CALM, f"{frames.code_names(peer.goaways)}: {peer.story()}"
    assert peer.closed, f"it goes on: {peer.story()}"
    peer.close()


class Others:
    """Those who have done nothing: HTTP/1.1 and HTTP/2, in clear text and over TLS, on connections of their own."""

    def __init__(self, env):
        self.env, self.waits, self.failures, self.stop, self.connections = env, [], [], threading.Event(), []
        self.clients = [self.client(version, secure) for version in (1, 2) for secure in (False, True)]

    def client(self, version, secure):
        if version == 1:
            wire = self.env.wire("https" if secure else "http")
            self.connections.append(wire)
            return lambda: self.one(wire)
        peer = opened(self.env, secure)
        self.connections.append(peer)
        return lambda: self.two(peer)

    def close(self):
        for connection in self.connections:
            connection.close()

    def one(self, wire):
        status = wire.ask("GET", "/own").status
        if status != 200:
            self.failures.append(f"HTTP/1.1: {status}")

    def two(self, peer):
        stream = peer.next_probe()
        peer.send(head(stream, "/own").octets(peer.scheme))
        peer.wait(lambda: peer.is_over(stream), 20)
        answer = peer.answers.pop(stream, None)
        peer.seen[1:] = []
        if not answer or answer.status != 200:
            self.failures.append(f"HTTP/2: {answer}, {peer.story()}")

    def run(self, client):
        while not self.stop.is_set() and not self.failures:
            begin = time.monotonic()
            try:
                client()
            except (OSError, Closed, AssertionError) as error:
                self.failures.append(repr(error))
            self.waits.append(time.monotonic() - begin)
            self.stop.wait(0.01)


def waited_for_cpu(gate):
    """How long the gate would have run, had the machine not been busy with something else: in seconds, of all its threads."""
    waited = 0
    for path in glob.glob(f"/proc/{gate.process.pid}/task/*/schedstat"):
        with open(path, encoding="ascii") as file:
            waited += int(file.read().split()[1])
    return waited / 1e9


class Watch:
    """While it lasts all others are served, nobody waits longer than a second (and as long as the gate had to wait for a processor), and
    the gate takes no more memory and CPU time than this."""

    def __init__(self, env, kib, cpu, worst=1.0):
        self.env, self.gate, self.kib, self.cpu, self.worst = env, env.gate, kib, cpu, worst
        self.others, self.most, self.held, self.used = Others(env), 0, 0, 0

    def __enter__(self):
        self.before, self.busy, self.waited = self.gate.memory_kib(), self.gate.cpu_seconds(), waited_for_cpu(self.gate)
        calls = [lambda client=client: self.others.run(client) for client in self.others.clients] + [self.measure]
        self.threads = [threading.Thread(target=call, daemon=True) for call in calls]
        for thread in self.threads:
            thread.start()
        return self

    def measure(self):
        while not self.others.stop.is_set():
            self.look()
            self.others.stop.wait(0.01)

    def look(self):
        self.most = max(self.most, self.gate.memory_kib())

    def __exit__(self, kind, *_):
        eventually(lambda: len(self.others.waits) > 20 or self.others.failures, 10, "the others being served")
        self.others.stop.set()
        for thread in self.threads:
            thread.join(10)
        self.others.close()
        self.look()
        self.held, self.used = self.most - self.before, self.gate.cpu_seconds() - self.busy
        if os.environ.get("E2E_FIGURES"):
            print(f"      {self.held} KiB of {self.kib}, {self.used:.2f} s of {self.cpu}, others {median(self.others.waits):.4f} s, "
                  f"at most {max(self.others.waits):.3f} s", file=sys.stderr, flush=True)
        if kind is None:
            self.judge()

    def judge(self):
        waits = self.others.waits
        assert not self.others.failures, f"others: {self.others.failures[:3]}"
        worst = self.worst + waited_for_cpu(self.gate) - self.waited
        assert max(waits) < worst, f"others wait {max(waits):.2f} s"
        assert median(waits) < worst / 5, f"others wait {median(waits):.3f} s mostly"
        assert self.held < self.kib, f"{self.held} KiB more, {self.kib} are allowed"
        assert self.used < self.cpu, f"{self.used:.2f} s of CPU time, {self.cpu} are allowed"
