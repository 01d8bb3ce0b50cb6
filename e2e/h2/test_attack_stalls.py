"""Windows that stay shut or open by an octet, heads that drip, connections that say nothing: they cost little, they end in time, and what
they do not take stays with the server."""
import time

from h2 import frames
from h2.attackers import Watch, crowd, flood, opened, request_block, start_attacked, take_all
from h2.requests import get, post
from harness.origin import demo
from harness.runner import each
from harness.scope import eventually

GIB, PIECE, STREAMS = 1 << 30, bytes(1 << 16), 100
CLIENT_HEAD, BODY_IDLE, KEEP_ALIVE = 2, 3, 2  # seconds
UPLOAD = request_block("/stuck", "POST")


class Counting:
    """An origin's handler: 1 GiB for each request, or nothing; which requests have ended, and how much went out for them. Each attack has
    a target of its own: what was asked for by the one before may end late."""

    def __init__(self):
        self.attacks, self.ended = 0, []

    def target(self, path):
        self.attacks += 1
        return f"{path}?{self.attacks}"

    def over(self, target):
        return sum(asked == target for asked, _ in self.ended)

    def sent(self, target):
        return sum(octets for asked, octets in self.ended if asked == target)

    def __call__(self, exchange):
        action = {"/large": self.large, "/stuck": self.stuck}.get(exchange.target.split("?")[0])
        if not action:
            demo(exchange)
            return
        exchange.octets = 0
        try:
            action(exchange)
        finally:
            self.ended.append((exchange.target, exchange.octets))

    def large(self, exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % GIB)
        for _ in range(GIB // len(PIECE)):
            exchange.send(PIECE)
            exchange.octets += len(PIECE)

    def stuck(self, exchange):
        """Reads nothing of the content, until the gate has had enough."""
        while not has_ended(exchange.socket):
            time.sleep(0.05)
        exchange.close_after()


def has_ended(connection):
    """Whether the other side has closed, without reading what comes before: TCP_INFO's state is CLOSE_WAIT or beyond."""
    established = 1
    return connection.getsockopt(6, 11, 1)[0] != established  # IPPROTO_TCP, TCP_INFO


def fixture(scope):
    counting = Counting()
    env = start_attacked(scope, counting, timeouts=f"{{ client_head: {CLIENT_HEAD}s, body_idle: {BODY_IDLE}s, keep_alive: {KEEP_ALIVE}s }}")
    env.counting = counting
    return env


def ask_for_all(peer, target):
    block = request_block(target)
    peer.send(b"".join(frames.headers(2 * number + 1, block) for number in range(STREAMS)))


def all_over(peer):
    """Every stream was reset, or all ended with the connection."""
    return peer.closed or len(peer.resets) >= STREAMS


@each(secure=[False, True])
def test_windows_that_stay_shut(env, secure):
    """A hundred answers of 1 GiB, of which nobody takes an octet: the server keeps them, and body_idle ends the streams."""
    target = env.counting.target("/large")
    with Watch(env, 64 * STREAMS + 4096, 2), opened(env, secure, (frames.INITIAL_WINDOW_SIZE, 0)) as peer:
        begin = time.monotonic()
        ask_for_all(peer, target)
        peer.wait(lambda: all_over(peer), BODY_IDLE + 5)
        assert all_over(peer), f"{STREAMS - len(peer.resets)} streams live on"
        assert time.monotonic() - begin > BODY_IDLE - 1, "too soon"
        assert not any(answer.body for answer in peer.answers.values())
    eventually(lambda: env.counting.over(target) == STREAMS, 5, "the server being told")
    assert env.counting.sent(target) < STREAMS * (8 << 20), f"{env.counting.sent(target) >> 20} MiB left the server"


@each(secure=[False, True])
def test_windows_of_one_octet(env, secure):
    """A hundred answers of 1 GiB, octet by octet: each frame of ten octets costs the client one of thirteen."""
    target = env.counting.target("/large")
    with Watch(env, 64 * STREAMS + 4096, 3), opened(env, secure, (frames.INITIAL_WINDOW_SIZE, 1)) as peer:
        ask_for_all(peer, target)
        end = time.monotonic() + 2.5
        peer.wait(lambda: time.monotonic() > end, 3)
        assert not peer.closed and not peer.goaways, f"a slow reader that keeps to the rules: {peer.story()}"
        assert sum(len(answer.body) for answer in peer.answers.values()) > 1000
    eventually(lambda: env.counting.over(target) == STREAMS, 5, "the server being told")
    assert env.counting.sent(target) < STREAMS * (8 << 20), f"{env.counting.sent(target) >> 20} MiB left the server"


@each(secure=[False, True])
def test_a_connection_window_that_stays_shut(env, secure):
    """The windows of the streams are as large as can be."""
    with Watch(env, 64 * STREAMS + 4096, 2), opened(env, secure, (frames.INITIAL_WINDOW_SIZE, frames.LARGEST_WINDOW)) as peer:
        peer.gives_credit = False
        ask_for_all(peer, env.counting.target("/large"))
        peer.wait(lambda: all_over(peer), BODY_IDLE + 5)
        assert all_over(peer), f"{STREAMS - len(peer.resets)} streams live on"
        assert sum(len(answer.body) for answer in peer.answers.values()) <= frames.FIRST_WINDOW


@each(secure=[False, True])
def test_nobody_reads_the_socket(env, secure):
    """Large windows, and a client that does not read: TCP makes the gate wait, body_idle ends the connection."""
    target = env.counting.target("/large")
    with Watch(env, (64 + 16) * STREAMS + 4096, 3), opened(env, secure, (frames.INITIAL_WINDOW_SIZE, frames.LARGEST_WINDOW)) as peer:
        peer.send(frames.window_update(0, frames.LARGEST_WINDOW - frames.FIRST_WINDOW))
        ask_for_all(peer, target)
        eventually(lambda: env.counting.over(target) == STREAMS, BODY_IDLE + 7, "the server being told that nobody reads")


@each(secure=[False, True])
def test_a_hundred_uploads_that_the_server_does_not_read(env, secure):
    """64 KiB wait here for each, and what the sockets hold; body_idle ends them."""
    target = env.counting.target("/stuck")
    upload = request_block(target, "POST")
    with Watch(env, 128 * STREAMS + 4096, 2), opened(env, secure) as peer:
        peer.send(b"".join(frames.headers(2 * number + 1, upload, end=False) for number in range(STREAMS)))
        sent = send_to_all(peer, BODY_IDLE - 1)
        assert sent < STREAMS * (8 << 20), f"{sent >> 20} MiB were taken"
        eventually(lambda: env.counting.over(target) == STREAMS, BODY_IDLE + 5, "the end of uploads that do not go on")


def send_to_all(peer, seconds):
    """As much as the windows let through: what came back to all. How much."""
    sent, end = {}, time.monotonic() + seconds
    first = peer.settings.get(frames.INITIAL_WINDOW_SIZE, frames.FIRST_WINDOW)
    while time.monotonic() < end and not peer.closed:
        room = frames.FIRST_WINDOW + peer.credit.get(0, 0) - sum(sent.values())
        made = b""
        for stream in range(1, 2 * STREAMS, 2):
            most = min(room, first + peer.credit.get(stream, 0) - sent.get(stream, 0), frames.LARGEST_PAYLOAD)
            if most > 0 and stream not in peer.resets:
                made += frames.data(stream, bytes(most))
                sent[stream] = sent.get(stream, 0) + most
                room -= most
        flood(peer, made)
        peer.wait(lambda: False, 0.05)
        take_all(peer)
    return sum(sent.values())


# ---- connections that say little

BEGINNINGS = {
    "nothing": b"",
    "half of the preface": frames.PREFACE[:12],
    "the preface": frames.PREFACE,
    "the preface and SETTINGS": frames.PREFACE + frames.settings(),
    "half of a frame": frames.PREFACE + frames.settings() + frames.headers(1, request_block())[:15],
    "a head that does not end": frames.PREFACE + frames.settings() + frames.headers(1, request_block(), last=False),
}


@each(said=list(BEGINNINGS), secure=[False, True])
def test_connections_that_say_no_more(env, said, secure):
    """A hundred of them end when client_head is over."""
    from h2.peer import connect
    connections = [connect(env.secure if secure else env.port, secure) for _ in range(100)]
    with Watch(env, 100 * (96 if secure else 48), 1):
        begin = time.monotonic()
        for connection in connections:
            connection.sendall(BEGINNINGS[said])
        for connection in connections:
            connection.settimeout(CLIENT_HEAD + 3)
            while connection.recv(65536):
                pass
            connection.close()
        assert time.monotonic() - begin < CLIENT_HEAD + 3


@each(secure=[False, True], with_end=[False, True])
def test_heads_that_drip(env, secure, with_end):
    """An octet of CONTINUATION now and then: the connection ends when client_head is over; also when it had asked for something before."""
    with Watch(env, 2048, 1), opened(env, secure) as peer:
        if with_end:
            peer.send(get(1, "/own").octets(peer.scheme))
            peer.wait(lambda: peer.is_over(1))
        begin = time.monotonic()
        peer.send(frames.headers(3, request_block(), last=False))
        while not peer.closed and time.monotonic() - begin < CLIENT_HEAD + 3:
            peer.send(frames.continuation(3, b"\x82", last=False))
            peer.wait(lambda: False, 0.1)
        assert CLIENT_HEAD - 1 < time.monotonic() - begin < CLIENT_HEAD + 2, f"{time.monotonic() - begin:.1f} s"


@each(secure=[False, True], asks=[False, True])
def test_nothing_but_pings(env, secure, asks):
    """They are answered, but they are no requests: keep_alive (or client_head, where there was none at all) ends the connection."""
    with Watch(env, 2048, 1), opened(env, secure) as peer:
        if asks:
            peer.send(get(1, "/own").octets(peer.scheme))
            peer.wait(lambda: peer.is_over(1))
        begin = time.monotonic()
        while not peer.closed and time.monotonic() - begin < KEEP_ALIVE + 3:
            peer.send(frames.ping())
            peer.wait(lambda: False, 0.1)
        assert peer.pongs, "they are not answered"
        assert KEEP_ALIVE - 1 < time.monotonic() - begin < KEEP_ALIVE + 2, f"{time.monotonic() - begin:.1f} s"


def test_idle_connections_are_small(env):
    """200 of them, which have asked for something each."""
    with Watch(env, 200 * 32, 1):
        with crowd(env, False, 200) as peers:
            for peer in peers:
                peer.send(get(1, "/own").octets(peer.scheme))
                peer.wait(lambda peer=peer: peer.is_over(1))


def test_idle_streams_are_small(env):
    """A hundred uploads on each of 50 connections, of which nothing comes: no more than 24 KiB each."""
    with Watch(env, 50 * STREAMS * 24, 4), crowd(env, False, 50) as peers:
        for peer in peers:
            peer.send(b"".join(frames.headers(2 * number + 1, UPLOAD, end=False) for number in range(STREAMS)))
        for peer in peers:
            peer.wait(lambda peer=peer: all_ended(peer), BODY_IDLE + 8)
            assert all_ended(peer), f"uploads that do not come go on: {len(peer.answers)} of {STREAMS} answered"


def all_ended(peer):
    return peer.closed or sum(peer.is_over(stream) for stream in range(1, 2 * STREAMS, 2)) == STREAMS


# ---- slow, but honest

@each(secure=[False, True])
def test_a_head_in_two_pieces_beside_a_long_answer(env, secure):
    """The connection is older than client_head, and was never idle: a head that takes a moment has all of client_head."""
    with opened(env, secure) as peer:
        peer.gives_credit = False  # it would stand in the middle of the head
        peer.send(get(1, "/slow?pieces=5&pause=0.9").octets(peer.scheme))
        peer.wait(lambda: False, CLIENT_HEAD + 0.5)
        request = get(3, "/own").octets(peer.scheme)
        peer.send(request[:-5])
        peer.wait(lambda: False, 0.3)
        peer.send(request[-5:])
        peer.wait(lambda: peer.is_over(3) and peer.is_over(1), CLIENT_HEAD + 3)
        assert not peer.closed and peer.answers[3].status == 200 and peer.answers[1].body == b"." * 5, peer.story()


def test_an_upload_that_takes_longer_than_all_limits(env):
    """An octet each quarter of a second: it moves."""
    with opened(env, False) as peer:
        peer.send(post(1, "/show").octets(peer.scheme))
        for _ in range(4 * (BODY_IDLE + 1)):
            peer.send(frames.data(1, b"x"))
            peer.wait(lambda: peer.closed, 0.25)
        peer.send(frames.data(1, b"x", end=True))
        peer.wait(lambda: peer.is_over(1))
        assert peer.answers[1].status == 200, peer.story()
