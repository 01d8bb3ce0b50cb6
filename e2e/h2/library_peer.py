"""Streams of HTTP/2 by a library of others (Debian's python3-h2), each used like a socket: for programs of /usr/bin/python3, since this
folder has the library's name."""
import queue
import socket
import ssl
import threading

import h2.config
import h2.connection
import h2.events
from h2.settings import SettingCodes, Settings

SECONDS = 20
SETTINGS = {SettingCodes.ENABLE_CONNECT_PROTOCOL: 1}


class Stream:
    """As much of harness.wire.Wire as WebSockets need."""

    def __init__(self, session, number):
        self.session, self.number = session, number
        self.fields, self.came, self.buffer, self.ended = queue.Queue(), queue.Queue(), b"", False

    def head(self):
        return dict(self.fields.get(timeout=SECONDS))

    def exactly(self, count):
        while len(self.buffer) < count:
            piece = self.came.get(timeout=SECONDS)
            if not piece:
                raise EOFError(f"ended with {len(self.buffer)} of {count} octets")
            self.buffer += piece
        octets, self.buffer = self.buffer[:count], self.buffer[count:]
        return octets

    def at_end(self):
        return not self.buffer and self.came.get(timeout=SECONDS) == b""

    def send(self, octets):
        self.session.send_content(self.number, octets)

    def end(self):
        with self.session.lock:
            self.session.connection.end_stream(self.number)
            self.session.flush()


class Session:
    """One connection; `on_request(stream)` runs in a thread of its own for each request (of a server)."""

    def __init__(self, connected, on_request=None):
        self.socket, self.on_request, self.streams = connected, on_request, {}
        self.connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=on_request is None, header_encoding="utf-8"))
        self.lock, self.settled = threading.RLock(), threading.Event()
        self.window = threading.Condition(self.lock)
        with self.lock:
            if on_request:
                self.connection.local_settings = Settings(client=False, initial_values=SETTINGS)
            self.connection.initiate_connection()
            self.flush()
        threading.Thread(target=self.read, daemon=True).start()

    def flush(self):
        self.socket.sendall(self.connection.data_to_send())

    def read(self):
        try:
            while octets := self.socket.recv(65536):
                with self.lock:
                    for event in self.connection.receive_data(octets):
                        self.take(event)
                    self.flush()
                    self.window.notify_all()
        except OSError:
            pass
        for stream in list(self.streams.values()):
            stream.came.put(b"")

    def take(self, event):
        if isinstance(event, h2.events.RemoteSettingsChanged):
            self.settled.set()
        elif isinstance(event, h2.events.RequestReceived):
            stream = self.streams[event.stream_id] = Stream(self, event.stream_id)
            stream.fields.put(event.headers)
            threading.Thread(target=self.on_request, args=(stream,), daemon=True).start()
        elif isinstance(event, h2.events.ResponseReceived):
            self.streams[event.stream_id].fields.put(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if event.data:
                self.streams[event.stream_id].came.put(event.data)
        elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
            self.streams[event.stream_id].ended = isinstance(event, h2.events.StreamReset)
            self.streams[event.stream_id].came.put(b"")

    def respond(self, stream, fields, end=False):
        with self.lock:
            self.connection.send_headers(stream.number, fields, end)
            self.flush()

    def ask(self, fields, end):
        with self.lock:
            stream = Stream(self, self.connection.get_next_available_stream_id())
            self.streams[stream.number] = stream
            self.connection.send_headers(stream.number, fields, end)
            self.flush()
        return stream

    def send_content(self, number, octets):
        while octets:
            with self.lock:
                if self.streams[number].ended:
                    raise EOFError("the stream was reset")
                most = min(self.connection.local_flow_control_window(number), self.connection.max_outbound_frame_size)
                if most <= 0:
                    if not self.window.wait(SECONDS):
                        raise TimeoutError("no window")
                    continue
                self.connection.send_data(number, octets[:most])
                self.flush()
            octets = octets[most:]


def tunnel(proxy, to, fields):
    """What is behind an answered CONNECT."""
    connected = socket.create_connection(("127.0.0.1", proxy), SECONDS)
    connected.sendall(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{fields}\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        octet = connected.recv(1)
        if not octet:
            break
        head += octet
    if not head.startswith(b"HTTP/1.1 200 "):
        raise ConnectionError(head)
    return connected


def connect(port, authority, proxy=None, fields=""):
    """`proxy`: the port of one through which it goes, with `fields` for its CONNECT."""
    connected = tunnel(proxy, f"localhost:{port}", fields) if proxy else socket.create_connection(("127.0.0.1", port), SECONDS)
    connected.settimeout(None)
    if authority:
        context = ssl.create_default_context(cafile=authority)
        context.set_alpn_protocols(["h2"])
        connected = context.wrap_socket(connected, server_hostname="localhost")
    session = Session(connected)
    if not session.settled.wait(SECONDS):
        raise TimeoutError("no SETTINGS")
    return session
