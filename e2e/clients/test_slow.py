"""Slow clients and servers: steady ones pass, however long they take; those that drip do not. Minutes are shortened."""
import hashlib
import json
import threading
import time

from harness.gate import start_gate
from harness.origin import Origin
from harness.ports import free_port
from harness.websocket import Client
from harness.wire import Closed, Wire, ask


class Fixture:
    def __init__(self, scope):
        self.origin = Origin(scope)
        self.port = free_port()
        self.gate = start_gate(scope, f"""\
inbound:
  - listen: "http://127.0.0.1:{self.port}"
    sites:
      - routes:
          - {{ path: /, to: "http://127.0.0.1:{self.origin.port}" }}
          - {{ path: /rate, to: "http://127.0.0.1:{self.origin.port}", timeouts: {{ body_idle: 20s, min_rate: 100B/s }} }}
timeouts: {{ client_head: 2s, body_idle: 2s, response_head: 2s, keep_alive: 30s }}
""", self.port)


def fixture(scope):
    return Fixture(scope)


def test_steady_upload_passes(env):
    """It takes four times body_idle and response_head, and bytes flow."""
    with Wire(env.port) as wire:
        data = b"x" * 1000
        wire.send(b"POST /show HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n")
        for _ in range(40):
            wire.send(data)
            time.sleep(0.2)
        response = wire.response()
        assert response.status == 200 and json.loads(response.body)["sha256"] == hashlib.sha256(data * 40).hexdigest()


def test_upload_that_stops_is_cut_off(env):
    with Wire(env.port) as wire:
        begin = time.monotonic()
        wire.send(b"POST /show?stops HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\nhello")
        response = wire.response()
        assert response.status == 408 and 1.5 < time.monotonic() - begin < 6, response
        assert wire.at_end()
    assert env.gate.record(target="/show?stops")["error"]["code"] == "body_too_slow"


def test_upload_that_drips_is_cut_off(env):
    """A byte now and then keeps no connection alive: what counts is the rate over half a minute."""
    begin, status = time.monotonic(), None
    with Wire(env.port) as wire:
        wire.send(b"POST /rate/show HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n")
        wire.socket.settimeout(1)
        while time.monotonic() - begin < 60 and status is None:
            try:
                wire.send(b"x")
                status = wire.response().status
            except TimeoutError:
                continue
            except (Closed, OSError):
                break
    assert status == 408, status
    assert 20 < time.monotonic() - begin < 45, time.monotonic() - begin


def test_steady_download_passes(env):
    assert ask(env.port, "GET", "/slow?pieces=30&pause=0.2").body == b"." * 30


def test_client_that_takes_nothing_is_cut_off(env):
    """A client that asks for much and reads nothing holds neither memory nor the server for long."""
    before = env.gate.memory_kib()
    wires = []
    for _ in range(20):
        wire = Wire(env.port)
        data = b"y" * (1 << 20)
        wire.send(b"POST /echo?unread HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n")
        threading.Thread(target=push, args=(wire, data), daemon=True).start()
        wires.append(wire)
    time.sleep(3)
    assert env.gate.memory_kib() - before < 64 * 1024, "what is not read is held in memory"
    record = env.gate.record(seconds=60, target="/echo?unread")
    assert record["error"]["code"] in ("client_too_slow", "request_write_timeout", "body_too_slow", "timeout"), record
    for wire in wires:
        wire.close()


def push(wire, data):
    try:
        for _ in range(100):
            wire.send(data)
    except OSError:
        pass


def test_a_hundred_slow_heads_hold_up_nobody(env):
    slow = [Wire(env.port) for _ in range(100)]
    for wire in slow:
        wire.send(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
    begin = time.monotonic()
    for _ in range(20):
        assert ask(env.port, "GET", "/x").status == 200
    assert time.monotonic() - begin < 2
    for wire in slow:
        assert wire.response().status == 408
        assert wire.at_end()


def test_websocket_with_pauses(env):
    """The time-outs of messages are not those of a tunnel."""
    with Wire(env.port) as wire:
        socket = Client(wire)
        for _ in range(2):
            time.sleep(2.5)
            socket.exchange(b"still here")
        socket.close()
