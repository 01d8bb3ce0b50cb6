"""One end of a connection of HTTP/2, which sends what it is told, right or wrong, and reads strictly what the other end sends. Both sides are made of
it: the client (peer.py) and the scripted server (origin.py). Each wait has a limit."""
import time

from h2 import frames
from h2.hpack_by_hand import decoder

SECONDS = 4  # within which everything must happen that a test waits for
OF_ONE_HOP = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}


class Endpoint:
    ACTIONS = {frames.SETTINGS: "take_settings", frames.PING: "take_ping", frames.GOAWAY: "take_goaway", frames.RST_STREAM: "take_reset",
               frames.WINDOW_UPDATE: "take_credit", frames.DATA: "take_data", frames.HEADERS: "take_headers", frames.CONTINUATION: "take_continuation"}

    def __init__(self, connected):
        self.socket, self.buffer, self.closed = connected, b"", False
        self.decoder, self.block = decoder(), None  # the part of a header block that has come
        self.settings, self.settings_seen, self.settings_acks = {}, 0, 0
        self.goaways, self.pongs, self.credit = [], [], {}

    # What a side has of its own

    def wrong(self, text):
        """The other end has broken a rule."""
        raise NotImplementedError

    def take_reset(self, frame):
        raise NotImplementedError

    def take_data(self, frame):
        raise NotImplementedError

    def take_fields(self, stream, fields, end):
        """A header block is complete."""
        raise NotImplementedError

    # Octets

    def send(self, octets):
        """Sends, even if nobody may be listening any more. False: nobody is."""
        try:
            self.socket.sendall(octets)
            return True
        except OSError:
            return False

    def fill(self, seconds):
        """Takes what comes next. False: nothing came in time, or the other side has ended; `closed` says which."""
        if self.closed or seconds <= 0:
            return False
        self.socket.settimeout(seconds)
        try:
            piece = self.socket.recv(262144)
        except TimeoutError:
            return False
        except OSError:
            piece = b""
        self.closed = not piece
        self.buffer += piece
        return bool(piece)

    def close(self):
        self.socket.close()

    # Frames

    def next_frame(self, seconds):
        """None: none came in time, or none will come."""
        end = time.monotonic() + seconds
        while True:
            found = frames.read_frame(self.buffer)
            if found:
                self.buffer = found[1]
                return found[0]
            if not self.fill(end - time.monotonic()):
                return None

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
        if not self.settings_seen and (frame.kind != frames.SETTINGS or frame.has(frames.ACK)):
            self.wrong(f"the first frame is {frame}")
        if len(frame.payload) > frames.LARGEST_PAYLOAD:
            self.wrong(f"larger than we allow: {frame}")
        if self.block and frame.kind != frames.CONTINUATION:
            self.wrong(f"in the middle of a header block: {frame}")
        action = self.ACTIONS.get(frame.kind)
        if action:
            getattr(self, action)(frame)
        else:
            self.wrong(f"a frame that may not be sent here: {frame}")

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

    def take_credit(self, frame):
        self.credit[frame.stream] = self.credit.get(frame.stream, 0) + int.from_bytes(frame.payload, "big")

    def take_headers(self, frame):
        self.block = (frame.stream, frame.has(frames.END_STREAM), frame.content())
        self.end_block(frame)

    def take_continuation(self, frame):
        if not self.block or self.block[0] != frame.stream:
            self.wrong(f"not expected: {frame}")
            return
        self.block = (*self.block[:2], self.block[2] + frame.payload)
        self.end_block(frame)

    def end_block(self, frame):
        if not frame.has(frames.END_HEADERS):
            return
        (stream, end, octets), self.block = self.block, None
        self.take_fields(stream, [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.decoder.decode(octets, raw=True)], end)
