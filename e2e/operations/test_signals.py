"""SIGTERM, SIGHUP, SIGUSR1: nothing is lost that was begun."""
import os
import signal
import ssl
import time

from harness.certificates import Authority
from harness.gate import Gate, start_gate
from harness.load import Load
from harness.origin import Origin
from harness.ports import free_port, listens
from harness.runner import each
from harness.scope import eventually
from harness.websocket import Client
from harness.wire import Wire, ask


class Fixture:
    def __init__(self, scope):
        self.scope = scope
        self.origin = Origin(scope)
        authority = Authority(scope.folder)
        self.shown = authority.sign("front", "localhost")
        self.context = ssl.create_default_context(cafile=authority.cert)

    def text(self, port, drain="20s", more="", scheme="http"):
        return f"""\
certificates: [ {{ cert: {self.shown.cert}, key: {self.shown.key} }} ]
inbound:
  - listen: "{scheme}://127.0.0.1:{port}"
    sites:
      - routes:
          - {{ path: /, to: "http://127.0.0.1:{self.origin.port}/" }}
          - {{ exact: /generation, respond: {{ body: "first" }} }}
{more}runtime: {{ drain: {drain} }}
"""

    def gate(self, scope, **options):
        port = free_port()
        gate = start_gate(scope, self.text(port, **options), port)
        gate.port = port
        return gate


def fixture(scope):
    return Fixture(scope)


def test_sigterm_lets_requests_finish(env):
    with env.scope.part("finish") as scope:
        gate = env.gate(scope)
        wire = Wire(gate.port)
        wire.send(b"GET /slow?first=1&pieces=5&pause=0.2 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        gate.process.signal(signal.SIGTERM)
        eventually(lambda: not listens(gate.port), 3, "not listening any more")
        response = wire.response()
        assert response.status == 200 and response.body == b"....."
        assert wire.at_end(3), "after the drain, the connection ends"
        assert gate.process.wait(5) == 0


def test_sigterm_lets_uploads_finish(env):
    with env.scope.part("upload") as scope:
        gate = env.gate(scope)
        wire = Wire(gate.port)
        wire.send(b"POST /show HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
        time.sleep(0.3)
        gate.process.signal(signal.SIGTERM)
        time.sleep(0.5)
        wire.send(b"67890")
        assert wire.response().status == 200
        assert gate.process.wait(5) == 0


def test_sigterm_closes_idle_connections(env):
    with env.scope.part("idle") as scope:
        gate = env.gate(scope)
        idle, silent = Wire(gate.port), Wire(gate.port)
        assert idle.ask("GET", "/x").status == 200
        begin = time.monotonic()
        gate.process.signal(signal.SIGTERM)
        assert idle.at_end(3) and silent.at_end(3)
        assert gate.process.wait(3) == 0 and time.monotonic() - begin < 3


def test_the_drain_is_bounded(env):
    with env.scope.part("bounded") as scope:
        gate = env.gate(scope, drain="1s")
        wire, tunnel = Wire(gate.port), Wire(gate.port)
        wire.send(b"GET /slow?first=30 HTTP/1.1\r\nHost: x\r\n\r\n")
        Client(tunnel)
        time.sleep(0.3)
        begin = time.monotonic()
        gate.process.signal(signal.SIGTERM)
        assert gate.process.wait(6) == 0
        assert 0.8 < time.monotonic() - begin < 5


def test_a_second_sigterm_ends_at_once(env):
    with env.scope.part("twice") as scope:
        gate = env.gate(scope, drain="30s")
        wire = Wire(gate.port)
        wire.send(b"GET /slow?first=30 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        gate.process.signal(signal.SIGTERM)
        time.sleep(0.5)
        begin = time.monotonic()
        gate.process.signal(signal.SIGTERM)
        gate.process.wait(5)
        assert time.monotonic() - begin < 3


@each(scheme=["http", "https"])
def test_fifty_reloads_under_load(env, scheme):
    with env.scope.part("reloads-" + scheme) as scope:
        gate = env.gate(scope, scheme=scheme)
        tls = env.context if scheme == "https" else None
        name = "localhost" if tls else None

        tunnels = [Client(Wire(gate.port, tls=tls, name=name)) for _ in range(4)]
        slow = Wire(gate.port, tls=tls, name=name)
        slow.send(b"GET /slow?pieces=30&pause=0.1 HTTP/1.1\r\nHost: x\r\n\r\n")
        load = Load(gate.port, tls)

        def number():
            return ask(gate.port, "GET", "/number", tls=tls, name=name).body

        def use_tunnels(which):
            for tunnel in tunnels:
                tunnel.exchange(b"still here %d" % which)
        gate.reload_often(50, lambda more: env.text(gate.port, more=more, scheme=scheme), number, use_tunnels, every=1)
        load.end()
        assert not load.failures, f"{len(load.failures)} of {load.count} failed: {load.failures[:5]}"
        assert load.count > 200, load.count
        assert slow.response().body == b"." * 30, "a response that had begun goes on"
        for tunnel in tunnels:
            tunnel.exchange(os.urandom(100000))
            tunnel.close()


def test_reload_changes_addresses(env):
    with env.scope.part("addresses") as scope:
        gate, other = env.gate(scope), free_port()
        kept = Wire(gate.port)
        assert kept.ask("GET", "/x").status == 200
        gate.reload(env.text(other))
        assert ask(other, "GET", "/x").status == 200
        eventually(lambda: not listens(gate.port), 5, "the old address being closed")


def test_bad_configuration_is_not_taken(env):
    with env.scope.part("bad") as scope:
        gate = env.gate(scope)
        tunnel = Client(Wire(gate.port))
        for number, (broken, why) in enumerate([("inbound: [ { listne: x } ]", "listne"), ("inbound: [", "error"),
                                               (env.text(gate.port).replace(env.shown.cert, "none.pem"), "none.pem")]):
            gate.write(broken)
            gate.process.signal(signal.SIGHUP)
            eventually(lambda number=number: gate.log().count("reload_refused") == number + 1, 5, "a line about the reload")
            eventually(lambda why=why: why in gate.log(), 5, f"`{why}` in the log")
            assert ask(gate.port, "GET", "/x").status == 200
        assert gate.log().count("notice reloaded") == 0, gate.log()
        assert gate.log().count("the configuration is wrong: the old one goes on") == 3, gate.log()
        tunnel.exchange(b"still here")
        tunnel.close()
        gate.reload(env.text(gate.port))
        assert "generation 2" in gate.log(), "what was refused is not counted"


def test_what_a_reload_cannot_change_is_said(env):
    with env.scope.part("workers") as scope:
        gate = env.gate(scope)
        text = env.text(gate.port)
        gate.reload(text)
        assert "restart_needed" not in gate.log()
        gate.reload(text.replace("runtime: { ", "runtime: { workers: 7, "))
        gate.await_log("warning restart_needed")
        assert "runtime.workers" in gate.log(), gate.log()


def test_an_address_that_is_taken(env):
    with env.scope.part("taken") as scope:
        gate, taken = env.gate(scope), Origin(scope)
        gate.write(env.text(taken.port))
        gate.process.signal(signal.SIGHUP)
        gate.await_log("in use")
        assert "the configuration is wrong" not in gate.log(), gate.log()
        assert ask(gate.port, "GET", "/x").status == 200
        second = Gate(scope, env.text(taken.port), name="second", wait=False)
        assert second.process.wait(5) == 1 and "in use" in second.log()


def test_sigusr1_reopens_the_access_log(env):
    with env.scope.part("rotate") as scope:
        gate = env.gate(scope)
        ask(gate.port, "GET", "/before")
        gate.record(target="/before")
        os.rename(gate.access, gate.access + ".1")
        ask(gate.port, "GET", "/between")
        gate.process.signal(signal.SIGUSR1)
        eventually(lambda: os.path.exists(gate.access), 5, "a new log file")
        ask(gate.port, "GET", "/after")
        gate.record(target="/after")
        with open(gate.access + ".1", encoding="utf-8") as old:
            text = old.read()
        assert "/before" in text and "/after" not in text
        assert not gate.records(target="/before")
        # What was asked for just before the signal is in the one file or in the other.
        assert ("/between" in text) + len(gate.records(target="/between")) == 1


def test_a_bad_configuration_does_not_start(env):
    with env.scope.part("start") as scope:
        gate = Gate(scope, "inbound:\n  - listen: http://127.0.0.1:1\n    sites: []\n    colour: red\n", wait=False)
        assert gate.process.wait(5) == 3
        assert "colour" in gate.log() and ":4:5:" in gate.log(), gate.log()
