"""A client that speaks HTTP/2 frame by frame: it sends what it is told, right or wrong, and remembers what came back.

What comes back is read strictly: a server that breaks a rule by itself fails the test, whatever the test is about."""
import socket
import ssl

from h2 import frames
from h2.endpoint import OF_ONE_HOP, SECONDS, Endpoint

FIRST_PROBE = 100001


class Answer:
    """What has come back on a stream."""

    def __init__(self):
        self.status, self.fields, self.trailers, self.interim = None, [], None, []
        self.pieces, self.ended = [], False

    @property
    def body(self):
        return b"".join(self.pieces)

    def get(self, name, default=None):
        return next((value for key, value in self.fields if key == name), default)

    def __repr__(self):
        return f"<{self.status} {self.body[:80]!r}{'' if self.ended else ' incomplete'}>"


def trusting(protocols):
    """It believes every certificate: what is tested here is not TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


def connect(port, secure, protocols=("h2",)):
    """A socket. TLS 1.2 as well as 1.3 would do: nothing here is about that."""
    plain = socket.create_connection(("127.0.0.1", port), SECONDS)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return trusting(list(protocols)).wrap_socket(plain, server_hostname="localhost") if secure else plain


class Peer(Endpoint):
    def __init__(self, port, secure):
        super().__init__(connect(port, secure))
        if secure:
            assert self.socket.selected_alpn_protocol() == "h2", "h2 was not agreed on"
        self.scheme = "https" if secure else "http"
        self.answers, self.resets = {}, {}
        self.gives_credit = True  # for DATA, at once
        self.probes, self.seen = 0, []  # everything that came, in order

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # What is sent

    def hello(self, *settings):
        """The preface and the exchange of SETTINGS, until both sides have acknowledged. Nobody may push."""
        self.send(frames.PREFACE + frames.settings((frames.ENABLE_PUSH, 0), *settings))
        self.wait(lambda: self.settings_seen and self.settings_acks)
        assert self.settings_seen and self.settings_acks, f"no exchange of SETTINGS: {self.story()}"

    def next_probe(self):
        """A stream for one more request, above those of the tests."""
        self.probes += 1
        return FIRST_PROBE + 2 * self.probes

    # What comes back

    def wrong(self, text):
        raise AssertionError(text)

    def take(self, frame):
        self.seen.append(frame)
        super().take(frame)

    def take_reset(self, frame):
        assert frame.stream, "RST_STREAM on stream 0"
        self.resets.setdefault(frame.stream, frame.code())

    def take_data(self, frame):
        answer = self.answers.get(frame.stream)
        assert answer and answer.status and not answer.ended, f"not expected: {frame}"
        answer.pieces.append(frame.content())
        answer.ended = frame.has(frames.END_STREAM)
        if self.gives_credit and frame.payload:
            self.send(frames.window_update(0, len(frame.payload)))
            if not answer.ended:
                self.send(frames.window_update(frame.stream, len(frame.payload)))

    def take_fields(self, stream, fields, end):
        for name, _ in fields:
            assert name == name.lower() and name not in OF_ONE_HOP, f"a field that may not be in HTTP/2: {name}"
        answer = self.answers.setdefault(stream, Answer())
        assert not answer.ended, "a head behind the end of an answer"
        if answer.status:
            assert end and not any(name.startswith(":") for name, _ in fields), f"these are no trailers: {fields}"
            answer.trailers, answer.ended = fields, True
            return
        assert [name for name, _ in fields if name.startswith(":")] == [":status"] and fields[0][0] == ":status", fields
        status = int(fields[0][1])
        if status < 200:
            assert not end and status != 101, f"an interim answer that may not be: {fields}"
            answer.interim.append((status, fields[1:]))
        else:
            answer.status, answer.fields, answer.ended = status, fields[1:], end

    def is_over(self, stream):
        """Answered to the end, reset, or gone with the connection."""
        answer = self.answers.get(stream)
        return (answer is not None and answer.ended) or stream in self.resets or self.closed

    def story(self):
        """What came, for those who have to find out what went wrong."""
        shown = [repr(frame) for frame in self.seen[-12:]]
        rest = [f"{len(self.buffer)} octets of no frame: {self.buffer[:60]!r}"] if self.buffer else []
        return f"{', '.join(shown + rest + (['closed'] if self.closed else []))}; answers {self.answers}"
