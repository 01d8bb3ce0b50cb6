"""Frames without end that cost the client nothing and ask for nothing (RFC 9113 section 10.5): the connection ends with ENHANCE_YOUR_CALM,
soon, and nobody else notices."""
import socket

from h2 import frames
from h2.attackers import Watch, calmed, crowd, flood, opened, request_block, start_attacked
from h2.hpack_by_hand import indexed, literal
from h2.peer import Peer
from harness.runner import each
from harness.scope import eventually

MOST_KIB, MOST_CPU = 2048, 0.5  # for one such connection, and all who are served meanwhile
COUNT = 50000
UNKNOWN, PRIORITY_UPDATE = 0xbe, 0x10
GET_METHOD = indexed(2)
UPLOAD = frames.headers(1, request_block(method="POST"), end=False)
BEGUN = frames.headers(1, request_block(), last=False)
RESET = frames.headers(1, request_block(method="POST", more=[("content-length", "1")]), end=False) + frames.data(1, b"ab")
INSERTIONS = literal(4, "", keep=True) * 8000  # into the table of HPACK, which is kept right whoever reads it
LARGE = "x" * 3500  # too large for that table


def fixture(scope):
    large = f'response_headers: {{ set: {{ X-Large: "{LARGE}" }} }}, respond: {{ body: "own" }}'
    return start_attacked(scope, routes=f"          - {{ exact: /large, {large} }}\n")


def priority_update(stream):
    return frames.frame(PRIORITY_UPDATE, 0, 0, stream.to_bytes(4, "big") + b"u=3")


FLOODS = {
    "SETTINGS, empty": frames.settings() * COUNT,
    "SETTINGS, full": frames.settings(*[(frames.INITIAL_WINDOW_SIZE, 1000 + number) for number in range(2000)]) * 1000,
    "SETTINGS that nobody asked for being acknowledged": frames.settings(ack=True) * COUNT,
    "PING": frames.ping() * COUNT,
    "PING acknowledged": frames.ping(ack=True) * COUNT,
    "PRIORITY": b"".join(frames.priority(2 * number + 1) for number in range(COUNT)),
    "PRIORITY_UPDATE": b"".join(priority_update(2 * (number % 50) + 1) for number in range(COUNT)),
    "PRIORITY_UPDATE of one stream": UPLOAD + priority_update(1) * COUNT,
    "WINDOW_UPDATE of the connection": frames.window_update(0, 1) * COUNT,
    "WINDOW_UPDATE of a stream": UPLOAD + frames.window_update(1, 1) * COUNT,
    "DATA, empty": UPLOAD + frames.data(1) * COUNT,
    "DATA of nothing but padding": UPLOAD + frames.data(1, padding=0) * COUNT,
    "unknown frames": frames.frame(UNKNOWN, 0, 0, b"x") * COUNT,
    "unknown frames, large": frames.frame(UNKNOWN, 0, 0, bytes(16384)) * 5000,
    "unknown frames on a stream": UPLOAD + frames.frame(UNKNOWN, 0xff, 1) * COUNT,
    "RST_STREAM of one stream": UPLOAD + frames.rst_stream(1) * COUNT,
    "GOAWAY": UPLOAD + frames.goaway() * COUNT,
    "HEADERS of a stream that was reset": RESET + frames.headers(1, literal("a", "b")) * COUNT,
    "HEADERS of a stream that was reset, full": RESET + frames.headers(1, INSERTIONS) * 5000,
    "HEADERS and CONTINUATION of a stream that was reset":
        RESET + (frames.headers(1, literal("a", "b"), last=False) + frames.continuation(1, INSERTIONS)) * 5000,
    "CONTINUATION, empty": BEGUN + frames.continuation(1, last=False) * COUNT,
    "CONTINUATION of one octet": BEGUN + frames.continuation(1, GET_METHOD, last=False) * COUNT,
    "CONTINUATION, full": BEGUN + frames.continuation(1, literal("x", "y" * 100) * 150, last=False) * 5000,
    "CONTINUATION of fields that cost no octets": BEGUN + frames.continuation(1, indexed(61) * 16000, last=False) * 5000,
    "CONTINUATION, empty, with an end": b"".join(
        frames.headers(2 * number + 1, request_block("/own"), last=False)
        + frames.continuation(2 * number + 1, last=False) * 500 + frames.continuation(2 * number + 1) for number in range(100)),
}

# The first is wrong already.
FAULTS = {"SETTINGS that nobody asked for being acknowledged": frames.PROTOCOL_ERROR}


@each(kind=list(FLOODS), secure=[False, True])
def test_a_flood_ends_the_connection(env, kind, secure):
    with Watch(env, MOST_KIB, MOST_CPU):
        peer = opened(env, secure)
        flood(peer, FLOODS[kind])
        calmed(peer, FAULTS.get(kind, frames.ENHANCE_YOUR_CALM))


@each(kind=["SETTINGS, empty", "PING", "SETTINGS, full"], secure=[False, True])
def test_a_flood_whose_answers_nobody_reads(env, kind, secure):
    """Fifty connections: it is not the answers that collect."""
    with crowd(env, secure, 50) as peers, Watch(env, 4096, 2):
        for peer in peers:
            flood(peer, FLOODS[kind][:1 << 20], seconds=0.2, reads=False)
        for peer in peers:
            peer.wait(lambda peer=peer: peer.closed)
            assert peer.closed, peer.story()


@each(secure=[False, True])
def test_answers_that_nobody_reads(env, secure):
    """HEADERS need no window: who reads none of them is not read any more, when the kernel holds as many as it does."""
    block = request_block("/large", "HEAD")
    requests = b"".join(frames.headers(2 * number + 1, block) for number in range(COUNT))
    with crowd(env, secure, 10) as peers, Watch(env, 8192, 3):
        for peer in peers:
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        sent = [flood(peer, requests, seconds=0.3, reads=False) for peer in peers]
        assert max(sent) < len(requests), "everything was taken"
    env.serves()


@each(secure=[False, True], acknowledged=[False, True])
def test_requests_beyond_the_limit(env, secure, acknowledged):
    """A hundred wait for a window, 50,000 come behind them, from a client that has taken note of the limit or says that it has not: each is
    refused, or the connection ends, and no server hears of them."""
    block, before = request_block(), len(env.origin.requests)
    with Watch(env, 4096, 2):
        peer = Peer(env.secure if secure else env.port, secure)
        peer.send(frames.PREFACE + frames.settings((frames.INITIAL_WINDOW_SIZE, 0)))
        if acknowledged:
            peer.wait(lambda: peer.settings_acks)
        else:
            peer.send = lambda octets: True  # what it would send by itself: the acknowledgement
        flood(peer, b"".join(frames.headers(2 * number + 1, block) for number in range(100)))
        eventually(lambda: len(env.origin.requests) - before == 100, 5, "the server being asked")
        flood(peer, b"".join(frames.headers(2 * number + 1, block) for number in range(100, COUNT)))
        peer.wait(lambda: peer.goaways or len(peer.resets) == COUNT - 100)
        assert peer.goaways or set(peer.resets.values()) == {frames.REFUSED_STREAM}, peer.story()
        assert len(env.origin.requests) - before == 100, len(env.origin.requests) - before
        peer.close()
