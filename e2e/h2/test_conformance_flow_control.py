"""Windows, of both directions."""
import json

from h2.expectations import answered, arrived, closes, connection_error, either, stream_error, unharmed
from h2.frames import (FIRST_WINDOW, FLOW_CONTROL_ERROR, INITIAL_WINDOW_SIZE, LARGEST_WINDOW, PROTOCOL_ERROR, STREAM_CLOSED, data, rst_stream,
                       settings, window_update)
from h2.requests import get, head, post
from h2.rows import Row, Step, answer_of, reached, tests_of
from h2.stand import LARGE, start_stand

fixture = start_stand
FLOOD = 48 << 20  # more than all buffers on the way to the origin hold


class Uploader:
    """Sends DATA as far as the server's windows allow, and waits for more where they do not."""

    def __init__(self, peer):
        self.peer, self.sent, self.by_stream = peer, 0, {}

    def room(self, stream):
        peer = self.peer
        whole = FIRST_WINDOW + peer.credit.get(0, 0) - self.sent
        own = peer.settings.get(INITIAL_WINDOW_SIZE, FIRST_WINDOW) + peer.credit.get(stream, 0) - self.by_stream.get(stream, 0)
        return min(whole, own)

    def send(self, stream, payload, **options):
        """`payload` with its padding fits into a frame."""
        size = len(payload) + (options["padding"] + 1 if options.get("padding") is not None else 0)
        assert self.peer.wait(lambda: self.room(stream) >= size or self.peer.closed), f"{self.sent} sent, no more credit: {self.peer.story()}"
        self.peer.send(data(stream, payload, **options))
        self.sent += size
        self.by_stream[stream] = self.by_stream.get(stream, 0) + size


def upload(count, size, **options):
    """A request with `count` DATA of `size`."""
    def action(peer):
        sender = Uploader(peer)
        peer.send(post(1).octets(peer.scheme))
        for number in range(count):
            sender.send(1, b"x" * size, end=number == count - 1, **options)
    return Step(action)


def last_upload(sender):
    """More than what is left of the connection's window if nothing was credited."""
    sender.peer.send(post(101).octets(sender.peer.scheme))
    for number in range(10):
        sender.send(101, bytes(10000), end=number == 9)


def uploads_that_are_given_up(peer):
    """What came on streams that are over is credited to the connection all the same."""
    sender = Uploader(peer)
    for number in range(20):
        stream = 2 * number + 1
        peer.send(post(stream, "/held").octets(peer.scheme))
        sender.send(stream, bytes(16000))
        peer.send(rst_stream(stream))
    last_upload(sender)


def uploads_behind_errors(peer):
    """The same, where the server has ended the stream: DATA crosses its RST_STREAM."""
    sender = Uploader(peer)
    for number in range(20):
        stream = 2 * number + 1
        peer.send(post(stream, more=[("Upper", "x")]).octets(peer.scheme))
        sender.send(stream, bytes(8000))
        if peer.closed or peer.goaways:
            return
    last_upload(sender)


def without_regard(peer):
    """DATA for a request that the origin does not read, whatever the windows say."""
    peer.send(post(1, "/held").octets(peer.scheme))
    for _ in range(FLOOD // 16384):
        if not peer.send(data(1, bytes(16384))) or peer.wait(lambda: peer.resets or peer.goaways or peer.closed, 0.0001):
            return


def pieces(*sizes, updates=(), stream=1):
    """The answer stops after so many octets of content; then each update lets some more come."""
    def check(peer, stand):
        total = 0
        for number, size in enumerate(sizes):
            total += size
            peer.wait(lambda: stream in peer.answers and len(peer.answers[stream].body) >= total)
            unharmed_and_no_more(peer, stream, total)
            if number < len(updates):
                peer.send(updates[number])
    return check


def unharmed_and_no_more(peer, stream, total):
    """A PING goes out and back: what the server wanted to send, it has sent."""
    peer.pongs.clear()
    reached().action(peer)
    got = len(peer.answers[stream].body) if stream in peer.answers else 0
    assert got == total, f"{got} octets came, not {total}: {peer.story()}"
    assert not peer.resets and not peer.goaways, peer.story()


def with_head_before_content(peer, stand):
    """No window is needed for a head."""
    peer.wait(lambda: 1 in peer.answers)
    assert peer.answers.get(1) and peer.answers[1].status == 200, peer.story()
    pieces(0)(peer, stand)


def octet_by_octet(peer, _stand):
    """A window of one: the whole answer comes, one octet in each DATA."""
    for count in range(1, 400):
        assert peer.wait(lambda: 1 in peer.answers and (len(peer.answers[1].body) >= count or peer.answers[1].ended)), peer.story()
        if peer.answers[1].ended:
            break
        peer.send(window_update(1, 1))
    answer = peer.answers[1]
    assert answer.ended and all(len(piece) <= 1 for piece in answer.pieces), peer.story()
    assert json.loads(answer.body)["method"] == "GET"


def all_of_it(peer, stand):
    """It stops where the connection's window ends, and goes on when there is more."""
    pieces(FIRST_WINDOW, updates=[window_update(0, 1)])(peer, stand)
    pieces(FIRST_WINDOW + 1, updates=[window_update(0, LARGE)])(peer, stand)
    answered(1)(peer, stand)
    assert len(peer.answers[1].body) == LARGE


def both_share(peer, _stand):
    """Two answers have one connection window between them."""
    def came():
        return sum(len(answer.body) for answer in peer.answers.values())
    peer.wait(lambda: came() >= FIRST_WINDOW)
    reached().action(peer)
    assert came() == FIRST_WINDOW, f"{came()} octets: {peer.story()}"
    peer.send(window_update(0, 2 * LARGE))
    assert peer.wait(lambda: came() == 2 * LARGE), f"{came()} octets: {peer.story()}"


def flow_error(peer, stand):
    peer.wait(lambda: peer.resets or peer.goaways or peer.closed)
    if peer.goaways or peer.closed:
        closes(peer, (FLOW_CONTROL_ERROR,))
    else:
        stream_error(1, FLOW_CONTROL_ERROR)(peer, stand)


def nothing_more_comes(peer, stand):
    """What was waiting on a stream that is given up is not sent: the window is there for others."""
    unharmed(peer, stand)
    before = len(peer.answers[1].body)
    unharmed(peer, stand)
    assert len(peer.answers[1].body) == before < LARGE, peer.story()


SMALL = [(INITIAL_WINDOW_SIZE, 1)]
EMPTY = [(INITIAL_WINDOW_SIZE, 0)]
WIDE = [(INITIAL_WINDOW_SIZE, LARGEST_WINDOW)]

UPDATES = [
    Row("an increment of 0", "9113 6.9", [window_update(0, 0)], connection_error(PROTOCOL_ERROR)),
    Row("an increment of 0 on a stream", "9113 6.9", [post(1), window_update(1, 0)], stream_error(1, PROTOCOL_ERROR)),
    Row("an increment of 0 on a half-closed stream", "9113 6.9", [get(1, "/held"), window_update(1, 0)], stream_error(1, PROTOCOL_ERROR)),
    Row("an increment of 0 with the reserved bit", "9113 6.9", [window_update(0, 2**31)], connection_error(PROTOCOL_ERROR)),
    Row("the largest window", "9113 6.9.1", [window_update(0, LARGEST_WINDOW - FIRST_WINDOW)], unharmed),
    Row("the largest window of a stream", "9113 6.9.1", [post(1), window_update(1, LARGEST_WINDOW - FIRST_WINDOW), data(1, b"x", end=True)], answered(1)),
    Row("a window one larger than the largest", "9113 6.9.1", [window_update(0, LARGEST_WINDOW - FIRST_WINDOW + 1)],
        connection_error(FLOW_CONTROL_ERROR)),
    Row("a window of a stream one larger than the largest", "9113 6.9.1", [post(1, "/held"), window_update(1, LARGEST_WINDOW - FIRST_WINDOW + 1)],
        stream_error(1, FLOW_CONTROL_ERROR)),
    Row("twice the largest increment", "9113 6.9.1", [window_update(0, LARGEST_WINDOW), window_update(0, LARGEST_WINDOW)],
        connection_error(FLOW_CONTROL_ERROR)),
    Row("twice the largest increment on a stream", "9113 6.9.1", [post(1, "/held"), window_update(1, LARGEST_WINDOW), window_update(1, LARGEST_WINDOW)],
        stream_error(1, FLOW_CONTROL_ERROR)),
    Row("many small increments", "9113 6.9.1", [window_update(0, 1) * 100, get(1)], answered(1)),
    Row("a setting that makes a window too large", "9113 6.9.2", [post(1, "/held"), window_update(1, LARGEST_WINDOW - FIRST_WINDOW),
                                                                  settings((INITIAL_WINDOW_SIZE, FIRST_WINDOW + 1))],
        connection_error(FLOW_CONTROL_ERROR)),
    Row("a setting that makes a window the largest", "9113 6.9.2", [post(1), window_update(1, LARGEST_WINDOW - FIRST_WINDOW - 1),
                                                                    settings((INITIAL_WINDOW_SIZE, FIRST_WINDOW + 1)), data(1, b"x", end=True)], answered(1)),
]

DOWNLOADS = [
    Row("a window of 1", "9113 6.9.1", [get(1)], octet_by_octet, settings=SMALL, credit=False),
    Row("a window of 0 lets the head through", "9113 6.9", [get(1)], with_head_before_content, settings=EMPTY, credit=False),
    Row("a window of 0 lets an answer without content through", "9113 6.9.1", [head(1)], lambda peer, stand: answer_of(1).action(peer), settings=EMPTY),
    Row("a window of 0 and increments", "9113 6.9.1", [get(1)], pieces(0, 5, 1, 10, updates=[window_update(1, 5), window_update(1, 1), window_update(1, 10)]),
        settings=EMPTY, credit=False),
    Row("a window that is made larger by a setting", "9113 6.9.2", [get(1)], pieces(0, 3, 4, updates=[settings((INITIAL_WINDOW_SIZE, 3)),
                                                                                                     settings((INITIAL_WINDOW_SIZE, 7))]),
        settings=EMPTY, credit=False),
    Row("a window that is made negative by a setting", "9113 6.9.2", [get(1)],
        pieces(3, 0, 0, 1, updates=[settings((INITIAL_WINDOW_SIZE, 1)), window_update(1, 2), window_update(1, 1)]),
        settings=[(INITIAL_WINDOW_SIZE, 3)], credit=False),
    Row("a negative window that a setting lifts", "9113 6.9.2", [get(1)],
        pieces(10, 0, 2, updates=[settings((INITIAL_WINDOW_SIZE, 0)), settings((INITIAL_WINDOW_SIZE, 12))]),
        settings=[(INITIAL_WINDOW_SIZE, 10)], credit=False),
    Row("a setting leaves the window of the connection alone", "9113 6.9.2", [settings((INITIAL_WINDOW_SIZE, LARGE)), get(1, "/large")], all_of_it,
        credit=False),
    Row("the window of the connection", "9113 6.9.1", [get(1, "/large")], all_of_it, settings=WIDE, credit=False),
    Row("the window of the connection for two streams", "9113 6.9.1", [get(1, "/large"), get(3, "/large")], both_share, settings=WIDE, credit=False),
    Row("the window of a stream", "9113 6.9.1", [window_update(0, LARGE), get(1, "/large")], pieces(FIRST_WINDOW, 1, updates=[window_update(1, 1)]),
        credit=False),
    Row("a stream without window keeps no other waiting", "9113 5.2.1", [get(1, "/large"), get(3), window_update(3, 10000)], answered(3),
        settings=EMPTY, credit=False),
    Row("an increment before the answer", "9113 6.9", [get(1), window_update(1, 10000)], answered(1), settings=EMPTY, credit=False),
    Row("an answer that is given up", "9113 5.4.2", [get(1, "/large"), Step(lambda peer: peer.wait(lambda: 1 in peer.answers and peer.answers[1].pieces)),
                                                      rst_stream(1), window_update(0, LARGE)], nothing_more_comes,
        credit=False),
]


UPLOADS = [
    Row("an upload larger than the windows", "9113 6.9.1", [upload(100, 10000)], answered(1, test=arrived(size=1000000))),
    Row("an upload in small pieces", "9113 6.9.1", [upload(5000, 20)], answered(1, test=arrived(size=100000))),
    Row("padding is credited", "9113 6.9.1", [upload(400, 1, padding=255)], answered(1, test=arrived(size=400))),
    Row("padding alone is credited", "9113 6.9.1", [upload(400, 0, padding=255)], answered(1, test=arrived(size=0))),
    Row("uploads that are given up are credited", "9113 6.9", [Step(uploads_that_are_given_up)], answered(101, test=arrived(size=100000))),
    Row("uploads behind errors are credited", "9113 6.9", [Step(uploads_behind_errors)],
        either(answered(101, test=arrived(size=100000)), connection_error(PROTOCOL_ERROR, STREAM_CLOSED))),
    Row("DATA without octets needs no window", "9113 6.9.1", [post(1), data(1) * 3, data(1, b"x"), data(1, end=True)], answered(1, test=arrived(size=1))),
    Row("DATA beyond the window", "9113 6.9.1", [Step(without_regard)], flow_error),
]

ROWS = UPDATES + DOWNLOADS + UPLOADS


def more_tests():
    yield from tests_of(ROWS)
