"""Heads without end and heads of too many parts: refused soon, at little cost in memory and time."""
import select
import time

from attacks.stand import Stand
from harness.gate import start_gate
from harness.ports import free_port
from harness.runner import each
from harness.scope import eventually
from harness.wire import Closed, Wire

MIB = 1 << 20
ENDLESS = {
    "method": (b"", b"A" * 16384),
    "target": (b"GET /", b"a" * 16384),
    "name": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"A" * 16384),
    "value": (b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"a" * 16384),
    "fields": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n" * 2048),
    "empty-fields": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"a:\r\n" * 4096),
    "trailers": (b"POST /show HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-A: b\r\n" * 2048),
    "chunk-line": (b"POST /show HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"a" * 16384),
}


def fixture(scope):
    return Stand(scope)


def push(port, begin, piece, most):
    """Sends the piece again and again until the gate says something: (octets sent, what it said)."""
    with Wire(port) as wire:
        wire.send(begin)
        sent = 0
        wire.socket.setblocking(False)
        while sent < most:
            readable, writable, _ = select.select([wire.socket], [wire.socket], [], 3)
            if readable:
                break
            assert writable, "the gate takes no more, and says nothing"
            try:
                sent += wire.socket.send(piece)
            except OSError:
                break
        wire.socket.settimeout(5)
        try:
            return sent, wire.head().status
        except (OSError, Closed):
            return sent, None


@each(part=list(ENDLESS))
def test_heads_that_never_end(env, part):
    before = env.gate.memory_kib()
    for _ in range(5):
        sent, status = push(env.port, *ENDLESS[part], 64 * MIB)
        assert sent < 16 * MIB and status in (400, 414, 431, 501), f"{status} after {sent} octets"
    assert env.gate.memory_kib() - before < 4096
    env.serves()


def test_heads_that_never_end_cost_one_head_each(env):
    """As large as heads may be, and never complete: what they hold is bounded, and used again."""
    before = env.gate.memory_kib()
    for _ in range(3):
        wires = [env.wire() for _ in range(100)]
        for wire in wires:
            wire.send(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 60000)
        time.sleep(0.2)
        held = env.gate.memory_kib() - before
        assert held < 100 * 160, f"{held} KiB for a hundred heads of 60 KB"
        env.serves()
        for wire in wires:
            assert wire.response().status == 408
            wire.close()


def test_a_million_empty_lines(env):
    busy = env.gate.cpu_seconds()
    sent, status = push(env.port, b"", b"\r\n" * 8192, 2 * MIB)
    assert status == 400, f"{status} after {sent} octets"
    assert env.gate.cpu_seconds() - busy < 0.5
    env.serves()


@each(drip=["empty-lines", "fields"])
def test_what_drips_is_no_life(env, drip):
    """The deadline of a head counts from its first octet; what comes in between moves nothing."""
    piece = b"\r\n" if drip == "empty-lines" else b"X: y\r\n"
    with env.wire() as wire:
        begin, ended = time.monotonic(), False
        wire.send(b"\r\n" if drip == "empty-lines" else b"GET / HTTP/1.1\r\nHost: x\r\n")
        while not ended and time.monotonic() - begin < 5:
            ended = bool(select.select([wire.socket], [], [], 0.05)[0])
            try:
                wire.send(piece)
            except OSError:
                ended = True
        assert ended and time.monotonic() - begin < 4, "the connection stays for as long as something drips"


def test_empty_lines_before_each_request_are_counted_anew(env):
    """One empty line after a request is what old clients do; it does no harm."""
    with env.wire() as wire:
        for _ in range(50):
            wire.send(b"\r\n")
            assert wire.ask("GET", "/own").body == b"own"


def tokens(count):
    return [f"x-{number}" for number in range(count)]


@each(spread=["one", "hundred"])
def test_a_thousand_connection_tokens(env, spread):
    """Names in Connection times fields: the product must not be what it costs."""
    size = 1000 if spread == "one" else 10
    listed = [",".join(tokens(1000)[at:at + size]) for at in range(0, 1000, size)]
    fields = [("Connection", value) for value in listed] + [("X-7", "of one hop"), ("Y-7", "of all hops")]
    busy = env.gate.cpu_seconds()
    with env.wire() as wire:
        for _ in range(100):
            response = wire.ask("GET", "/show", fields)
            if response.status != 200:
                break
    assert response.status in (200, 400, 431), response
    if response.status == 200:
        assert b"of one hop" not in response.body and b"of all hops" in response.body
    assert env.gate.cpu_seconds() - busy < 1
    env.serves()


def test_thirty_thousand_connection_tokens(env):
    busy = env.gate.cpu_seconds()
    fields = [("Connection", ",".join(["a"] * 30000))] + [(f"X-{number}", "y") for number in range(100)]
    for _ in range(20):
        with env.wire() as wire:
            assert wire.ask("GET", "/show", fields).status in (200, 400, 431)
    assert env.gate.cpu_seconds() - busy < 1
    env.serves()


def test_thirty_thousand_fields(env):
    """More than fields may be (128), and less octets than a head may have if it has only those."""
    busy, before = env.gate.cpu_seconds(), env.gate.memory_kib()
    for name in (b"a", b"X-Longer"):
        for _ in range(10):
            with env.wire() as wire:
                wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
                try:
                    wire.send((name + b":\r\n") * 30000 + b"\r\n")
                except OSError:
                    pass
                assert wire.response().status == 431
    assert env.gate.cpu_seconds() - busy < 1 and env.gate.memory_kib() - before < 4096
    env.serves()


def test_the_most_fields_that_can_be_allowed(env):
    """limits.fields at its largest, every field a Connection token as well: still no product."""
    with env.scope.part("most") as scope:
        stand = Stand(scope, limits=", fields: 10000, head: 1MiB")
        names = tokens(4500)
        fields = [("Connection", ",".join(names[at:at + 500])) for at in range(0, 4500, 500)] + [(name, "y") for name in names]
        busy = stand.gate.cpu_seconds()
        for _ in range(5):
            with stand.wire() as wire:
                response = wire.ask("GET", "/show", fields)
                assert response.status in (200, 400, 431), response
        cost = stand.gate.cpu_seconds() - busy
        assert cost < 1, f"{cost} s for five requests"


def test_a_server_with_thirty_thousand_fields(env):
    def many(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + b"a:\r\n" * 30000 + b"\r\nok")

    def endless(exchange):
        exchange.socket.settimeout(5)
        exchange.send(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(4096):
            exchange.send(b"a" * 16384)
    with env.scope.part("server") as scope:
        for handler in (many, endless):
            stand = Stand(scope, handler)
            before = stand.gate.memory_kib()
            with stand.wire() as wire:
                response = wire.ask("GET", "/")
            assert response.status == 502 and stand.gate.memory_kib() - before < 4096, response
            eventually(lambda origin=stand.origin: not origin.open, 5, "the server's connection being closed")


def large_fields(kib):
    return b"".join(b"X-%05d: %s\r\n" % (number, b"a" * 1014) for number in range(kib))


@each(of=["request", "response"])
def test_heads_as_large_as_was_allowed(env, of):
    """They come in many pieces: what is there already is not copied for each of them."""
    def handler(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + large_fields(190) + b"\r\n")
    with env.scope.part("large") as scope:
        stand = Stand(scope, handler, limits=", head: 1MiB, fields: 1000", timeouts="{ client_head: 20s, response_head: 20s }")
        busy = stand.gate.cpu_seconds()
        for _ in range(3):
            with stand.wire() as wire:
                if of == "request":
                    wire.send(b"GET /own HTTP/1.1\r\nHost: x\r\n" + large_fields(190) + b"\r\n")
                    assert wire.response().status == 200
                else:
                    assert wire.ask("GET", "/").status == 200
        cost = stand.gate.cpu_seconds() - busy
        assert cost < 0.5, f"{cost} s for three heads of 190 KiB"


def test_a_long_host_of_many_labels(env):
    """Each of its dots could begin the name that a wildcard is for."""
    with env.scope.part("host") as scope:
        port = free_port()
        gate = start_gate(scope, f"""\
inbound:
  - listen: "http://127.0.0.1:{port}"
    sites: [ {{ hosts: [ "*.example.com", "*" ], routes: [ {{ path: /, respond: {{ body: x }} }} ] }} ]
""", port)
        busy = gate.cpu_seconds()
        for _ in range(5):
            with Wire(port) as wire:
                assert wire.ask("GET", "/", host="a." * 30000 + "b").status == 400
        cost = gate.cpu_seconds() - busy
        assert cost < 0.5, f"{cost} s for five requests"


def test_many_fields_that_speak_of_the_client(env):
    """None of them passes, and one is not looked for among all the others."""
    with env.scope.part("aliases") as scope:
        stand = Stand(scope, limits=", fields: 4000", timeouts="{ client_head: 20s, response_head: 20s }")
        busy = stand.gate.cpu_seconds()
        with stand.wire() as wire:
            for _ in range(40):
                wire.send(b"GET /show HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-Forwarded%04d:\r\n" % n for n in range(3300)) + b"\r\n")
                response = wire.response()
                assert response.status == 200 and b"forwarded0001" not in response.body.lower(), response
        cost = stand.gate.cpu_seconds() - busy
        assert cost < 0.5, f"{cost} s for forty requests"
