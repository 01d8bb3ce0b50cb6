"""The states of streams, their identifiers, how many there may be, and PRIORITY."""
from h2 import frames
from h2.expectations import answered, connection_error, either, probe, stream_error, unharmed
from h2.frames import (MAX_CONCURRENT_STREAMS, PROTOCOL_ERROR, REFUSED_STREAM, STREAM_CLOSED, continuation, data, ping, priority,
                       priority_fields, push_promise, rst_stream, window_update)
from h2.hpack_by_hand import literal
from h2.requests import get, post, trailers
from h2.rows import Row, Step, answer_of, computed, reached, tests_of
from h2.stand import start_stand

fixture = start_stand
LAST_STREAM = 2**31 - 1
CLOSED = stream_error(1, STREAM_CLOSED)
SERVED = stream_error(1, STREAM_CLOSED, served=True)
REUSED = stream_error(1, STREAM_CLOSED, PROTOCOL_ERROR, served=True)  # 5.1 says the one, and 5.1.1 the other
WRONG_CONTINUATION = connection_error(PROTOCOL_ERROR, STREAM_CLOSED)
FIELDS = ("x-trailer", "y")


def all_answered(*streams):
    def check(peer, stand):
        for stream in streams:
            answered(stream)(peer, stand)
    return check


def not_answered(stream):
    """Nothing comes on it any more, and nothing else is harmed."""
    def check(peer, stand):
        unharmed(peer, stand)
        assert stream not in peer.answers, peer.story()
    return check


def only_answered(stream):
    """Without another stream behind it: there is none left."""
    def check(peer, _stand):
        peer.wait(lambda: peer.is_over(stream))
        answer = peer.answers.get(stream)
        assert answer and answer.ended and answer.status == 200, peer.story()
        peer.send(ping(b"the end."))
        assert peer.wait(lambda: peer.pongs), peer.story()
    return check


def one_more_than_allowed(peer):
    """As many requests as the server allows at a time, and one more; none of them can be answered yet."""
    most = peer.settings.get(MAX_CONCURRENT_STREAMS)
    assert most, "the server allows any number of streams"
    return [get(2 * number + 1, "/held") for number in range(most + 1)]


def the_last_was_refused(peer, _stand):
    most = peer.settings[MAX_CONCURRENT_STREAMS]
    peer.wait(lambda: peer.resets or peer.goaways or peer.closed)
    if peer.goaways or peer.closed:
        connection_error(PROTOCOL_ERROR, REFUSED_STREAM)(peer, None)
        return
    assert set(peer.resets) == {2 * most + 1}, f"{most} were allowed: {peer.resets}"
    assert peer.resets[2 * most + 1] in (REFUSED_STREAM, PROTOCOL_ERROR), peer.story()


def as_many_as_allowed_again_and_again(peer):
    """Streams that are over do not count."""
    most = peer.settings.get(MAX_CONCURRENT_STREAMS, 100)
    for turn in range(3):
        streams = [2 * (turn * most + number) + 1 for number in range(most)]
        peer.send(b"".join(get(stream).octets(peer.scheme) for stream in streams))
        peer.wait(lambda streams=streams: all(peer.is_over(stream) for stream in streams))
        answers = [peer.answers.get(stream) for stream in streams]
        bad = [(stream, answer) for stream, answer in zip(streams, answers) if not (answer and answer.ended and answer.status == 200)]
        assert not bad, f"{len(bad)} of {most} in turn {turn + 1}: {bad[:3]}, {peer.resets}"


def cancelled_do_not_count(peer):
    """Three times as many as allowed, each given up before the next."""
    most = peer.settings.get(MAX_CONCURRENT_STREAMS, 100)
    for number in range(most // 2 + 10):
        peer.send(get(2 * number + 1, "/held").octets(peer.scheme) + rst_stream(2 * number + 1))


IDLE = [
    Row("DATA on an idle stream", "9113 5.1", [data(1, b"x", end=True)], connection_error(PROTOCOL_ERROR, STREAM_CLOSED)),
    Row("RST_STREAM on an idle stream", "9113 5.1", [rst_stream(1)], connection_error(PROTOCOL_ERROR)),
    Row("WINDOW_UPDATE on an idle stream", "9113 5.1", [window_update(1, 100)], connection_error(PROTOCOL_ERROR)),
    Row("CONTINUATION on an idle stream", "9113 5.1", [continuation(1, literal(*FIELDS))], connection_error(PROTOCOL_ERROR)),
    Row("PRIORITY on an idle stream", "9113 5.1", [priority(1), get(1)], answered(1)),
    Row("RST_STREAM on a stream that only the server could open", "9113 5.1", [rst_stream(2)], connection_error(PROTOCOL_ERROR)),
    Row("WINDOW_UPDATE on a stream that only the server could open", "9113 5.1", [window_update(2, 1)], connection_error(PROTOCOL_ERROR)),
    Row("DATA on a stream that only the server could open", "9113 5.1", [data(2, b"x")], connection_error(PROTOCOL_ERROR, STREAM_CLOSED)),
    Row("DATA on an idle stream above an open one", "9113 5.1", [post(1), data(3, b"x")], connection_error(PROTOCOL_ERROR, STREAM_CLOSED)),
    Row("RST_STREAM on an idle stream above an open one", "9113 5.1", [post(1), rst_stream(3)], connection_error(PROTOCOL_ERROR)),
    Row("WINDOW_UPDATE on an idle stream above an open one", "9113 5.1", [post(1), window_update(3, 1)], connection_error(PROTOCOL_ERROR)),
]

HALF_CLOSED = [
    Row("DATA on a half-closed stream", "9113 5.1", [get(1, "/held"), data(1, b"x", end=True)], CLOSED),
    Row("empty DATA on a half-closed stream", "9113 5.1", [get(1, "/held"), data(1, end=True)], CLOSED),
    Row("HEADERS on a half-closed stream", "9113 5.1", [get(1, "/held"), get(1)], CLOSED),
    Row("trailers on a half-closed stream", "9113 5.1", [get(1, "/held"), trailers(1, FIELDS)], CLOSED),
    Row("DATA behind the last DATA", "9113 5.1", [post(1, "/held"), data(1, b"x", end=True), data(1, b"y", end=True)], CLOSED),
    Row("DATA behind trailers", "9113 5.1", [post(1, "/held"), data(1, b"x"), trailers(1, FIELDS), data(1, b"y", end=True)], CLOSED),
    Row("trailers behind trailers", "9113 5.1", [post(1, "/held"), data(1, b"x"), trailers(1, FIELDS), trailers(1, FIELDS)], CLOSED),
    Row("CONTINUATION on a half-closed stream", "9113 5.1", [get(1, "/held"), continuation(1, literal(*FIELDS))], WRONG_CONTINUATION),
    Row("WINDOW_UPDATE on a half-closed stream", "9113 5.1", [get(1, "/held"), window_update(1, 100), reached()], unharmed),
    Row("PRIORITY on a half-closed stream", "9113 5.1", [get(1, "/held"), priority(1), reached()], unharmed),
    Row("RST_STREAM on a half-closed stream", "9113 5.1", [get(1, "/held"), rst_stream(1), reached()], not_answered(1)),
]

TOLERATED = either(unharmed, stream_error(1, STREAM_CLOSED), connection_error(STREAM_CLOSED))
CLOSED_ROWS = [
    Row("DATA behind RST_STREAM", "9113 5.1", [post(1), rst_stream(1), data(1, b"x", end=True)], CLOSED),
    Row("HEADERS behind RST_STREAM", "9113 5.1", [post(1), rst_stream(1), get(1)], REUSED),
    Row("trailers behind RST_STREAM", "9113 5.1", [post(1), rst_stream(1), trailers(1, FIELDS)], REUSED),
    Row("CONTINUATION behind RST_STREAM", "9113 5.1", [post(1), rst_stream(1), continuation(1, literal(*FIELDS))], WRONG_CONTINUATION),
    Row("PRIORITY behind RST_STREAM", "9113 5.1", [post(1), rst_stream(1), priority(1), reached()], not_answered(1)),
    Row("WINDOW_UPDATE behind RST_STREAM", "9113 5.1", [post(1), rst_stream(1), window_update(1, 1)], TOLERATED),
    Row("RST_STREAM behind RST_STREAM", "9113 5.1", [post(1), rst_stream(1), rst_stream(1)], TOLERATED),
    Row("DATA behind an answer", "9113 5.1", [get(1), answer_of(1), data(1, b"x", end=True)], SERVED),
    Row("HEADERS behind an answer", "9113 5.1", [get(1), answer_of(1), get(1)], REUSED),
    Row("trailers behind an answer", "9113 5.1", [get(1), answer_of(1), trailers(1, FIELDS)], REUSED),
    Row("CONTINUATION behind an answer", "9113 5.1", [get(1), answer_of(1), continuation(1, literal(*FIELDS))], WRONG_CONTINUATION),
    Row("WINDOW_UPDATE behind an answer", "9113 5.1", [get(1), answer_of(1), window_update(1, 100), reached()], unharmed),
    Row("RST_STREAM behind an answer", "9113 5.1", [get(1), answer_of(1), rst_stream(1), reached()], unharmed),
    Row("PRIORITY behind an answer", "9113 5.1", [get(1), answer_of(1), priority(1), reached()], unharmed),
    Row("WINDOW_UPDATE on a stream that was skipped", "9113 5.1.1", [get(5), answer_of(5), window_update(3, 1)],
        either(unharmed, connection_error(PROTOCOL_ERROR, STREAM_CLOSED))),
    Row("DATA on a stream that was skipped", "9113 5.1.1", [get(5), answer_of(5), data(3, b"x", end=True)],
        stream_error(3, STREAM_CLOSED, PROTOCOL_ERROR)),
    Row("RST_STREAM cancels a request", "9113 5.4.2", [get(1, "/held"), get(3), rst_stream(1), reached()], answered(3)),
    Row("RST_STREAM of an upload", "9113 5.4.2", [post(1), data(1, bytes(10000)), rst_stream(1), reached()], not_answered(1)),
    Row("RST_STREAM with NO_ERROR", "9113 5.4.2", [post(1), rst_stream(1, 0), reached()], not_answered(1)),
]

IDENTIFIERS = [
    Row("a stream with an even number", "9113 5.1.1", [get(2)], connection_error(PROTOCOL_ERROR)),
    Row("a stream with an even number behind another", "9113 5.1.1", [get(1), answer_of(1), get(2)], connection_error(PROTOCOL_ERROR)),
    Row("a number smaller than before", "9113 5.1.1", [get(5), get(3)], connection_error(PROTOCOL_ERROR, STREAM_CLOSED)),
    Row("a number smaller than before that was answered", "9113 5.1.1", [get(9), answer_of(9), get(1)],
        connection_error(PROTOCOL_ERROR, STREAM_CLOSED)),
    Row("a number that is still in use", "9113 5.1.1", [get(3, "/held"), get(3)], stream_error(3, STREAM_CLOSED, PROTOCOL_ERROR)),
    Row("numbers that are skipped", "9113 5.1.1", [get(1), get(77), get(1001)], all_answered(1, 77, 1001)),
    Row("the largest number", "9113 5.1.1", [get(LAST_STREAM)], only_answered(LAST_STREAM)),
    Row("PUSH_PROMISE on an open stream", "9113 8.4", [post(1), push_promise(1, 2, b"")], connection_error(PROTOCOL_ERROR)),
    Row("PUSH_PROMISE on an idle stream", "9113 8.4", [push_promise(1, 2, b"")], connection_error(PROTOCOL_ERROR)),
    Row("PUSH_PROMISE with a request", "9113 8.4", [post(1), computed(lambda peer: [push_promise(1, 2, get(2).block(peer.scheme))])],
        connection_error(PROTOCOL_ERROR)),
]

MANY = [
    Row("two streams at a time", "9113 5", [post(1), get(3), answer_of(3), data(1, b"x", end=True)], all_answered(1, 3)),
    Row("DATA of two streams by turns", "9113 5", [post(1), post(3), *[data(stream, b"x" * 100) for _ in range(20) for stream in (1, 3)],
                                                   data(3, end=True), data(1, end=True)], all_answered(1, 3)),
    Row("a stream that waits keeps no other waiting", "9113 5", [get(1, "/held"), get(3), get(5)], all_answered(3, 5)),
    Row("one stream more than allowed", "9113 5.1.2", [computed(one_more_than_allowed)], the_last_was_refused),
    Row("as many streams as allowed three times", "9113 5.1.2", [Step(as_many_as_allowed_again_and_again)], lambda peer, stand: probe(peer)),
    Row("streams that are given up do not count", "9113 5.1.2", [Step(cancelled_do_not_count)], unharmed),
]

DEPENDS_ON_ITSELF = either(unharmed, stream_error(1, PROTOCOL_ERROR))
PRIORITIES = [
    Row("PRIORITY that depends on itself", "7540 5.3.1", [priority(1, depends=1)], DEPENDS_ON_ITSELF),
    Row("PRIORITY that depends on itself on an open stream", "7540 5.3.1", [post(1), priority(1, depends=1)], DEPENDS_ON_ITSELF),
    Row("HEADERS that depend on themselves", "7540 5.3.1", [get(1, priority=priority_fields(1))], either(answered(1), stream_error(1, PROTOCOL_ERROR))),
    Row("PRIORITY that depends on a stream that nobody knows", "9113 5.3.2", [priority(1, 4711, 256, True), get(1)], answered(1)),
    Row("PRIORITY before each request", "9113 5.3.2", [priority(3), priority(5, 3), priority(7, 3, 1, True), get(9, priority=priority_fields(7)),
                                                       ], answered(9)),
    Row("the Priority field", "9218 5", [get(1, more=[("priority", "u=1, i")])], answered(1)),
    Row("PRIORITY_UPDATE", "9218 7.1", [frames.frame(0x10, 0, 0, b"\0\0\0\1u=3"), get(1), frames.frame(0x10, 0, 0, b"\0\0\0\1u=5"), reached()],
        answered(1)),
]

ROWS = IDLE + HALF_CLOSED + CLOSED_ROWS + IDENTIFIERS + MANY + PRIORITIES


def more_tests():
    yield from tests_of(ROWS)
