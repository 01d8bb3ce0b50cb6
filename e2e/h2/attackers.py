"""What attacks by HTTP/2 share: frames without end, and a watch over the gate and those who have done nothing."""
import contextlib
import json
import os
import select
import ssl
import subprocess
import sys
import threading
import time

from attacks.stand import Stand, median
from h2 import frames
from h2.others import ENOUGH, waited_for_cpu
from h2.peer import Peer
from h2.requests import get

NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
AT_A_TIME = 65536


def start_attacked(scope, handler=None, timeouts="{ client_head: 10s, body_idle: 10s, keep_alive: 20s }", **options):
    """A gate with one worker: what one connection does to the others of a worker is what counts."""
    env = Stand(scope, handler, timeouts=timeouts, tls=True, clear="h2c", **options)
    Others(env).end()  # so that what comes once has come
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


def calmed(peer, error=frames.ENHANCE_YOUR_CALM):
    """The gate has had enough: it says so, and ends the connection."""
    peer.wait(lambda: peer.closed)
    assert peer.goaways, f"no GOAWAY: {peer.story()}"
    assert peer.goaways[-1] == error, f"{frames.code_names(peer.goaways)}: {peer.story()}"
    assert peer.closed, f"it goes on: {peer.story()}"
    peer.close()


class Others:
    """Those who have done nothing, in a process of their own: others.py."""

    def __init__(self, env):
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "others.py")
        self.process = subprocess.Popen([sys.executable, program, str(env.port), str(env.secure)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        ready = self.process.stdout.readline()
        assert ready == "ready\n", f"others are not served: {ready!r}"

    def end(self):
        """What became of them: `waits`, `failures`, `waited` for a processor."""
        said, _ = self.process.communicate(timeout=30)
        return json.loads(said)


class Watch:
    """While it lasts all others are served, nobody waits longer than a second (and as long as he or the gate had to wait for a processor), and
    the gate takes no more memory and CPU time than this."""

    def __init__(self, env, kib, cpu, worst=1.0):
        self.gate, self.kib, self.cpu, self.worst = env.gate, kib, cpu, worst
        self.others, self.most, self.held, self.used, self.stop = Others(env), 0, 0, 0, threading.Event()
        self.thread = threading.Thread(target=self.measure, daemon=True)

    def __enter__(self):
        self.before, self.busy, self.waited = self.gate.memory_kib(), self.gate.cpu_seconds(), waited_for_cpu(self.gate.process.pid)
        self.thread.start()
        return self

    def measure(self):
        while not self.stop.wait(0.01):
            self.look()

    def look(self):
        self.most = max(self.most, self.gate.memory_kib())

    def __exit__(self, kind, *_):
        self.stop.set()
        self.thread.join(10)
        others = self.others.end()
        self.look()
        self.held, self.used = self.most - self.before, self.gate.cpu_seconds() - self.busy
        self.gate_waited = waited_for_cpu(self.gate.process.pid) - self.waited
        if os.environ.get("E2E_FIGURES"):
            print(f"      {self.held} KiB of {self.kib}, {self.used:.2f} s of {self.cpu}, others {median(others['waits']):.4f} s, "
                  f"at most {max(others['waits']):.3f} s, waited for a processor {others['waited']:.2f} s, the gate {self.gate_waited:.2f} s", file=sys.stderr, flush=True)
        if kind is None:
            self.judge(others)

    def judge(self, others):
        waits = others["waits"]
        assert not others["failures"], f"others: {others['failures'][:3]}"
        assert len(waits) > ENOUGH, "others were hardly there"
        worst = self.worst + others["waited"] + self.gate_waited
        assert max(waits) < worst, f"others wait {max(waits):.2f} s"
        assert median(waits) < worst / 5, f"others wait {median(waits):.3f} s mostly"
        assert self.held < self.kib, f"{self.held} KiB more, {self.kib} are allowed"
        assert self.used < self.cpu, f"{self.used:.2f} s of CPU time, {self.cpu} are allowed"
