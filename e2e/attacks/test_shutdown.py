"""SIGTERM and SIGHUP while much is under way: nothing that was begun is lost."""
import os
import signal
import time

from attacks.stand import Stand
from harness.load import Load
from harness.ports import listens
from harness.runner import each
from harness.scope import eventually
from harness.websocket import Client
from harness.wire import ask


def fixture(scope):
    return scope


@each(scheme=["http", "https"])
def test_sigterm_with_120_requests_in_flight(env, scheme):
    """40 for which the server thinks, 40 in mid-download, 40 in mid-upload: all 120 finish, and then the program ends."""
    with env.part("sigterm-" + scheme) as scope:
        stand = Stand(scope, tls=True, workers=2, drain="20s", timeouts="{ response_head: 10s, body_idle: 10s }")
        thinking, loading, sending = ([stand.wire(scheme) for _ in range(40)] for _ in range(3))
        for wire in thinking:
            wire.send("GET /slow?first=1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for wire in loading:
            wire.send("GET /slow?pieces=10&pause=0.1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for wire in sending:
            wire.send("POST /show HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345")
        for wire in loading:
            assert wire.head().status == 200
        eventually(lambda: len(stand.origin.requests) == 120, 5, "the server having got all of them")
        stand.gate.process.signal(signal.SIGTERM)
        eventually(lambda: not listens(stand.port), 3, "not listening any more")
        for wire in sending:
            wire.send("67890")
        assert [wire.response().status for wire in sending] == [200] * 40
        assert [wire.exactly(10) for wire in loading] == [b"." * 10] * 40
        assert [wire.response().body for wire in thinking] == [b"."] * 40
        for wire in sending + loading + thinking:
            assert wire.at_end(3), "after the drain, the connection ends"
        assert stand.gate.process.wait(5) == 0
        assert len(stand.gate.records(status=200)) == 120, "all of them are in the log"


@each(scheme=["http", "https"])
def test_a_hundred_sighups_under_load(env, scheme):
    """With WebSockets open: no request fails, no WebSocket closes, and nothing of the old configurations stays."""
    with env.part("sighup-" + scheme) as scope:
        stand = Stand(scope, tls=True, workers=2, timeouts="{ tunnel_idle: 1h }")
        port, tls = (stand.secure, stand.context) if scheme == "https" else (stand.port, None)
        tunnels = [Client(stand.wire(scheme)) for _ in range(10)]
        slow = stand.wire(scheme)
        slow.send("GET /slow?pieces=20&pause=0.1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        load, memory = Load(port, tls), 0

        def use_tunnel(number):
            nonlocal memory
            tunnels[number % 10].exchange(b"still here %d" % number)
            time.sleep(0.01)
            if number == 50:
                memory = stand.gate.memory_kib()
        stand.gate.reload_often(100, stand.text, lambda: ask(stand.port, "GET", "/number").body, use_tunnel)
        load.end()
        assert not load.failures, f"{len(load.failures)} of {load.count} failed: {load.failures[:5]}"
        assert load.count > 100, load.count
        assert slow.response().body == b"." * 20, "a response that had begun goes on"
        for tunnel in tunnels:
            tunnel.exchange(os.urandom(100000))
        assert stand.gate.memory_kib() - memory < 8192, f"{stand.gate.memory_kib() - memory} KiB more after fifty reloads"
        for tunnel in tunnels:
            tunnel.close()


def test_a_burst_of_sighups(env):
    """A hundred signals at once, and other ones between them: the last configuration is the one that counts."""
    with env.part("burst") as scope:
        stand = Stand(scope, workers=2)
        tunnel, load = Client(stand.wire()), Load(stand.port)
        stand.gate.write(stand.text('          - { exact: /number, respond: { body: "last" } }\n'))
        for number in range(100):
            stand.gate.process.signal(signal.SIGUSR1 if number % 3 == 0 else signal.SIGHUP)
        eventually(lambda: ask(stand.port, "GET", "/number").body == b"last", 5, "the last configuration")
        eventually(lambda: load.count > 100, 5, "some load")
        load.end()
        assert not load.failures, f"{len(load.failures)} of {load.count} failed: {load.failures[:5]}"
        tunnel.exchange(b"still here")
        tunnel.close()
