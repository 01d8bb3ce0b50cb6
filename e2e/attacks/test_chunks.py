"""Content in chunks of one octet, either way: they leave together, not each in a write of its own."""
from attacks.stand import Stand
from harness.runner import each

COUNT = 500_000
CHUNKS = b"1\r\nx\r\n" * COUNT + b"0\r\n\r\n"


def drop_content(reader):
    """To its end, however it is cut into chunks: how many octets of content there were."""
    count, end = 0, b""
    while not end.endswith(b"0\r\n\r\n"):
        count += reader.buffer.count(b"x")
        end, reader.buffer = (end + reader.buffer)[-5:], b""
        if not end.endswith(b"0\r\n\r\n"):
            assert reader.fill(), "it is cut off"
    return count


def fixture(scope):
    def handler(exchange):
        if exchange.method == "POST":
            exchange.answer(body=str(drop_content(exchange)).encode())
        else:
            exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS)
    return Stand(scope, handler, timeouts="{ client_head: 10s, body_idle: 10s, response_head: 30s }")


@each(way=["up", "down"])
def test_chunks_of_one_octet(env, way):
    busy = env.gate.cpu_seconds()
    with env.wire(seconds=60) as wire:
        if way == "up":
            wire.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS)
            assert wire.response().body == str(COUNT).encode()
        else:
            wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert wire.head().status == 200 and drop_content(wire) == COUNT
    cost = env.gate.cpu_seconds() - busy
    assert cost < 0.4, f"{cost} s for {COUNT} chunks"
