"""How a connection begins, SETTINGS, PING, GOAWAY, and frames that nobody knows."""
from h2.expectations import answered, connection_error, either, over, unharmed
from h2.frames import (ACK, DATA, ENABLE_PUSH, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, GOAWAY, HEADER_TABLE_SIZE, HEADERS, INITIAL_WINDOW_SIZE,
                       LARGEST_WINDOW, MAX_CONCURRENT_STREAMS, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE, NO_RFC7540_PRIORITIES, PING, PREFACE,
                       PRIORITY, PROTOCOL_ERROR, RST_STREAM, SETTINGS, WINDOW_UPDATE, data, frame, goaway, ping, rst_stream, settings,
                       window_update)
from h2.requests import get, post
from h2.rows import Row, Step, answer_of, one_by_one, reached, tests_of
from h2.stand import start_stand

fixture = start_stand


def acknowledged(count):
    """So many SETTINGS were acknowledged, each once."""
    def check(peer, stand):
        assert peer.wait(lambda: peer.settings_acks >= count), f"{peer.settings_acks} acknowledged: {peer.story()}"
        unharmed(peer, stand)
        assert peer.settings_acks == count, f"{peer.settings_acks} acknowledged: {peer.story()}"
    return check


def pongs(*payloads):
    """These are the answers to PING, in this order, and there are no others."""
    def check(peer, stand):
        peer.wait(lambda: len(peer.pongs) >= len(payloads) or peer.closed)
        unharmed(peer, stand)
        assert peer.pongs == list(payloads), peer.pongs
    return check


def no_stream_was_answered(peer, stand):
    connection_error(PROTOCOL_ERROR)(peer, stand)
    assert not peer.answers, peer.answers


def shrink_the_table(peer):
    """From now on the server's blocks may use no table: its encoder has acknowledged."""
    assert peer.wait(lambda: peer.settings_acks == 2), peer.story()
    peer.decoder.max_allowed_table_size = 0


def first_piece_is(size):
    def check(peer, _stand):
        peer.wait(lambda: 1 in peer.answers and peer.answers[1].pieces)
        assert len(peer.answers[1].body) == size, peer.story()
    return check


PREFACES = [
    Row("preface and settings", "9113 3.4", [PREFACE + settings()], acknowledged(1), hello=False),
    Row("preface octet by octet", "9113 3.4", [one_by_one(PREFACE + settings()), get(1)], answered(1), hello=False),
    Row("request before the SETTINGS of the server", "9113 3.4", [PREFACE + settings(), get(1)], answered(1), hello=False),
    Row("settings before the preface", "9113 3.4", [settings(), PREFACE], over, hello=False),
    Row("no preface but words", "9113 3.4", [b"INVALID CONNECTION PREFACE\r\n\r\n"], over, hello=False),
    Row("preface with a wrong octet at its end", "9113 3.4", [PREFACE[:-1] + b"x", settings()], over, hello=False),
    Row("preface of HTTP/2.1", "9113 3.4", [PREFACE.replace(b"2.0", b"2.1"), settings()], over, hello=False),
    Row("preface in lower case", "9113 3.4", [PREFACE.lower(), settings()], over, hello=False),
    Row("preface twice", "9113 3.4", [PREFACE, PREFACE, settings()], over, hello=False),
    Row("HEADERS where SETTINGS must be", "9113 3.4", [PREFACE, get(1)], no_stream_was_answered, hello=False),
    Row("PING where SETTINGS must be", "9113 3.4", [PREFACE, ping()], no_stream_was_answered, hello=False),
    Row("WINDOW_UPDATE where SETTINGS must be", "9113 3.4", [PREFACE, window_update(0, 1), settings(), get(1)], no_stream_was_answered,
        hello=False),
    Row("an unknown frame where SETTINGS must be", "9113 3.4", [PREFACE, frame(0x16), settings(), get(1)], no_stream_was_answered, hello=False),
    Row("an acknowledgement where SETTINGS must be", "9113 3.4", [PREFACE, settings(ack=True), get(1)], no_stream_was_answered, hello=False),
]

SETTINGS_ROWS = [
    Row("empty SETTINGS", "9113 6.5", [settings()], acknowledged(2)),
    Row("SETTINGS three times", "9113 6.5.3", [settings(), settings((MAX_FRAME_SIZE, 20000)), settings((ENABLE_PUSH, 0))], acknowledged(4)),
    Row("SETTINGS with unknown flags", "9113 4.1", [frame(SETTINGS, 0xff & ~ACK)], acknowledged(2)),
    Row("SETTINGS in the middle of a request", "9113 6.5", [post(1), settings(), data(1, b"x", end=True)], answered(1)),
    Row("acknowledgement with a payload", "9113 6.5", [frame(SETTINGS, ACK, 0, b"\0\2\0\0\0\0")], connection_error(FRAME_SIZE_ERROR)),
    Row("acknowledgement with one octet", "9113 6.5", [frame(SETTINGS, ACK, 0, b"\0")], connection_error(FRAME_SIZE_ERROR)),
    Row("SETTINGS on a stream", "9113 6.5", [settings(stream=1)], connection_error(PROTOCOL_ERROR)),
    Row("SETTINGS on an open stream", "9113 6.5", [post(1), settings(stream=1)], connection_error(PROTOCOL_ERROR)),
    Row("acknowledgement on a stream", "9113 6.5", [settings(ack=True, stream=1)], connection_error(PROTOCOL_ERROR)),
    *[Row(f"SETTINGS of {size} octets", "9113 6.5", [frame(SETTINGS, 0, 0, bytes(size))], connection_error(FRAME_SIZE_ERROR))
      for size in (1, 3, 5, 7, 11)],
    *[Row(f"ENABLE_PUSH {value}", "9113 6.5.2", [settings((ENABLE_PUSH, value))], connection_error(PROTOCOL_ERROR))
      for value in (2, 2**32 - 1)],
    *[Row(f"INITIAL_WINDOW_SIZE {value}", "9113 6.5.2", [settings((INITIAL_WINDOW_SIZE, value))], connection_error(FLOW_CONTROL_ERROR))
      for value in (2**31, 2**32 - 1)],
    *[Row(f"MAX_FRAME_SIZE {value}", "9113 6.5.2", [settings((MAX_FRAME_SIZE, value))], connection_error(PROTOCOL_ERROR))
      for value in (0, 16383, 2**24, 2**32 - 1)],
    Row("a wrong setting behind a right one", "9113 6.5.2", [settings((MAX_FRAME_SIZE, 16384), (ENABLE_PUSH, 3))],
        connection_error(PROTOCOL_ERROR)),
    Row("the largest values of settings", "9113 6.5.2",
        [settings((MAX_FRAME_SIZE, 2**24 - 1), (INITIAL_WINDOW_SIZE, LARGEST_WINDOW), (MAX_CONCURRENT_STREAMS, 2**32 - 1),
                  (MAX_HEADER_LIST_SIZE, 2**32 - 1), (HEADER_TABLE_SIZE, 2**32 - 1)), get(1)], answered(1)),
    Row("the smallest values of settings", "9113 6.5.2", [settings((MAX_FRAME_SIZE, 16384), (MAX_CONCURRENT_STREAMS, 0), (ENABLE_PUSH, 0)), get(1)],
        answered(1)),
    Row("ENABLE_PUSH 1", "9113 6.5.2", [settings((ENABLE_PUSH, 1)), get(1)], answered(1)),
    Row("unknown settings", "9113 6.5.2", [settings((0xff, 1), (0, 5), (0x7fff, 2**32 - 1))], acknowledged(2)),
    Row("NO_RFC7540_PRIORITIES", "9218 2.1", [settings((NO_RFC7540_PRIORITIES, 1)), get(1)], answered(1), settings=[(NO_RFC7540_PRIORITIES, 1)]),
    Row("a setting twice", "9113 6.5.3", [settings((INITIAL_WINDOW_SIZE, 100), (INITIAL_WINDOW_SIZE, 1)), get(1)], first_piece_is(1)),
    Row("HEADER_TABLE_SIZE 0", "7541 4.2", [get(1), answer_of(1), settings((HEADER_TABLE_SIZE, 0)), Step(shrink_the_table), get(3), answer_of(3),
                                            get(5)], answered(5)),
    Row("HEADER_TABLE_SIZE 0 from the beginning", "7541 4.2", [Step(lambda peer: setattr(peer.decoder, "max_allowed_table_size", 0)), get(1)],
        answered(1), settings=[(HEADER_TABLE_SIZE, 0)]),
    Row("HEADER_TABLE_SIZE 0 and back", "7541 4.2", [get(1), answer_of(1), settings((HEADER_TABLE_SIZE, 0), (HEADER_TABLE_SIZE, 4096)), get(3),
                                                     answer_of(3), get(5)], answered(5)),
]

PING_ROWS = [
    Row("PING", "9113 6.7", [ping(b"\0\1\2\3\xff\xfe\xfd\xfc")], pongs(b"\0\1\2\3\xff\xfe\xfd\xfc")),
    Row("PING three times", "9113 6.7", [ping(b"first..."), ping(b"second.."), ping(b"third...")], pongs(b"first...", b"second..", b"third...")),
    Row("PING that acknowledges", "9113 6.7", [ping(b"unwanted", ack=True), ping(b"wanted..")], pongs(b"wanted..")),
    Row("PING with unknown flags", "9113 4.1", [ping(b"flags...", flags=0xfe)], pongs(b"flags...")),
    Row("PING in the middle of a request", "9113 6.7", [post(1), ping(), data(1, b"x", end=True)], answered(1)),
    Row("PING while a request waits", "9113 6.7", [get(1, "/held"), ping(b"held....")], pongs(b"held....")),
    Row("PING with the reserved bit", "9113 4.1", [frame(PING, 0, 0, b"reserved", reserved=1)], pongs(b"reserved")),
    Row("PING on a stream", "9113 6.7", [ping(stream=1)], connection_error(PROTOCOL_ERROR)),
    Row("PING on an open stream", "9113 6.7", [post(1), ping(stream=1)], connection_error(PROTOCOL_ERROR)),
    Row("PING that acknowledges on a stream", "9113 6.7", [ping(ack=True, stream=3)], connection_error(PROTOCOL_ERROR)),
    *[Row(f"PING of {size} octets", "9113 6.7", [ping(bytes(size))], connection_error(FRAME_SIZE_ERROR)) for size in (0, 6, 7, 9, 16)],
    Row("PING of 7 octets that acknowledges", "9113 6.7", [ping(bytes(7), ack=True)], connection_error(FRAME_SIZE_ERROR)),
]

GOAWAY_ROWS = [
    Row("GOAWAY on a stream", "9113 6.8", [goaway(stream=1)], connection_error(PROTOCOL_ERROR)),
    Row("GOAWAY on an open stream", "9113 6.8", [post(1), goaway(stream=1)], connection_error(PROTOCOL_ERROR)),
    *[Row(f"GOAWAY of {size} octets", "9113 6.8", [frame(GOAWAY, 0, 0, bytes(size))], connection_error(FRAME_SIZE_ERROR)) for size in (0, 4, 7)],
]


def finishes_or_was_done(peer, _stand):
    """What had begun before GOAWAY is completed."""
    peer.wait(lambda: peer.is_over(1))
    assert peer.answers.get(1) and peer.answers[1].ended and peer.answers[1].status == 200, peer.story()


GOAWAY_ROWS += [
    Row("GOAWAY while a request is sent", "9113 6.8", [post(1), goaway(), data(1, b"x", end=True)], finishes_or_was_done),
    Row("GOAWAY with words and an unknown code", "9113 7", [post(1), goaway(0, 0xabcd, b"good bye"), data(1, b"x", end=True)],
        finishes_or_was_done),
]

UNKNOWN_ROWS = [
    Row("an unknown frame on stream 0", "9113 4.1", [frame(0x16, 0, 0, b"unknown")], unharmed),
    Row("an unknown frame without content", "9113 4.1", [frame(0xff)], unharmed),
    Row("an unknown frame with all flags", "9113 4.1", [frame(0xee, 0xff, 0, bytes(100))], unharmed),
    Row("an unknown frame as large as frames may be", "9113 4.1", [frame(0x20, 0, 0, bytes(16384))], unharmed),
    Row("an unknown frame on a stream", "9113 5.5", [post(1), frame(0x16, 0xff, 1, b"unknown"), data(1, b"x", end=True)], answered(1)),
    Row("an unknown frame on a half-closed stream", "9113 5.1", [get(1, "/held"), frame(0x16, 0xff, 1, b"unknown"), reached()], unharmed),
    Row("an unknown frame on a closed stream", "9113 5.1", [get(1), answer_of(1), frame(0x16, 0, 1, b"unknown")], unharmed),
    Row("an unknown frame on an idle stream", "9113 5.1", [frame(0x16, 0, 5, b"unknown")], either(unharmed, connection_error(PROTOCOL_ERROR))),
    Row("frames of extensions", "9113 5.5", [frame(0xa, 0, 0, b"\0\0"), frame(0xc, 0, 0, b"\0\0"), frame(0x10, 0, 0, b"\0\0\0\1u=1")], unharmed),
    Row("DATA with unknown flags", "9113 4.1", [post(1), data(1, b"x", end=True, flags=0xf6)], answered(1)),
    Row("HEADERS with unknown flags", "9113 4.1", [get(1, flags=0xd2)], answered(1)),
    Row("RST_STREAM with unknown flags", "9113 4.1", [post(1), frame(RST_STREAM, 0xff, 1, bytes(4))], unharmed),
    Row("RST_STREAM with an unknown code", "9113 7", [post(1), rst_stream(1, 0xff)], unharmed),
    Row("WINDOW_UPDATE with unknown flags", "9113 4.1", [frame(WINDOW_UPDATE, 0xff, 0, b"\0\0\0\1")], unharmed),
    Row("PRIORITY with unknown flags", "9113 4.1", [frame(PRIORITY, 0xff, 1, bytes(5))], unharmed),
    Row("HEADERS with the reserved bit", "9113 4.1", [Step(lambda peer: peer.send(frame(HEADERS, 5, 1, get(1).block(peer.scheme), reserved=1)))],
        answered(1)),
    Row("DATA with the reserved bit", "9113 4.1", [post(1), frame(DATA, 1, 1, b"x", reserved=1)], answered(1)),
    Row("SETTINGS with the reserved bit", "9113 4.1", [frame(SETTINGS, 0, 0, reserved=1)], acknowledged(2)),
    Row("WINDOW_UPDATE with the reserved bit", "9113 4.1", [frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1", reserved=1)], unharmed),
    Row("an increment with the reserved bit", "9113 6.9", [frame(WINDOW_UPDATE, 0, 0, b"\x80\0\0\1")], unharmed),
]

ROWS = PREFACES + SETTINGS_ROWS + PING_ROWS + GOAWAY_ROWS + UNKNOWN_ROWS


def more_tests():
    yield from tests_of(ROWS)
