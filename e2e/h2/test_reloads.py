"""SIGHUP and SIGTERM while HTTP/2 is busy: no request fails, nothing that was begun is lost."""
import signal
import threading
import time

from h2 import frames
from h2.attackers import opened, start_attacked
from h2.requests import get, post
from harness.ports import listens
from harness.runner import each
from harness.scope import eventually
from harness.websocket import Client
from harness.wire import ask


def fixture(scope):
    return scope


class Asking(threading.Thread):
    """Asks and asks by HTTP/2, ten requests at a time; a client that is told to go (GOAWAY) takes another connection, as the honest do."""

    def __init__(self, env, secure):
        super().__init__(daemon=True)
        self.env, self.secure, self.over = env, secure, threading.Event()
        self.count, self.connections, self.failures = 0, 0, []
        self.start()

    def run(self):
        while not self.over.is_set() and not self.failures:
            with opened(self.env, self.secure) as peer:
                self.connections += 1
                self.ask_until_told(peer)

    def ask_until_told(self, peer):
        stream = 1
        while not peer.goaways and not self.over.is_set():
            asked = range(stream, stream + 20, 2)
            stream += 20
            peer.send(b"".join(get(number, "/show").octets(peer.scheme) for number in asked))
            peer.wait(lambda asked=asked: all(peer.is_over(number) for number in asked), 10)
            for number in asked:
                answer = peer.answers.pop(number, None)
                if not answer or answer.status != 200 or not answer.ended:
                    self.failures.append(f"{number}: {answer} {peer.story()[:500]}")
                self.count += 1

    def end(self):
        self.over.set()
        self.join(15)
        assert not self.failures, f"{len(self.failures)} of {self.count}: {self.failures[:2]}"
        return self.count, self.connections


@each(secure=[False, True])
def test_a_hundred_sighups(env, secure):
    """With a WebSocket and a download that last: every connection is told to go, and not one request fails."""
    with env.part("sighup") as scope:
        env = start_attacked(scope, timeouts="{ tunnel_idle: 1h }")
        tunnel, slow, asking = Client(env.wire()), opened(env, secure), [Asking(env, secure) for _ in range(3)]
        slow.send(get(1, "/slow?pieces=30&pause=0.1").octets(slow.scheme))
        slow.wait(lambda: 1 in slow.answers)
        env.gate.reload_often(100, env.text, lambda: ask(env.port, "GET", "/number").body, lambda number: tunnel.exchange(b"still here %d" % number))
        slow.wait(lambda: slow.is_over(1), 10)
        assert slow.answers[1].body == b"." * 30, slow.story()
        told = [client.end() for client in asking]
        assert sum(count for count, _ in told) > 300 and all(connections > 2 for _, connections in told), told
        tunnel.exchange(b"still here")
        tunnel.close()


@each(secure=[False, True])
def test_sigterm(env, secure):
    """On each of ten connections: one for which the server thinks, one in mid-download, one in mid-upload. All finish, then the program ends."""
    with env.part("sigterm") as scope:
        env = start_attacked(scope, drain="20s")
        peers = [opened(env, secure) for _ in range(10)]
        before = len(env.origin.requests)
        for peer in peers:
            peer.send(get(1, "/slow?first=1.5").octets(peer.scheme) + get(3, "/slow?pieces=10&pause=0.2").octets(peer.scheme)
                      + post(5, "/show").octets(peer.scheme) + frames.data(5, b"12345"))
        eventually(lambda: len(env.origin.requests) - before == 30, 5, "the server having got all of them")
        env.gate.process.signal(signal.SIGTERM)
        begin = time.monotonic()
        eventually(lambda: not listens(env.port), 3, "not listening any more")
        for peer in peers:
            peer.wait(lambda peer=peer: peer.goaways)
            assert peer.goaways[0] == frames.NO_ERROR, peer.story()
            peer.send(frames.data(5, b"67890", end=True))
        for peer in peers:
            peer.wait(lambda peer=peer: all(peer.is_over(stream) for stream in (1, 3, 5)), 10)
            assert [peer.answers[stream].status for stream in (1, 3, 5)] == [200] * 3 and peer.answers[3].body == b"." * 10, peer.story()
            peer.wait(lambda peer=peer: peer.closed)
            assert peer.closed, "the connection goes on"
        assert env.gate.process.wait(10) == 0 and time.monotonic() - begin < 15
