"""Little on the wire, much in memory: fields that stand for larger ones (RFC 7541 section 7.3), all held by streams that cannot end, because
the client opens no window (CVE-2026-49975: another server grew to 23 GB) or the server thinks."""
import time

from h2 import frames
from h2.attackers import Watch, calmed, crowd, flood, opened, request_block, start_attacked
from h2.hpack_by_hand import indexed, literal
from harness.origin import demo
from harness.runner import each

FIRST_OF_TABLE = 62
CONNECTIONS, STREAMS = 200, 100
# 128 MiB for the heads of all, and 32 KiB more for each connection (docs/http2.md); and twice as much again for the work on them, for what is
# being read and refused at any moment, and for what the allocator holds.
MOST_KIB = 3 * ((128 << 10) + CONNECTIONS * 32)
# In the table of the connection once (4,096 octets, 32 of them for the entry itself); each later mention is one octet.
ENTRIES = {"one large field": ("x", "y" * 4000), "a crumb of a cookie": ("cookie", "a=" + "b" * 4000), "a small cookie": ("cookie", "a"),
           "a small field": ("x", "")}
MENTIONS = {"one large field": 15, "a crumb of a cookie": 15, "a small cookie": 120, "a small field": 120}


def fixture(scope):
    def handle(exchange):
        if exchange.target == "/think":
            exchange.rest()  # until the gate gives up
            exchange.close_after()
        else:
            demo(exchange)
    return start_attacked(scope, handle, timeouts="{ client_head: 10s, body_idle: 3s, response_head: 3s, keep_alive: 20s }")


def bomb(kind, path, mentions):
    """The frames of all streams: the first one puts the field into the table."""
    block, (name, value) = request_block(path), ENTRIES[kind]
    first = frames.headers(1, block + literal(name, value, keep=True))
    later = block + indexed(FIRST_OF_TABLE) * mentions
    return first + b"".join(frames.headers(2 * number + 1, later) for number in range(1, STREAMS))


@each(attack=["one large field, /own", "one large field, /show", "one large field, /think", "a crumb of a cookie, /own", "a small cookie, /own",
              "a small field, /own"])
def test_many_large_requests_that_do_not_end(env, attack):
    """Each of 200 connections sends about ten thousand octets, which stand for six million in a hundred requests: more than a gigabyte in
    all, if nobody counted."""
    kind, path = attack.split(", ")
    sockets, octets = env.sockets(), bomb(kind, path, MENTIONS[kind])
    with crowd(env, False, CONNECTIONS, (frames.INITIAL_WINDOW_SIZE, 0)) as peers, Watch(env, MOST_KIB, 5):
        for peer in peers:
            flood(peer, octets)
        await_end(peers, time.monotonic() + 20)
    env.no_more_sockets_than(sockets)
    env.serves()


def await_end(peers, limit):
    """body_idle ends what does not move."""
    for peer in peers:
        peer.wait(lambda peer=peer: is_over(peer), max(limit - time.monotonic(), 0.1))
        assert is_over(peer), f"streams that take nothing go on: {peer.story()}"


def is_over(peer):
    return peer.closed or len(peer.resets) + sum(answer.ended for answer in peer.answers.values()) >= STREAMS


@each(kind=list(ENTRIES), secure=[False, True])
def test_a_request_that_is_much_too_large(env, kind, secure):
    """Sixteen thousand mentions in one frame, again and again: 64 MB each. It is not kept, and the connection ends."""
    name, value = ENTRIES[kind]
    peer = opened(env, secure)
    peer.send(frames.headers(1, request_block("/own") + literal(name, value, keep=True)))
    large = request_block("/own") + indexed(FIRST_OF_TABLE) * 16000
    with Watch(env, 4096, 3):
        flood(peer, b"".join(frames.headers(2 * number + 1, large) for number in range(1, 2000)))
        peer.wait(lambda: peer.closed)
        assert peer.closed, peer.story()
        if peer.goaways[-1] != frames.PROTOCOL_ERROR:
            calmed(peer)


def test_a_table_that_grows_and_shrinks(env):
    """Evictions and updates of the size, which cost the client an octet each."""
    updates = (b"\x20" + b"\x3f\xe1\x1f" + literal("x", "y" * 4000, keep=True)) * 4
    with Watch(env, 4096, 3):
        peer = opened(env, False)
        flood(peer, b"".join(frames.headers(2 * number + 1, b"\x20\x3f\xe1\x1f" + request_block("/own")) + frames.headers(2 * number + 3, updates)
                             for number in range(0, 4000, 2)))
        peer.wait(lambda: peer.closed, 2)
        peer.close()
    env.serves()
