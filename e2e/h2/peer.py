"""A client that speaks HTTP/2 frame by frame: it sends what it is told, right or wrong, and remembers what came back.

What comes back is read strictly: a server that breaks a rule by itself fails the test, whatever the test is about."""
import socket
import ssl
import time

from h2 import frames
from h2.frame_wire import FrameWire
from h2.hpack_by_hand import decoder

SECONDS = 4  # within which everything must happen that a test waits for
FIRST_PROBE = 100001
OF_ONE_HOP = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}


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


class Peer(FrameWire):
    def __init__(self, port, secure):
        super().__init__(connect(port, secure))
        if secure:
            assert self.socket.selected_alpn_protocol() == "h2", "h2 was not agreed on"
        self.scheme = "https" if secure else "http"
        self.decoder, self.block = decoder(), None
        self.settings, self.settings_seen, self.settings_acks = {}, 0, 0
        self.answers, self.resets, self.goaways, self.pongs, self.credit = {}, {}, [], [], {}
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

    def wait(self, ready, seconds=SECONDS):
        """Takes frames until ready(), or until none come any more; whether it is ready."""
        end = time.monotonic() + seconds
        while not ready():
            frame = self.next_frame(end - time.monotonic())
            if frame is None:
                break
            self.take(frame)
        return ready()

    def take(self, frame):
        assert self.seen or (frame.kind == frames.SETTINGS and not frame.has(frames.ACK)), f"the first frame is {frame}"
        assert len(frame.payload) <= frames.LARGEST_PAYLOAD, f"larger than we allow: {frame}"
        assert self.block is None or frame.kind == frames.CONTINUATION, f"in the middle of a header block: {frame}"
        self.seen.append(frame)
        action = ACTIONS.get(frame.kind)
        assert action, f"a frame that a server may not send: {frame}"
        action(self, frame)

    def take_settings(self, frame):
        if frame.has(frames.ACK):
            self.settings_acks += 1
            return
        self.settings.update(frame.settings())
        self.settings_seen += 1
        self.send(frames.settings(ack=True))

    def take_ping(self, frame):
        if frame.has(frames.ACK):
            self.pongs.append(frame.payload)
        else:
            self.send(frames.ping(frame.payload, ack=True))

    def take_goaway(self, frame):
        self.goaways.append(frame.code())

    def take_reset(self, frame):
        assert frame.stream, "RST_STREAM on stream 0"
        self.resets.setdefault(frame.stream, frame.code())

    def take_credit(self, frame):
        self.credit[frame.stream] = self.credit.get(frame.stream, 0) + int.from_bytes(frame.payload, "big")

    def take_data(self, frame):
        answer = self.answers.get(frame.stream)
        assert answer and answer.status and not answer.ended, f"not expected: {frame}"
        answer.pieces.append(frame.content())
        answer.ended = frame.has(frames.END_STREAM)
        if self.gives_credit and frame.payload:
            self.send(frames.window_update(0, len(frame.payload)))
            if not answer.ended:
                self.send(frames.window_update(frame.stream, len(frame.payload)))

    def take_headers(self, frame):
        self.block = (frame.stream, frame.has(frames.END_STREAM), frame.content())
        self.end_block(frame)

    def take_continuation(self, frame):
        assert self.block and self.block[0] == frame.stream, f"not expected: {frame}"
        self.block = (*self.block[:2], self.block[2] + frame.payload)
        self.end_block(frame)

    def end_block(self, frame):
        if not frame.has(frames.END_HEADERS):
            return
        (stream, end, octets), self.block = self.block, None
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.decoder.decode(octets, raw=True)]
        for name, _ in fields:
            assert name == name.lower() and name not in OF_ONE_HOP, f"a field that may not be in HTTP/2: {name}"
        self.take_fields(self.answers.setdefault(stream, Answer()), fields, end)

    def take_fields(self, answer, fields, end):
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


ACTIONS = {frames.SETTINGS: Peer.take_settings, frames.PING: Peer.take_ping, frames.GOAWAY: Peer.take_goaway,
           frames.RST_STREAM: Peer.take_reset, frames.WINDOW_UPDATE: Peer.take_credit, frames.DATA: Peer.take_data,
           frames.HEADERS: Peer.take_headers, frames.CONTINUATION: Peer.take_continuation,
           }
