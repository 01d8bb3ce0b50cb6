"""Requests that are taken back as soon as they are made: by the client (CVE-2023-44487), or by the gate because of what the client does
next (CVE-2025-8671). The server is asked no more than a few hundred times, and the connection ends."""
import time

from h2 import frames
from h2.attackers import Watch, calmed, crowd, flood, opened, request_block, start_attacked, take_all
from h2.hpack_by_hand import block
from harness.origin import demo
from harness.runner import each

COUNT = 60000
MOST_ASKED = 400  # 200 at once, 10 more each second, and what is under way
MOST_KIB, MOST_CPU = 4096, 1
GET, HELD, UPLOAD = request_block(), request_block("/held"), request_block("/held", "POST")
SIZED = request_block("/held", "POST", [("content-length", "5")])
LARGE_STEP = frames.LARGEST_WINDOW


def trailers(*fields, end=True):
    return lambda stream: frames.headers(stream, block(fields), end=end)


def fixture(scope):
    def handle(exchange):
        if exchange.target == "/held":
            exchange.rest()  # until the gate ends the connection
            exchange.close_after()
        else:
            demo(exchange)
    return start_attacked(scope, handle)


# What a request is, and what makes the gate reset it. Some of these may be errors of the connection.
OFFENCES = {
    "RST_STREAM": (HELD, True, frames.rst_stream),
    "RST_STREAM of an upload": (UPLOAD, False, frames.rst_stream),
    "WINDOW_UPDATE of 0": (UPLOAD, False, lambda stream: frames.window_update(stream, 0)),
    "WINDOW_UPDATE beyond 2^31-1": (UPLOAD, False, lambda stream: frames.window_update(stream, LARGE_STEP)),
    "WINDOW_UPDATE beyond 2^31-1 behind the request": (HELD, True, lambda stream: frames.window_update(stream, LARGE_STEP)),
    "DATA beyond the window": (UPLOAD, False, lambda stream: frames.data(stream, bytes(16384)) * 5),
    "HEADERS on a half-closed stream": (HELD, True, lambda stream: frames.headers(stream, HELD)),
    "DATA on a half-closed stream": (HELD, True, lambda stream: frames.data(stream, b"x", end=True)),
    "PRIORITY of 4 octets": (HELD, True, lambda stream: frames.frame(frames.PRIORITY, 0, stream, bytes(4))),
    "PRIORITY that depends on itself": (HELD, True, lambda stream: frames.priority(stream, stream)),
    "a pseudo-field in trailers": (UPLOAD, False, trailers((":path", "/"))),
    "a name in upper case in trailers": (UPLOAD, False, trailers(("X-Upper", "x"))),
    "trailers that do not end": (UPLOAD, False, trailers(("x", "y"), end=False)),
    "more content than declared": (SIZED, False, lambda stream: frames.data(stream, b"123456")),
    "less content than declared": (SIZED, False, lambda stream: frames.data(stream, b"1234", end=True)),
    "padding that is longer than the frame": (UPLOAD, False, lambda stream: frames.frame(frames.DATA, frames.PADDED, stream, b"\xff")),
}
OF_THE_CONNECTION = {  # RFC 9113 5.4.2 lets some be one; for others there is nothing else
    "HEADERS on a half-closed stream": frames.STREAM_CLOSED, "DATA on a half-closed stream": frames.STREAM_CLOSED,
    "DATA beyond the window": frames.FLOW_CONTROL_ERROR, "PRIORITY of 4 octets": frames.FRAME_SIZE_ERROR,
    "PRIORITY that depends on itself": frames.PROTOCOL_ERROR, "WINDOW_UPDATE of 0": frames.PROTOCOL_ERROR,
    "padding that is longer than the frame": frames.PROTOCOL_ERROR}


def ended(peer, offence, *others):
    """By ENHANCE_YOUR_CALM, unless the first offence was the end already."""
    peer.wait(lambda: peer.closed)
    if not peer.closed or not set(peer.goaways) & {OF_THE_CONNECTION.get(offence), *others}:
        calmed(peer)


def asked(env):
    return len(env.origin.requests)


@each(secure=[False, True])
def test_rapid_reset(env, secure):
    """60,000 requests in one go."""
    before = asked(env)
    attack = b"".join(frames.headers(number, GET) + frames.rst_stream(number) for number in range(1, 2 * COUNT, 2))
    with Watch(env, MOST_KIB, MOST_CPU):
        peer = opened(env, secure)
        flood(peer, attack)
        calmed(peer)
    assert asked(env) - before <= MOST_ASKED, f"the server was asked {asked(env) - before} times"


@each(secure=[False, True])
def test_rapid_reset_by_fifty(env, secure):
    """Each with what one connection may do at once."""
    before = asked(env)
    attack = b"".join(frames.headers(number, GET) + frames.rst_stream(number) for number in range(1, 2 * 5000, 2))
    with crowd(env, secure, 50) as peers, Watch(env, 4 * MOST_KIB, 2 * MOST_CPU):
        for peer in peers:
            flood(peer, attack)
            calmed(peer)
    assert asked(env) - before <= 50 * MOST_ASKED, f"the server was asked {asked(env) - before} times"


@each(offence=list(OFFENCES))
def test_offences_at_once(env, offence):
    """Each request with what ends it, in one go. Where it is the gate that resets, there may be more than a hundred streams before it has said so."""
    request, end, offend = OFFENCES[offence]
    before = asked(env)
    attack = b"".join(frames.headers(number, request, end) + offend(number) for number in range(1, 2 * 3000, 2))
    with Watch(env, MOST_KIB, MOST_CPU):
        peer = opened(env, False)
        flood(peer, attack)
        ended(peer, offence, frames.PROTOCOL_ERROR)
    assert asked(env) - before <= MOST_ASKED, f"the server was asked {asked(env) - before} times"


# Whether there is too much DATA depends on what the server has read already: not here.
@each(offence=[name for name in OFFENCES if name != "DATA beyond the window"], secure=[False, True])
def test_offences_when_the_server_has_been_asked(env, offence, secure):
    """Fifty at a time, each taken back when it has reached the server: this is what costs most."""
    request, end, offend = OFFENCES[offence]
    before = asked(env)
    with Watch(env, 2 * MOST_KIB, MOST_CPU):
        peer = opened(env, secure)
        for first in range(1, 2 * 5000, 100):
            numbers, asked_before = range(first, first + 100, 2), asked(env)
            flood(peer, b"".join(frames.headers(number, request, end) for number in numbers))
            limit = time.monotonic() + 5
            while asked(env) < asked_before + 50 and not peer.closed and time.monotonic() < limit:
                peer.wait(lambda: peer.closed, 0.005)
            flood(peer, b"".join(map(offend, numbers)))
            take_all(peer)
            if peer.goaways or peer.closed:
                break
        ended(peer, offence)
    assert asked(env) - before <= MOST_ASKED, f"the server was asked {asked(env) - before} times"
