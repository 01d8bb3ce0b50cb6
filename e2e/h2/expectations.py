"""What may come of a row. Each makes a function of the peer and the stand, which fails when something else came."""
import json

from h2 import frames
from h2.frames import code_names
from h2.requests import head

CLOSING_SECONDS = 1.5  # between GOAWAY with an error and the end of the connection


def probe(peer):
    """Another request on the same connection, which must be answered as if nothing had happened. HEAD needs no window."""
    stream = peer.next_probe()
    peer.send(head(stream, "/probe").octets(peer.scheme))
    peer.wait(lambda: peer.is_over(stream))
    answer = peer.answers.get(stream)
    assert answer and answer.ended and answer.status == 200, f"another stream is not served: {peer.story()}"


def closes(peer, codes):
    """GOAWAY with one of these codes, and the end; or the end alone: RFC 9113 5.4.1 wants the end, and asks for GOAWAY."""
    peer.wait(lambda: peer.goaways or peer.closed)
    assert peer.goaways or peer.closed, f"no connection error: {peer.story()}"
    peer.wait(lambda: peer.closed, CLOSING_SECONDS)
    assert peer.closed, f"the connection is not closed: {peer.story()}"
    assert not peer.goaways or peer.goaways[-1] in codes, f"not {code_names(codes)}: {peer.story()}"


def connection_error(*codes):
    return lambda peer, stand: closes(peer, codes)


def stream_error(stream, *codes, served=False):
    """RST_STREAM with one of these codes, while another stream is served; or the same as a connection error (RFC 9113 5.4).
    An answer that says 4xx may come before it (8.1.1); another one only if the stream was `served` before the error."""
    def check(peer, stand):
        peer.wait(lambda: stream in peer.resets or peer.goaways or peer.closed)
        assert served or not_served(peer, stream), f"answered: {peer.story()}"
        if peer.goaways or peer.closed:
            closes(peer, codes)
            return
        assert stream in peer.resets, f"no stream error: {peer.story()}"
        assert peer.resets[stream] in codes, f"not {code_names(codes)}: {peer.story()}"
        probe(peer)
    return check


def not_served(peer, stream):
    answer = peer.answers.get(stream)
    return answer is None or answer.status is None or 400 <= answer.status <= 499


def malformed(stream=1, status=()):
    """A request that must not be served: RST_STREAM with PROTOCOL_ERROR, or an answer with one of `status`, where it is the
    content of a field that is wrong, and HTTP has a status for that."""
    reset = stream_error(stream, frames.PROTOCOL_ERROR)

    def check(peer, stand):
        if status:
            peer.wait(lambda: peer.is_over(stream) or peer.goaways)
        answer = peer.answers.get(stream)
        if answer and answer.ended and answer.status in status:
            probe(peer)
        else:
            reset(peer, stand)
        assert not stand.complete, f"the server got it: {stand.complete}"
    return check


def answered(stream, status=200, test=None):
    """The answer is complete; test(answer) says what is wrong with it. The connection is still good."""
    def check(peer, stand):
        peer.wait(lambda: peer.is_over(stream))
        answer = peer.answers.get(stream)
        assert answer and answer.ended, f"stream {stream} is not answered: {peer.story()}"
        assert answer.status in (status if isinstance(status, tuple) else (status,)), f"answered with {answer.status}"
        wrong = test(answer) if test else None
        assert not wrong, f"{wrong}: {answer.fields} {answer.body[:400]!r}"
        probe(peer)
    return check


def arrived(*fields, **wanted):
    """For answered(): the server has got these fields, and a request whose method, size and so on are these."""
    def wrong(answer):
        seen = json.loads(answer.body)
        got = [(name.lower(), value) for name, value in seen["fields"]]
        missing = [field for field in fields if field not in got]
        other = {name: seen[name] for name, value in wanted.items() if seen[name] != value}
        return f"did not arrive: {missing}; arrived: {other}" if missing or other else None
    return wrong


def unharmed(peer, _stand):
    """Nothing came of it: another request is answered, and nothing was reset."""
    probe(peer)
    assert not peer.resets and not peer.goaways, f"an error: {peer.story()}"


def either(*expectations):
    """One of them."""
    def check(peer, stand):
        wrong = []
        for expected in expectations:
            try:
                expected(peer, stand)
                return
            except AssertionError as error:
                wrong.append(str(error))
        raise AssertionError("; and ".join(wrong))
    return check


def over(peer, _stand):
    """The connection ends, with or without words, and nothing was served."""
    peer.wait(lambda: peer.closed)
    assert peer.closed and not peer.answers, f"it goes on: {peer.story()}"
