"""Sizes of frames, stream 0, and padding."""
from h2 import frames
from h2.expectations import answered, arrived, connection_error, either, stream_error, unharmed
from h2.frames import (CONTINUATION, DATA, FRAME_SIZE_ERROR, HEADERS, LARGEST_PAYLOAD, MAX_FRAME_SIZE, PADDED, PRIORITY, PROTOCOL_ERROR,
                       PUSH_PROMISE, RST_STREAM, WINDOW_UPDATE, WITH_PRIORITY, data, frame, headers, priority_fields)
from h2.hpack_by_hand import literal
from h2.requests import get, post
from h2.rows import Row, computed, tests_of
from h2.stand import start_stand

fixture = start_stand
NOTHING = b"\0\0\0\0"


def largest_payload(peer):
    most = peer.settings.get(MAX_FRAME_SIZE, LARGEST_PAYLOAD)
    assert most < 2**24 - 1, "no frame can be too large for this server"
    return most


def larger_than_allowed(kind, stream, flags=0, opened=False):
    """A frame that is one octet larger than the server allows, maybe on a stream that is open."""
    def make(peer):
        return ([post(1)] if opened else []) + [frame(kind, flags, stream, bytes(largest_payload(peer) + 1))]
    return computed(make)


def large_block(peer):
    """A block that could be read, in a HEADERS frame that is too large."""
    return [headers(1, get(1).block(peer.scheme) + literal("x-large", b"a" * largest_payload(peer)))]


def large_continuation(peer):
    return [headers(1, get(1).block(peer.scheme), last=False), frames.continuation(1, literal("x-large", b"a" * largest_payload(peer)))]


def padding_that_is(payload, kind=DATA, flags=PADDED, opened=True):
    """Padded frames whose padding cannot be."""
    return ([post(1)] if opened else []) + [frame(kind, flags | (4 if kind == HEADERS else 0), 1, payload)]


TOO_SMALL = either(connection_error(FRAME_SIZE_ERROR), connection_error(PROTOCOL_ERROR))

LARGE = [
    Row("DATA as large as allowed", "9113 4.2", [post(1), computed(lambda peer: [data(1, bytes(16384), end=True)])], answered(1, test=arrived(size=16384))),
    Row("DATA too large", "9113 4.2", [larger_than_allowed(DATA, 1, opened=True)], stream_error(1, FRAME_SIZE_ERROR)),
    Row("DATA too large on stream 0", "9113 4.2", [larger_than_allowed(DATA, 0)], connection_error(FRAME_SIZE_ERROR, PROTOCOL_ERROR)),
    Row("HEADERS too large", "9113 4.2", [computed(large_block)], connection_error(FRAME_SIZE_ERROR)),
    Row("HEADERS too large on an open stream", "9113 4.2", [larger_than_allowed(HEADERS, 1, flags=5, opened=True)],
        connection_error(FRAME_SIZE_ERROR)),
    Row("CONTINUATION too large", "9113 4.2", [computed(large_continuation)], connection_error(FRAME_SIZE_ERROR)),
    Row("PRIORITY too large", "9113 4.2", [larger_than_allowed(PRIORITY, 1, opened=True)], stream_error(1, FRAME_SIZE_ERROR)),
    Row("RST_STREAM too large", "9113 4.2", [larger_than_allowed(RST_STREAM, 1, opened=True)], connection_error(FRAME_SIZE_ERROR)),
    Row("SETTINGS too large", "9113 4.2", [larger_than_allowed(frames.SETTINGS, 0)], connection_error(FRAME_SIZE_ERROR)),
    Row("PUSH_PROMISE too large", "9113 4.2", [larger_than_allowed(PUSH_PROMISE, 1, opened=True)],
        connection_error(FRAME_SIZE_ERROR, PROTOCOL_ERROR)),
    Row("PING too large", "9113 4.2", [larger_than_allowed(frames.PING, 0)], connection_error(FRAME_SIZE_ERROR)),
    Row("GOAWAY too large", "9113 4.2", [larger_than_allowed(frames.GOAWAY, 0)], connection_error(FRAME_SIZE_ERROR)),
    Row("WINDOW_UPDATE too large", "9113 4.2", [larger_than_allowed(WINDOW_UPDATE, 0)], connection_error(FRAME_SIZE_ERROR)),
    Row("an unknown frame too large", "9113 4.2", [larger_than_allowed(0x16, 0)], connection_error(FRAME_SIZE_ERROR)),
    Row("a frame of 16 MiB that is only announced", "9113 4.2", [post(1), frame(DATA, 0, 1, b"x", length=2**24 - 1)],
        stream_error(1, FRAME_SIZE_ERROR)),
]

LENGTHS = [
    *[Row(f"PRIORITY of {count} octets", "9113 6.3", [post(1), frame(PRIORITY, 0, 1, bytes(count))], stream_error(1, FRAME_SIZE_ERROR))
      for count in (0, 4, 6)],
    Row("PRIORITY of 4 octets on an idle stream", "9113 6.3", [frame(PRIORITY, 0, 1, bytes(4))], stream_error(1, FRAME_SIZE_ERROR)),
    *[Row(f"RST_STREAM of {count} octets", "9113 6.4", [post(1), frame(RST_STREAM, 0, 1, bytes(count))], connection_error(FRAME_SIZE_ERROR))
      for count in (0, 3, 5)],
    *[Row(f"WINDOW_UPDATE of {count} octets", "9113 6.9", [frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1\0\0\0\1"[:count])],
          connection_error(FRAME_SIZE_ERROR)) for count in (0, 3, 5, 8)],
    *[Row(f"WINDOW_UPDATE of {count} octets on a stream", "9113 6.9", [post(1), frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\1\1"[:count])],
          connection_error(FRAME_SIZE_ERROR)) for count in (3, 5)],
    Row("HEADERS without room for the length of the padding", "9113 4.2", padding_that_is(b"", HEADERS, opened=False), TOO_SMALL),
    Row("HEADERS without room for the priority", "9113 4.2", padding_that_is(bytes(4), HEADERS, WITH_PRIORITY, opened=False), TOO_SMALL),
    Row("HEADERS without room for padding and priority", "9113 4.2", padding_that_is(bytes(5), HEADERS, PADDED | WITH_PRIORITY, opened=False),
        TOO_SMALL),
    Row("DATA without room for the length of the padding", "9113 4.2", padding_that_is(b""),
        either(connection_error(FRAME_SIZE_ERROR, PROTOCOL_ERROR), stream_error(1, FRAME_SIZE_ERROR, PROTOCOL_ERROR))),
]

ZERO = [
    Row("DATA on stream 0", "9113 6.1", [data(0, b"x")], connection_error(PROTOCOL_ERROR)),
    Row("DATA on stream 0 while one is open", "9113 6.1", [post(1), data(0, b"x", end=True)], connection_error(PROTOCOL_ERROR)),
    Row("HEADERS on stream 0", "9113 6.2", [get(0)], connection_error(PROTOCOL_ERROR)),
    Row("PRIORITY on stream 0", "9113 6.3", [frames.priority(0)], connection_error(PROTOCOL_ERROR)),
    Row("RST_STREAM on stream 0", "9113 6.4", [frames.rst_stream(0)], connection_error(PROTOCOL_ERROR)),
    Row("PUSH_PROMISE on stream 0", "9113 8.4", [frames.push_promise(0, 2, b"")], connection_error(PROTOCOL_ERROR)),
    Row("CONTINUATION on stream 0", "9113 6.10", [frames.continuation(0)], connection_error(PROTOCOL_ERROR)),
]

PADDING = [
    Row("DATA with padding", "9113 6.1", [post(1), data(1, b"hello", end=True, padding=20)], answered(1, test=arrived(size=5))),
    Row("DATA with the longest padding", "9113 6.1", [post(1), data(1, b"hello", end=True, padding=255)], answered(1, test=arrived(size=5))),
    Row("DATA with padding of no octets", "9113 6.1", [post(1), data(1, b"hello", end=True, padding=0)], answered(1, test=arrived(size=5))),
    Row("DATA that is all padding", "9113 6.1", [post(1), data(1, b"", padding=9), data(1, b"x", end=True)], answered(1, test=arrived(size=1))),
    Row("DATA with padding and a length", "9113 8.1.1", [post(1, more=[("content-length", "5")]), data(1, b"hello", end=True, padding=7)],
        answered(1, test=arrived(size=5))),
    Row("DATA with padding that is not zeros", "9113 6.1", padding_that_is(b"\2x\1\2", flags=PADDED | 1),
        either(answered(1), connection_error(PROTOCOL_ERROR))),
    Row("DATA with padding as long as the frame", "9113 6.1", padding_that_is(b"\5abcd"), connection_error(PROTOCOL_ERROR)),
    Row("DATA with padding longer than the frame", "9113 6.1", padding_that_is(b"\xffabcd"), connection_error(PROTOCOL_ERROR)),
    Row("DATA with padding and no octets behind it", "9113 6.1", padding_that_is(b"\1"), connection_error(PROTOCOL_ERROR)),
    Row("HEADERS with padding", "9113 6.2", [get(1, padding=20)], answered(1)),
    Row("HEADERS with the longest padding", "9113 6.2", [get(1, padding=255)], answered(1)),
    Row("HEADERS with padding of no octets", "9113 6.2", [get(1, padding=0)], answered(1)),
    Row("HEADERS with priority", "9113 6.2", [get(1, priority=priority_fields())], answered(1)),
    Row("HEADERS with padding and priority", "9113 6.2", [get(1, padding=9, priority=priority_fields(3, 256, True))], answered(1)),
    Row("HEADERS with padding as long as the frame", "9113 6.2", padding_that_is(b"\5abcd", HEADERS, opened=False),
        connection_error(PROTOCOL_ERROR)),
    Row("HEADERS with padding longer than the frame", "9113 6.2",
        [computed(lambda peer: padding_that_is(b"\xff" + get(1).block(peer.scheme), HEADERS, PADDED | 1, opened=False))],
        connection_error(PROTOCOL_ERROR)),
    Row("HEADERS with padding that runs into the priority", "9113 6.2",
        padding_that_is(b"\3" + priority_fields() + b"\0\0", HEADERS, PADDED | WITH_PRIORITY, opened=False), TOO_SMALL),
    Row("trailers with padding", "9113 6.2", [post(1), data(1, b"x"), computed(lambda peer: [headers(1, literal("x-trailer", "y"), padding=30)])],
        answered(1)),
    Row("WINDOW_UPDATE and PRIORITY know no padding", "9113 4.1", [frame(WINDOW_UPDATE, PADDED, 0, NOTHING[:3] + b"\1"),
                                                                  frame(PRIORITY, PADDED, 1, NOTHING + b"\1")], unharmed),
    Row("CONTINUATION knows no padding", "9113 6.10", [computed(lambda peer: [
        headers(1, get(1).block(peer.scheme)[:9], last=False), frame(CONTINUATION, PADDED | 4, 1, get(1).block(peer.scheme)[9:])])], answered(1)),
]

ROWS = LARGE + LENGTHS + ZERO + PADDING


def more_tests():
    yield from tests_of(ROWS)
