"""Clients that leave before the end, and clients that only say that nothing more comes from them."""
import json
import socket
import ssl
import time

from attacks.stand import Stand, reset
from harness.origin import demo
from harness.runner import each
from harness.scope import eventually
from harness.wire import Closed, chunked

COUNT = 10


class Server:
    def __init__(self):
        self.begun, self.whole, self.told = 0, 0, 0

    def __call__(self, exchange):
        if exchange.target == "/upload":
            self.begun += 1
            try:
                exchange.body()
                self.whole += 1
            except (Closed, OSError):
                self.told += 1
                raise
            exchange.answer()
        elif exchange.target == "/thinks":
            exchange.body()
            self.begun += 1
            if not exchange.fill():
                self.told += 1
            exchange.close_after()
        else:
            demo(exchange)


def fixture(scope):
    server = Server()
    stand = Stand(scope, server, tls=True, timeouts="{ client_head: 30s, response_head: 30s, body_idle: 30s }")
    stand.server = server
    return stand


def leave(wire, how):
    if how == "reset":
        reset(wire)
    else:
        wire.close()


@each(how=["close", "reset"], length=["known", "chunked"], scheme=["http", "https"])
def test_gone_in_mid_upload(env, how, length, scheme):
    """The server sees that the upload broke off, at once and not when a time-out is over; it never looks whole."""
    env.server.begun = env.server.whole = env.server.told = 0
    wires = [env.wire(scheme) for _ in range(COUNT)]
    for wire in wires:
        if length == "known":
            wire.send(b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" + b"x" * 50000)
        else:
            wire.send(b"POST /upload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"x" * 50000)[:-5])
    eventually(lambda: env.server.begun == COUNT, 5, "the uploads having begun")
    for wire in wires:
        leave(wire, how)
    eventually(lambda: env.server.told == COUNT, 3, f"the server being told ({env.server.told} of {COUNT})")
    assert env.server.whole == 0


@each(method=["GET", "POST"], scheme=["http", "https"])
def test_gone_while_the_server_thinks(env, method, scheme):
    """A reset says that nobody waits any more. (An end does not: it may be a half-close.)"""
    env.server.begun = env.server.told = 0
    wires = [env.wire(scheme) for _ in range(COUNT)]
    for wire in wires:
        wire.send(f"{method} /thinks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello")
    eventually(lambda: env.server.begun == COUNT, 5, "the server having got them all")
    for wire in wires:
        reset(wire)
    eventually(lambda: env.server.told == COUNT, 3, f"the server being told ({env.server.told} of {COUNT})")
    env.serves()


@each(first=[0, 0.3])
def test_half_closed_after_the_request(env, first):
    """printf ... | nc: the end of what the client says is not the end of its interest."""
    for request in (f"GET /slow?first={first}&pieces=3&pause=0.05 HTTP/1.1\r\nHost: localhost\r\n\r\n",
                    f"POST /slow?first={first}&pieces=3&pause=0.05 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
                    f"GET /slow?first={first}&pieces=3&pause=0.05 HTTP/1.0\r\n\r\n"):
        with env.wire() as wire:
            wire.send(request)
            wire.half_close()
            assert wire.response().body == b"..."
            assert wire.at_end(2), "nothing can follow"


def test_half_closed_after_a_pipeline(env):
    with env.wire() as wire:
        wire.send(b"".join(b"POST /show HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size for size in range(20)))
        wire.half_close()
        assert [json.loads(wire.response().body)["size"] for _ in range(20)] == list(range(20))
        assert wire.at_end(2)


def test_half_closed_in_tls(env):
    """close_notify after the request: OpenSSL's own way to half-close (TLS 1.3)."""
    connection = socket.create_connection(("127.0.0.1", env.secure), 5)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = env.context.wrap_bio(incoming, outgoing, server_hostname="localhost")

    def do(call):
        while True:
            try:
                return call()
            except ssl.SSLWantReadError:
                connection.sendall(outgoing.read())
                incoming.write(connection.recv(65536))
    do(tls.do_handshake)
    tls.write(b"GET /slow?first=0.3&pieces=3 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    try:
        tls.unwrap()
    except ssl.SSLWantReadError:
        pass
    connection.sendall(outgoing.read())
    answer = b""
    while not answer.endswith(b"..."):
        answer += do(lambda: tls.read(65536))
    assert answer.startswith(b"HTTP/1.1 200 ")
    connection.close()


def test_half_closed_in_mid_request(env):
    """That is no request: it is not passed on as if it were whole."""
    env.server.begun = env.server.whole = env.server.told = 0
    for begin in (b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhello",
                  b"POST /upload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                  b"GET /upload HTTP/1.1\r\nHost: localhost\r\n"):
        with env.wire() as wire:
            wire.send(begin)
            wire.half_close()
            begun = time.monotonic()
            answer = wire.rest()
            assert not answer.startswith(b"HTTP/1.1 2") and time.monotonic() - begun < 3, answer
    eventually(lambda: env.server.told == 2, 3, "the server being told")
    assert env.server.whole == 0
