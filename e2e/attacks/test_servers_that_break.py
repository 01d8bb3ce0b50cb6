"""Servers that break off, lie about lengths, stop halfway or never answer: the client is told, and nobody else gets it."""
import socket
import sys
import time

from attacks.stand import Stand, reset
from harness.origin import Origin, demo
from harness.ports import free_port, wait_for_port
from harness.runner import each
from harness.scope import eventually
from harness.wire import Closed, ask

KILLED = r"""
import socket, sys
listener, connections = socket.create_server(("127.0.0.1", int(sys.argv[1]))), []
while True:
    connection, _ = listener.accept()
    connection.recv(65536)
    connection.sendall(sys.argv[2].encode().decode("unicode_escape").encode())
    connections.append(connection)
"""
OK = b"HTTP/1.1 200 OK\r\n"
BROKEN = {
    "length": OK + b"Content-Length: 100\r\n\r\n" + b"x" * 50,
    "length-nothing": OK + b"Content-Length: 100\r\n\r\n",
    "chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n64\r\n" + b"x" * 50,
    "between-chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "chunk-line": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6",
    "last-chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    "trailers": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n",
}
UNTIL_CLOSE = OK + b"Connection: close\r\n\r\nsomething"
HEADS = {"nothing": b"", "in-the-line": b"HTTP/1.1 20", "in-a-field": OK + b"Content-Le", "before-the-empty-line": OK + b"Content-Length: 2\r\n",
         "after-100": b"HTTP/1.1 100 Continue\r\n\r\n"}


def handle(exchange):
    """/ENDING/PART: what is sent, and how the connection ends."""
    parts = exchange.target.split("?")[0].strip("/").split("/")
    if parts[0] not in ("fin", "rst", "half", "stops"):
        demo(exchange)
        return
    exchange.body()
    exchange.send({**BROKEN, **HEADS, "until-close": UNTIL_CLOSE}[parts[1]])
    exchange.close_after()
    if parts[0] == "rst":
        time.sleep(0.05)  # or else the octets would go down with the connection
        reset(exchange)
    elif parts[0] == "half":
        exchange.socket.shutdown(socket.SHUT_WR)
        exchange.rest()
    elif parts[0] == "stops":
        exchange.rest()


def fixture(scope):
    return Stand(scope, handle, tls=True, timeouts="{ response_head: 300ms, body_idle: 300ms }")


def never_whole(wire, target, seconds=3):
    """The answer is a 502 or 504 of the gate's, or it ends visibly incomplete, in time."""
    begin = time.monotonic()
    wire.socket.settimeout(seconds)
    wire.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
    try:
        response = wire.response()
    except (Closed, ConnectionResetError, ValueError):
        response = None
    assert response is None or response.status in (502, 504), f"{target} looks whole: {response}"
    assert time.monotonic() - begin < seconds
    return response


@each(part=list(BROKEN), ending=["fin", "rst", "half", "stops"], scheme=["http", "https"])
def test_a_body_that_breaks_off(env, part, ending, scheme):
    with env.wire(scheme) as wire:
        never_whole(wire, f"/{ending}/{part}")
    assert ask(env.port, "GET", "/show").status == 200


def test_a_body_without_length_that_is_reset(env):
    """Its end is the end of the connection: only a reset can say that it is not the end."""
    assert ask(env.port, "GET", "/fin/until-close").body == b"something"
    for scheme in ("http", "https"):
        with env.wire(scheme) as wire:
            wire.send("GET /rst/until-close HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try:
                assert wire.response().status == 502, "it looks whole"
            except (Closed, OSError):
                pass  # reset, or (in TLS) an end without close_notify


@each(part=list(HEADS), ending=["fin", "rst", "half", "stops"])
def test_a_head_that_breaks_off(env, part, ending):
    with env.wire() as wire:
        response = never_whole(wire, f"/{ending}/{part}")
        assert response and response.status == (504 if ending == "stops" else 502), response
        assert wire.ask("GET", "/show").status == 200


@each(part=["length", "between-chunks"])
def test_a_server_that_is_killed_in_mid_response(env, part):
    """A process, and SIGKILL."""
    with env.scope.part("killed") as scope:
        port = free_port()
        octets = BROKEN[part].decode().replace("\r\n", "\\r\\n")
        server = scope.start("server", [sys.executable, "-c", KILLED, str(port), octets])
        wait_for_port(port, server)
        origin = Origin(scope)
        origin.port = port
        stand = Stand(scope, origin=origin, timeouts="{ body_idle: 20s, response_head: 20s }")
        wires = [stand.wire() for _ in range(5)]
        for wire in wires:
            wire.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert wire.head().status == 200
        server.process.kill()
        for wire in wires:
            try:
                body = wire.exactly(100) if part == "length" else b"".join(wire.chunks())
            except (Closed, ConnectionResetError, ValueError):
                continue
            raise AssertionError(f"it looks whole: {body}")
        assert ask(stand.port, "GET", "/own").body == b"own" and ask(stand.port, "GET", "/").status == 502


def test_more_than_was_announced(env):
    """A second answer behind the first, at once or later: nobody gets it."""
    def handler(exchange):
        exchange.body()
        forged = OK + b"Content-Length: 6\r\n\r\nforged"
        if exchange.target == "/late":
            exchange.answer(body="right")
            time.sleep(0.02)
            exchange.send(forged)
        elif exchange.target == "/at-once":
            exchange.send(OK + b"Content-Length: 5\r\n\r\nright" + forged)
        else:
            exchange.answer(body="right")
    with env.scope.part("more") as scope:
        stand = Stand(scope, handler)
        with stand.wire() as wire:
            for target in ["/at-once", "/late"] * 20:
                response = wire.ask("GET", target)
                assert response.status == 200 and response.body == b"right", response
                time.sleep(0.005)
                assert wire.ask("HEAD", "/").status == 200  # which may be what came late, but for its content
        assert ask(stand.port, "POST", "/late", body=b"x").body == b"right"


def test_a_server_that_half_closes_after_each_answer(env):
    """It still reads, and will never answer again: its connection is not used twice."""
    def handler(exchange):
        exchange.body()
        exchange.answer(body="once")
        exchange.socket.shutdown(socket.SHUT_WR)
        exchange.rest()
        exchange.close_after()
    with env.scope.part("half") as scope:
        stand = Stand(scope, handler)
        with stand.wire() as wire:
            for _ in range(20):
                assert wire.ask("GET", "/").body == b"once"
            for _ in range(20):
                time.sleep(0.02)  # a POST that crosses the end is one that the server may have read
                assert wire.ask("POST", "/").body == b"once"


def test_a_server_that_never_answers(env):
    """It takes the connection and the request, and that is all: 504 in time, and the others do not wait."""
    with env.scope.part("never") as scope:
        stand = Stand(scope, lambda exchange: exchange.fill(), routes='          - { path: /served, respond: { body: x } }\n')
        wires = [stand.wire() for _ in range(100)]
        begin = time.monotonic()
        for wire in wires:
            wire.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert ask(stand.port, "GET", "/served").status == 200 and time.monotonic() - begin < 0.9
        for wire in wires:
            assert wire.response().status == 504
        assert 0.9 < time.monotonic() - begin < 4
        eventually(lambda: not stand.origin.open, 5, "the server's connections being closed")


def test_a_server_that_drips_its_head(env):
    """Octets and 1xx that come for ever move no deadline."""
    def handler(exchange):
        for octet in range(1000):
            exchange.send(b"HTTP/1.1 102 Processing\r\n\r\n" if exchange.target == "/102" else (OK + b"X: " + b"y" * 1000)[octet:octet + 1])
            time.sleep(0.1)
    with env.scope.part("drips") as scope:
        stand = Stand(scope, handler)
        for target in ("/octets", "/102"):
            begin = time.monotonic()
            response = ask(stand.port, "GET", target)
            assert response.status in (502, 504) and time.monotonic() - begin < 4, response


def test_a_server_that_does_not_accept(env):
    """Its queue is full: connecting takes too long, and that is said."""
    with env.scope.part("full") as scope, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        filling = []
        for _ in range(4):
            filling.append(socket.socket())
            filling[-1].setblocking(False)
            filling[-1].connect_ex(("127.0.0.1", port))
        stand = Stand(scope, routes=f'          - {{ path: /full, to: "http://127.0.0.1:{port}", timeouts: {{ connect: 500ms }} }}\n')
        begin = time.monotonic()
        response = ask(stand.port, "GET", "/full")
        assert response.status == 504 and "connection_timeout" in response.get("Proxy-Status"), response
        assert 0.4 < time.monotonic() - begin < 3
        for each_one in filling:
            each_one.close()


@each(after=["keeps", "closes", "resets"])
def test_an_answer_before_the_request_ended(env, after):
    """The client gets it while it still sends, and the next request is not mixed up with the rest."""
    def handler(exchange):
        if exchange.target != "/early":
            exchange.answer(body=exchange.target + " " + exchange.body().decode())
            return
        exchange.answer(403, body="early", fields=[("Connection", "close")] if after != "keeps" else [])
        if after == "keeps":
            exchange.body()
        else:
            time.sleep(0.05)
            exchange.close_after()
            if after == "resets":
                reset(exchange)
    with env.scope.part("early") as scope:
        stand = Stand(scope, handler)
        for _ in range(10):
            with stand.wire() as wire:
                wire.send("POST /early HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + "x" * 100)
                response = wire.response()
                assert response.status == 403 and response.body == b"early", response
                try:
                    wire.send(b"x" * 999900 + b"GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    assert wire.response().body == b"/next "
                except (OSError, Closed):
                    pass  # the gate may end the connection, for it does not want the rest
            assert ask(stand.port, "POST", "/other", body=b"whole").body == b"/other whole"
