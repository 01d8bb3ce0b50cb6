"""HEADERS and CONTINUATION: a header block is one piece, whatever comes in between."""
from h2 import frames
from h2.expectations import answered, arrived, connection_error, stream_error
from h2.frames import (COMPRESSION_ERROR, PROTOCOL_ERROR, STREAM_CLOSED, continuation, data, frame, goaway, ping, priority, priority_fields,
                       push_promise, rst_stream, settings, window_update)
from h2.hpack_by_hand import literal
from h2.requests import get, post, trailers
from h2.rows import Row, answer_of, computed, tests_of
from h2.stand import start_stand

fixture = start_stand
INTERRUPTIONS = {
    "DATA": data(1, b"x"),
    "DATA of another stream": data(3, b"x"),
    "PRIORITY": priority(1),
    "PRIORITY of another stream": priority(3),
    "RST_STREAM": rst_stream(1),
    "SETTINGS": settings(),
    "an acknowledgement": settings(ack=True),
    "PUSH_PROMISE": push_promise(1, 2, b""),
    "PING": ping(),
    "GOAWAY": goaway(),
    "WINDOW_UPDATE": window_update(0, 1),
    "WINDOW_UPDATE of the stream": window_update(1, 1),
    "CONTINUATION of another stream": continuation(3, b""),
    "CONTINUATION of stream 0": continuation(0, b""),
    "an unknown frame": frame(0x16, 0, 0, b"unknown"),
    "an unknown frame of the stream": frame(0x16, 0, 1, b"unknown"),
}
ERROR = connection_error(PROTOCOL_ERROR)


def block(peer):
    return get(1).block(peer.scheme)


def begins(peer, end=True):
    """A head whose block goes on."""
    return frames.headers(1, block(peer), end=end, last=False)


LONG = [("x-first", "a" * 500), ("x-second", "b" * 500), ("x-third", "c" * 500)]

WHOLE = [
    Row("a block in two frames", "9113 6.10", [get(1, cuts=[10])], answered(1)),
    Row("a block in two frames that is cut in a name", "9113 4.3", [get(1, more=[("x-long", "value")], cuts=[len(get(1).block("http")) + 4])],
        answered(1, test=arrived(("x-long", "value")))),
    Row("a block in five frames", "9113 6.10", [get(1, more=LONG, cuts=[1, 2, 300, 900])], answered(1, test=arrived(*LONG))),
    Row("HEADERS without octets", "9113 6.10", [get(1, cuts=[0])], answered(1)),
    Row("CONTINUATION without octets at the end", "9113 6.10", [computed(lambda peer: [begins(peer), continuation(1)])], answered(1)),
    Row("CONTINUATION without octets in between", "9113 6.10", [get(1, cuts=[5, 5, 20])], answered(1)),
    Row("a block in two frames with padding and priority", "9113 6.2", [get(1, cuts=[10], padding=100, priority=priority_fields())], answered(1)),
    Row("CONTINUATION with unknown flags", "9113 4.1", [computed(lambda peer: [begins(peer), continuation(1, flags=0xfb)])], answered(1)),
    Row("END_STREAM before CONTINUATION", "9113 6.2", [get(1, "/held", cuts=[10]), data(1, b"x", end=True)], stream_error(1, STREAM_CLOSED)),
    Row("a block in two frames, and content", "9113 6.10", [post(1, cuts=[10]), data(1, b"hello", end=True)], answered(1)),
    Row("trailers in three frames", "9113 6.10", [post(1), data(1, b"x"), trailers(1, ("x-trailer", "y" * 50), cuts=[3, 20])], answered(1)),
    Row("two requests in two frames each", "9113 6.10", [get(1, cuts=[10]), get(3, cuts=[10]), answer_of(1)], answered(3)),
]

INTERRUPTED = [
    *[Row(f"{name} in a header block", "9113 6.10", [computed(lambda peer, octets=octets: [begins(peer), octets, continuation(1)])], ERROR)
      for name, octets in INTERRUPTIONS.items()],
    Row("HEADERS of the same stream in a header block", "9113 6.10", [computed(lambda peer: [begins(peer), get(1), continuation(1)])], ERROR),
    Row("HEADERS of another stream in a header block", "9113 6.10", [computed(lambda peer: [begins(peer), get(3), continuation(1)])], ERROR),
    Row("PING between two CONTINUATION", "9113 6.10", [get(1, cuts=[5, 10], between=ping())], ERROR),
    Row("PING in the trailers", "9113 6.10", [post(1), data(1, b"x"), trailers(1, ("x-trailer", "y"), cuts=[3], between=ping())], ERROR),
]

OUT_OF_PLACE = [
    Row("CONTINUATION behind a whole block", "9113 6.10", [post(1), continuation(1, literal("x", "y"))], ERROR),
    Row("CONTINUATION behind the last CONTINUATION", "9113 6.10", [post(1, cuts=[10]), continuation(1, literal("x", "y"))], ERROR),
    Row("CONTINUATION behind DATA", "9113 6.10", [post(1), data(1, b"x"), continuation(1, literal("x", "y"))], ERROR),
    Row("CONTINUATION behind trailers", "9113 6.10", [post(1), data(1, b"x"), trailers(1, ("x", "y"), end=True), continuation(1)],
        connection_error(PROTOCOL_ERROR, STREAM_CLOSED)),
    Row("CONTINUATION behind SETTINGS", "9113 6.10", [settings(), continuation(1)], ERROR),
    Row("HEADERS that hold half a field", "9113 4.3", [get(1, after=literal("x-half", "value")[:-2])], connection_error(COMPRESSION_ERROR)),
    Row("a block that ends within a field", "9113 4.3", [get(1, after=literal("x-half", "value")[:-2], cuts=[10])],
        connection_error(COMPRESSION_ERROR)),
]

ROWS = WHOLE + INTERRUPTED + OUT_OF_PLACE


def more_tests():
    yield from tests_of(ROWS)
