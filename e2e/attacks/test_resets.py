"""Clients that reset their connection, at each moment: nothing of them stays, and the server is told."""
import time

from attacks.stand import Stand, crowd, reset
from harness.origin import demo
from harness.runner import each
from harness.scope import eventually
from harness.wire import Closed

LENGTH = b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
CHUNKED = b"POST /upload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
# What is sent before the reset, and whether something of the answer is awaited first.
MOMENTS = {
    "before": (b"", False),
    "in-the-head": (b"GET /show HTTP/1.1\r\nHost: loc", False),
    "behind-the-head": (b"GET /show HTTP/1.1\r\nHost: localhost\r\n\r\n", False),
    "behind-a-pipeline": (b"GET /show HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20, False),
    "in-the-body": (LENGTH + b"x" * 300000, False),
    "in-a-chunk": (CHUNKED + b"fffff\r\n" + b"x" * 1000, False),
    "in-a-chunk-line": (CHUNKED + b"5\r\nhello\r\nff", False),
    "while-the-server-thinks": (b"GET /thinks HTTP/1.1\r\nHost: localhost\r\n\r\n", False),
    "in-the-response": (b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n", True),
    "in-a-tunnel": (b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", True),
}
TOLD = {"in-the-body", "in-a-chunk", "in-a-chunk-line", "while-the-server-thinks", "in-the-response", "in-a-tunnel"}
COUNT = 20


class Server:
    """Counts whom it serves, and sees how each of them ends."""

    def __init__(self):
        self.begun, self.told, self.whole = 0, 0, 0

    def __call__(self, exchange):
        if exchange.target == "/show":
            demo(exchange)
            return
        self.begun += 1
        try:
            self.serve(exchange)
        except (OSError, Closed):
            self.told += 1
            raise

    def serve(self, exchange):
        if exchange.target == "/upload":
            exchange.body()
            self.whole += 1
        elif exchange.target == "/thinks":
            if not exchange.fill():
                raise Closed("the gate closed while the server was thinking")
        elif exchange.target == "/endless":
            exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                exchange.send(b"1000\r\n" + bytes(4096) + b"\r\n")
        else:
            demo(exchange)
            raise Closed("the tunnel ended")


def fixture(scope):
    server = Server()
    # Long time-outs: what ends soon was not ended by one of them.
    stand = Stand(scope, server, tls=True, timeouts="{ client_head: 30s, response_head: 30s, body_idle: 30s }")
    stand.server = server
    return stand


@each(moment=list(MOMENTS), scheme=["http", "https"])
def test_reset(env, moment, scheme):
    octets, answered = MOMENTS[moment]
    env.serves()
    before, sockets = env.gate.memory_kib(), env.sockets()
    env.server.begun = env.server.told = env.server.whole = 0
    wires = [env.wire(scheme) for _ in range(COUNT)]
    for wire in wires:
        wire.send(octets)
    for wire in wires:
        if answered:
            wire.head()
    if moment in TOLD:
        eventually(lambda: env.server.begun == COUNT, 5, "the server having got them all")
    for wire in wires:
        reset(wire)
    env.serves()
    if moment in TOLD:
        eventually(lambda: env.server.told == COUNT, 5, f"the server being told ({env.server.told} of {COUNT})")
        assert env.server.whole == 0, "an upload that was cut off looked whole"
    env.no_more_sockets_than(sockets + 1)
    assert env.gate.memory_kib() - before < 8192
    assert env.gate.process.alive()


@each(part=[0, 5, 100])
def test_reset_in_the_handshake(env, part):
    """Nothing, half of a record's head, half of a ClientHello."""
    env.serves()
    sockets = env.sockets()
    for connection in crowd(env.secure, 50):
        connection.send((b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200))[:part])
        reset(connection)
    env.serves()
    env.no_more_sockets_than(sockets + 1)


def test_resets_without_end(env):
    """A thousand connections that are reset as soon as they asked, one after the other, while another one asks."""
    sockets = env.sockets()
    with env.wire() as other:
        begin = time.monotonic()
        for number in range(1000):
            with env.wire() as wire:
                wire.send(b"GET /own HTTP/1.1\r\nHost: localhost\r\n\r\n")
                reset(wire)
            if number % 50 == 0:
                assert other.ask("GET", "/show").status == 200
        assert time.monotonic() - begin < 10
    env.no_more_sockets_than(sockets + 2)
