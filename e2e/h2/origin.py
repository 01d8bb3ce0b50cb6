"""A server that speaks HTTP/2 by script: right or wrong, frame by frame. It records what it is asked, as a strict reader.

A script is a list of replies, one for each request; the last one is for all that come behind. A reply is a list of pieces (replies.py),
functions that get the Call and do something with it. A script may also have a `greeting`: frames behind the SETTINGS."""
import socket
import threading
import time

from h2 import frames
from h2.endpoint import OF_ONE_HOP, Endpoint

IDLE_SECONDS = 60


class Script:
    def __init__(self, replies, settings=(), greeting=b"", at_head=False, credit=True):
        """`at_head`: replies do not wait for the content. `credit`: DATA is answered with WINDOW_UPDATE."""
        self.replies, self.settings, self.greeting = replies, settings, greeting
        self.at_head, self.credit = at_head, credit


class Call:
    """One request, from the server's side."""

    def __init__(self, connection, stream, fields):
        self.connection, self.stream, self.fields = connection, stream, fields
        self.body, self.trailers, self.complete, self.reset = b"", None, False, None
        self.begun, self.done = False, False  # of the reply

    def get(self, name, default=None):
        return next((value for key, value in self.fields if key == name), default)

    def send(self, octets):
        self.connection.send(octets)

    def __repr__(self):
        return f"<{self.stream}: {self.get(':method')} {self.get(':path')}{'' if self.complete else ' incomplete'}>"


class Connection(Endpoint):
    """The client's frames, one after the other; each request gets its reply."""
    ACTIONS = {**Endpoint.ACTIONS, frames.PRIORITY: "take_priority"}

    def __init__(self, origin, accepted, number):
        super().__init__(accepted)
        self.origin, self.number, self.script = origin, number, origin.script
        self.calls, self.last, self.over = {}, 0, False
        self.credit, self.received = {0: frames.FIRST_WINDOW}, {}

    def wrong(self, text):
        self.origin.faults.append(f"connection {self.number}: {text}")

    def begin(self):
        """The preface and SETTINGS. False: this is not HTTP/2."""
        end = time.monotonic() + 10
        while len(self.buffer) < len(frames.PREFACE) and self.fill(end - time.monotonic()):
            pass
        if not self.buffer.startswith(frames.PREFACE):
            if self.buffer:
                self.wrong(f"no preface: {self.buffer[:60]!r}")
            return False
        self.buffer = self.buffer[len(frames.PREFACE):]
        self.send(frames.settings(*self.script.settings) + self.script.greeting)
        return True

    def serve(self):
        while not self.over and (frame := self.next_frame(IDLE_SECONDS)):
            self.take(frame)

    def take_reset(self, frame):
        call = self.calls.get(frame.stream)
        if call is None:
            self.wrong(f"not expected: {frame}")
        elif call.reset is None:
            call.reset = frame.code()

    def take_fields(self, stream, fields, end):
        call = self.calls.get(stream)
        if call is None:
            self.take_request(stream, fields, end)
            return
        if not end or call.complete:
            self.wrong(f"these are no trailers: {fields}")
        call.trailers = fields
        self.complete(call)

    def take_request(self, stream, fields, end):
        self.examine(stream, fields)
        self.last = stream
        call = self.calls[stream] = Call(self, stream, fields)
        self.origin.calls.append(call)
        if self.script.at_head and not end:
            self.reply(call)
        if end:
            self.complete(call)

    def examine(self, stream, fields):
        """What RFC 9113 wants of a request, and of streams."""
        if stream % 2 == 0 or stream <= self.last:
            self.wrong(f"stream {stream} behind {self.last}")
        pseudo = [name for name, _ in fields if name.startswith(":")]
        if sorted(set(pseudo) | {":authority"}) != [":authority", ":method", ":path", ":scheme"] or len(set(pseudo)) != len(pseudo):
            self.wrong(f"pseudo-fields {pseudo}")
        if pseudo != [name for name, _ in fields[:len(pseudo)]]:
            self.wrong("a pseudo-field behind a regular one")
        hosts = [value for name, value in fields if name in (":authority", "host")]
        if len(set(hosts)) != 1:
            self.wrong(f"not one host: {hosts}")
        for name, value in fields:
            if name != name.lower() or name in OF_ONE_HOP or (name == "te" and value != "trailers"):
                self.wrong(f"a field that may not be in HTTP/2: {name}: {value}")
        self.count_streams()

    def count_streams(self):
        most = dict(self.script.settings).get(frames.MAX_CONCURRENT_STREAMS)
        unanswered = sum(not call.done and call.reset is None for call in self.calls.values())
        if most is not None and self.settings_acks and unanswered + 1 > most:
            self.wrong(f"{unanswered + 1} streams at a time, {most} are allowed")

    def take_data(self, frame):
        call = self.calls.get(frame.stream)
        if call is None or call.complete:
            self.wrong(f"not expected: {frame}")
            return
        self.count(frame)
        call.body += frame.content()
        if self.script.credit and frame.payload:
            self.send(frames.window_update(0, len(frame.payload)) + frames.window_update(frame.stream, len(frame.payload)))
        if frame.has(frames.END_STREAM):
            self.complete(call)

    def count(self, frame):
        """Whether DATA keeps to our windows, where we give no credit."""
        first = dict(self.script.settings).get(frames.INITIAL_WINDOW_SIZE, frames.FIRST_WINDOW)
        for place, most in ((0, frames.FIRST_WINDOW), (frame.stream, first)):
            self.received[place] = self.received.get(place, 0) + len(frame.payload)
            if not self.script.credit and self.received[place] > most:
                self.wrong(f"{self.received[place]} octets of DATA in a window of {most} (stream {place})")

    def complete(self, call):
        length = call.get("content-length")
        if length is not None and int(length) != len(call.body):
            self.wrong(f"content-length {length} and {len(call.body)} octets: {call}")
        call.complete = True
        if not call.begun:
            self.reply(call)

    def take_priority(self, frame):
        pass

    def reply(self, call):
        call.begun = True
        for piece in self.origin.next_reply():
            if self.over:
                return
            piece(call)
        call.done = True


def tls_context(shown):
    context = shown.server_context()
    context.set_alpn_protocols(["h2"])
    return context


class H2Origin:
    def __init__(self, scope, script, tls=None):
        self.script, self.tls, self.lock = script, tls, threading.Lock()
        self.calls, self.faults, self.connections, self.replied = [], [], [], 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        scope.callback(self.close)

    def close(self):
        for connected in [self.socket, *(connection.socket for connection in self.connections)]:
            try:
                connected.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connected.close()

    def next_reply(self):
        with self.lock:
            self.replied += 1
            return self.script.replies[min(self.replied, len(self.script.replies)) - 1]

    def accept(self):
        while True:
            try:
                accepted, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.converse, args=(accepted,), daemon=True).start()

    def converse(self, accepted):
        try:
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            accepted.settimeout(10)
            if self.tls:
                accepted = self.tls.wrap_socket(accepted, server_side=True)
                if accepted.selected_alpn_protocol() != "h2":
                    self.faults.append(f"ALPN: {accepted.selected_alpn_protocol()}")
        except OSError as error:
            self.faults.append(f"no handshake: {error!r}")
            accepted.close()
            return
        with self.lock:
            connection = Connection(self, accepted, len(self.connections) + 1)
            self.connections.append(connection)
        try:
            if connection.begin():
                connection.serve()
        except Exception as error:  # pylint: disable=broad-except
            self.faults.append(repr(error))
        finally:
            connection.closed = True
            connection.close()
