"""A row: what is sent on a connection of its own, and what must come of it; in clear text and over TLS.

What is sent are octets, requests (whose :scheme is that of the connection) and steps, which wait for something in between."""
from h2 import frames
from h2.peer import Peer
from h2.requests import Request


class Row:
    def __init__(self, name, rfc, sent, expected, hello=True, settings=(), credit=True):
        """`hello`: the exchange of SETTINGS (with these settings) comes first. `credit`: DATA is answered with WINDOW_UPDATE."""
        self.name, self.rfc, self.sent, self.expected = name, rfc, sent, expected
        self.hello, self.settings, self.credit = hello, settings, credit

    def run(self, stand, secure):
        stand.begin()
        try:
            with Peer(stand.port(secure), secure) as peer:
                peer.gives_credit = self.credit
                if self.hello:
                    peer.hello(*self.settings)
                send(peer, self.sent)
                self.expected(peer, stand)
        finally:
            stand.end()


class Step:
    """Something that is done with the peer, when all before it has been sent."""

    def __init__(self, action):
        self.action = action


def send(peer, pieces):
    """Octets between two steps go out together, so that a server may find all of them at once."""
    waiting = b""
    for piece in pieces:
        if isinstance(piece, Step):
            peer.send(waiting)
            waiting = b""
            piece.action(peer)
        else:
            waiting += piece.octets(peer.scheme) if isinstance(piece, Request) else piece
    peer.send(waiting)


def answer_of(stream):
    def wait(peer):
        peer.wait(lambda: peer.is_over(stream))
        answer = peer.answers.get(stream)
        assert answer and answer.ended, f"stream {stream} was not answered: {peer.story()}"
    return Step(wait)


def reached(payload=b"so far ."):
    """Everything up to here has been read by the other side."""
    def wait(peer):
        peer.send(frames.ping(payload))
        assert peer.wait(lambda: payload in peer.pongs), f"PING was not answered: {peer.story()}"
    return Step(wait)


def one_by_one(octets):
    """Each octet in a packet of its own."""
    return Step(lambda peer: [peer.send(octets[at:at + 1]) for at in range(len(octets))])


def computed(make):
    """Frames that depend on what the server has said: make(peer) gives the pieces."""
    return Step(lambda peer: send(peer, make(peer)))


def run_row(stand, row):
    """In clear text and over TLS; fails with what is wrong in either."""
    wrong = []
    for secure in (False, True):
        try:
            row.run(stand, secure)
        except AssertionError as error:
            wrong.append(f"{'TLS' if secure else 'clear text'}: {error}")
    assert not wrong, f"RFC {row.rfc}: " + "\n".join(wrong)


def tests_of(rows):
    """For more_tests() of a module."""
    names = [row.name for row in rows]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"rows of the same name: {twice}"
    return [(row.name.replace(" ", "-"), lambda stand, row=row: run_row(stand, row), {}) for row in rows]
