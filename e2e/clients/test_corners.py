"""What servers and clients do at the edge of HTTP/1.1."""
import json
import socket
import struct
import time

from harness.gate import start_gate
from harness.origin import Origin, demo
from harness.ports import free_port
from harness.scope import eventually
from harness.websocket import Client
from harness.wire import Closed, Wire, ask

ANSWERS = {
    "/204": b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
    "/304": b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 500\r\n\r\n",
    "/no-reason": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
    "/odd-reason": b"HTTP/1.1 299 \xc3\xa9t\xc3\xa9 ok\r\nContent-Length: 2\r\n\r\nok",
    "/status-999": b"HTTP/1.1 599 Odd\r\nContent-Length: 2\r\n\r\nok",
    "/both-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "/two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "/bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n\r\n",
    "/chunk-extensions": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b;c=\"d\"\r\nok\r\n0\r\n\r\n",
    "/folded": b"HTTP/1.1 200 OK\r\nX-Folded: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
    "/nul": b"HTTP/1.1 200 OK\r\nX-Nul: a\0b\r\nContent-Length: 2\r\n\r\nok",
    "/more-than-said": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged",
    "/many-fields": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(100)) + b"\r\nok",
    "/too-many-fields": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + b"\r\nok",
    "/large-field": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Large: " + b"x" * 30000 + b"\r\n\r\nok",
    "/surprise-101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "/interim-flood": b"HTTP/1.1 100 Continue\r\n\r\n" * 1000 + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "/http-1.0-keep": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
}


def handle(exchange):
    word = exchange.target.split("?")[0]
    if word in ANSWERS:
        exchange.send(ANSWERS[word])
    elif word == "/early":
        exchange.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nearly")
        exchange.close_after()
    else:
        demo(exchange)


class Fixture:
    def __init__(self, scope):
        self.scope = scope
        self.origin = Origin(scope, handle)
        self.port = free_port()
        self.gate = start_gate(scope, f"""\
inbound:
  - listen: "http://127.0.0.1:{self.port}"
    sites: [ {{ routes: [ {{ path: /, to: "http://127.0.0.1:{self.origin.port}" }} ] }} ]
timeouts: {{ response_head: 5s }}
""", self.port)

    def ask(self, *arguments, **options):
        return ask(self.port, *arguments, **options)


def fixture(scope):
    return Fixture(scope)


def test_answers_without_a_body(env):
    with Wire(env.port) as wire:
        assert wire.ask("GET", "/204").status == 204
        assert wire.ask("GET", "/304").get("Content-Length") in ("500", None)
        assert wire.ask("GET", "/show").status == 200


def test_answers_that_are_odd_and_valid(env):
    for target in ("/no-reason", "/chunk-extensions", "/many-fields", "/large-field", "/http-1.0-keep", "/status-999", "/odd-reason"):
        response = env.ask("GET", target)
        assert response.body == b"ok", f"{target}: {response}"


def test_answers_that_are_wrong(env):
    for target in ("/both-lengths", "/two-lengths", "/nul", "/too-many-fields", "/surprise-101", "/interim-flood"):
        response = env.ask("GET", target)
        assert response.status == 502 and response.get("Proxy-Status"), f"{target}: {response}"


def test_folded_fields_are_refused_or_unfolded(env):
    response = env.ask("GET", "/folded")
    assert response.status == 502 or response.get("X-Folded") == "a b", response


def test_bad_chunk_is_visible(env):
    try:
        response = env.ask("GET", "/bad-chunk")
        assert response.status == 502, response
    except (Closed, ConnectionResetError, ValueError):
        pass


def test_bytes_after_an_answer_are_nobodys(env):
    for _ in range(10):
        assert env.ask("GET", "/more-than-said").body == b"ok"
        assert b"forged" not in env.ask("GET", "/show").body


def test_answer_before_the_request_is_complete(env):
    """A server that refuses a large body at once: the client gets its words, and not a reset."""
    with Wire(env.port) as wire:
        wire.send(b"POST /early HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000000\r\n\r\n" + b"x" * 1000)
        response = wire.response()
        assert response.status == 413 and response.body == b"early"


def test_answer_while_the_client_still_sends(env):
    with Wire(env.port) as wire:
        wire.send(b"POST /early HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n")
        try:
            for _ in range(30):
                wire.send(b"x" * 100000)
        except OSError:
            pass
        response = wire.response()
        assert response.status == 413 and response.body == b"early"


def test_client_that_goes_away(env):
    """The server's connection ends too: nobody works for a client that has left."""
    before = len(env.origin.open)
    wires = [Wire(env.port) for _ in range(5)]
    for wire in wires:
        wire.send(b"GET /slow?pieces=1000&pause=0.05 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wire.head()
    for wire in wires:
        wire.close()
    eventually(lambda: len(env.origin.open) <= before, 10, "the end of the server's connections")


def test_client_that_resets(env):
    for _ in range(20):
        wire = Wire(env.port)
        wire.send(b"POST /show HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" + b"x" * 5000)
        reset(wire)
    assert env.ask("GET", "/show").status == 200


def reset(wire):
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.close()


def test_descriptors_are_given_back(env):
    """However a client leaves, nothing of it stays open."""
    def held():
        """Beside the kept connections to the server."""
        return env.gate.descriptors() - len(env.origin.open)
    assert env.ask("GET", "/show").status == 200
    eventually(lambda: held() < 40, 10, "quiet")
    before = held()
    for leave in (Wire.close, reset):
        for _ in range(20):
            leave(Wire(env.port))
            for begin in (b"GET / HT", b"GET /slow?first=3 HTTP/1.1\r\nHost: x\r\n\r\n",
                          b"POST /show HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"):
                wire = Wire(env.port)
                wire.send(begin)
                leave(wire)
            wire = Wire(env.port)
            Client(wire).send(b"x" * 1000)
            leave(wire)
    eventually(lambda: held() <= before + 2, 15, "the end of all those connections")
    assert len(env.origin.open) < 60, "connections to the server pile up"


def test_client_that_closes_its_half(env):
    """A client may say that it sends no more, and still wants its answer."""
    with Wire(env.port) as wire:
        wire.send(b"GET /slow?first=0.5 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wire.half_close()
        assert wire.response().status == 200


def test_requests_that_are_wrong(env):
    rows = {b"GET / HTTP/1.1\r\n\r\n": 400, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n": 400, b"GET / HTTP/2.5\r\nHost: a\r\n\r\n": 505,
            b"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n": 400, b"G@T / HTTP/1.1\r\nHost: a\r\n\r\n": 400, b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n": 400,
            b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\nHost: a\r\n\r\n": 414, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 100000 + b"\r\n\r\n": 431,
            b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 500 + b"\r\n": 431, b"GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n": 400,
            b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n": 405, b"GET / HTTP/1.1\nHost: a\n\n": 400, b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n": 400,
            b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n": 400, b"GET ../../etc HTTP/1.1\r\nHost: a\r\n\r\n": 400,
            b"GET /../../etc HTTP/1.1\r\nHost: a\r\n\r\n": 400, b"\x16\x03\x01\x00\x05hello\r\n\r\n": 400}
    for request, status in rows.items():
        with Wire(env.port) as wire:
            wire.send(request)
            response = wire.response()
            assert response.status == status, f"{request[:60]}: {response.status} and not {status}"


def test_empty_lines_before_a_request(env):
    with Wire(env.port) as wire:
        wire.send(b"\r\nGET /show HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert wire.response().status == 200


def test_underscores_do_not_forge(env):
    """Servers that make no difference between `-` and `_` must not take a client's word for the gate's."""
    seen = json.loads(env.ask("GET", "/show", [("X_Forwarded_For", "192.0.2.7"), ("X_Forwarded-Proto", "https")]).body)["fields"]
    assert not [name for name, _ in seen if "_" in name], seen


def test_a_loop_is_noticed(env):
    with env.scope.part("loop") as scope:
        port = free_port()
        start_gate(scope, f"""\
inbound:
  - listen: "http://127.0.0.1:{port}"
    sites: [ {{ routes: [ {{ path: /, to: "http://127.0.0.1:{port}" }} ] }} ]
""", port)
        begin = time.monotonic()
        assert ask(port, "GET", "/").status == 508
        assert time.monotonic() - begin < 2


def test_two_thousand_idle_connections(env):
    wires = []
    try:
        before = env.gate.memory_kib()
        for _ in range(2000):
            wires.append(Wire(env.port))
        for wire in wires[::10]:
            assert wire.ask("GET", "/204").status == 204
        kib = (env.gate.memory_kib() - before) / len(wires)
        assert kib < 16, f"{kib:.1f} KiB for an idle connection"
    finally:
        for wire in wires:
            wire.close()
