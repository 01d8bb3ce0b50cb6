"""A server of our own, which shows what arrived and misbehaves where a test wants it.

`Origin(scope, handler)`: the handler gets an Exchange for each request head, and answers through it. Without a handler
it is `demo`, whose answer depends on the path.
"""
import hashlib
import json
import os
import socket
import ssl
import threading
import time

from harness.websocket import accept_key, echo_frames
from harness.wire import Closed, Wire


class Exchange(Wire):
    """One request, from the server's side; the connection it came on is the same object each time."""

    def __init__(self, origin, accepted, number):  # pylint: disable=super-init-not-called
        self.origin, self.socket, self.number, self.buffer = origin, accepted, number, b""
        self.method = self.target = self.version = ""
        self.request_fields, self.count, self.trailers, self.left_open = [], 0, [], True

    def read_head(self):
        line = self.line()
        self.method, self.target, self.version = line.split(" ", 2)
        self.request_fields = self.fields()
        self.count += 1

    def get(self, name, default=None):
        return next((value for key, value in self.request_fields if key.lower() == name.lower()), default)

    def all(self, name):
        return [value for key, value in self.request_fields if key.lower() == name.lower()]

    def body_pieces(self):
        self.trailers = []
        if "chunked" in self.get("Transfer-Encoding", "").lower():
            yield from self.chunks()
        else:
            left = int(self.get("Content-Length", "0"))
            while left:
                if not self.buffer and not self.fill():
                    raise Closed("the request was cut off")
                piece, self.buffer = self.buffer[:left], self.buffer[left:]
                left -= len(piece)
                yield piece

    def body(self):
        return b"".join(self.body_pieces())

    def answer(self, status=200, fields=(), body=b"", reason="OK"):
        body = body if isinstance(body, bytes) else body.encode()
        head = f"HTTP/1.1 {status} {reason}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields)
        names = [name.lower() for name, _ in fields]
        if status >= 200 and status not in (204, 304) and not {"content-length", "transfer-encoding"} & set(names):
            head += f"Content-Length: {len(body)}\r\n"
        self.send((head + "\r\n").encode("latin-1") + (b"" if self.method == "HEAD" else body))

    def answer_json(self, value, fields=()):
        self.answer(fields=[("Content-Type", "application/json"), *fields], body=json.dumps(value))

    def close_after(self):
        self.left_open = False


class Origin:
    def __init__(self, scope, handler=None, port=0, address="127.0.0.1", tls=None):
        self.handler, self.tls, self.address = handler or demo, tls, address
        self.requests, self.accepted, self.open, self.lock = [], 0, set(), threading.Lock()
        self.failures = []
        if address.startswith("/"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.bind(address)
            os.chmod(address, 0o777)
        else:
            self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind((address, port))
        self.socket.listen(1024)
        self.port = None if address.startswith("/") else self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()
        scope.callback(self.close)

    def close(self):
        for end in (lambda: self.socket.shutdown(socket.SHUT_RDWR), self.socket.close, self.drop_connections):
            try:
                end()
            except OSError:
                pass

    def drop_connections(self):
        with self.lock:
            connections = list(self.open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve(self):
        while True:
            try:
                accepted, _ = self.socket.accept()
            except OSError:
                return
            with self.lock:
                self.accepted += 1
                number = self.accepted
            threading.Thread(target=self.converse, args=(accepted, number), daemon=True).start()

    def converse(self, accepted, number):
        try:
            accepted.settimeout(100)
            if self.tls:
                accepted = self.tls.wrap_socket(accepted, server_side=True)
            with self.lock:
                self.open.add(accepted)
            exchange = Exchange(self, accepted, number)
            while exchange.left_open:
                exchange.read_head()
                with self.lock:
                    self.requests.append((exchange.method, exchange.target))
                self.handler(exchange)
        except (OSError, Closed, ssl.SSLError) as error:
            self.failures.append(repr(error))
        finally:
            with self.lock:
                self.open.discard(accepted)
            accepted.close()

    def count(self, target):
        with self.lock:
            return sum(1 for _, asked in self.requests if asked.split("?")[0] == target)


def demo(exchange):
    """What most tests need of a server, by the last part of the path."""
    word = exchange.target.split("?")[0].rsplit("/", 1)[-1]
    action = ACTIONS.get(word, show)
    action(exchange)


def show(exchange):
    """What arrived, as JSON."""
    if exchange.get("Expect", "").lower() == "100-continue":
        exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    digest, size = hashlib.sha256(), 0
    for piece in exchange.body_pieces():
        digest.update(piece)
        size += len(piece)
    exchange.answer_json({"method": exchange.method, "target": exchange.target, "fields": exchange.request_fields, "size": size,
                          "sha256": digest.hexdigest(), "trailers": exchange.trailers, "connection": exchange.number,
                          "count": exchange.count})


def echo(exchange):
    """The body comes back in chunks while it arrives, and its trailers after it."""
    exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    for piece in exchange.body_pieces():
        if piece:
            exchange.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    trailers = "".join(f"{name}: {value}\r\n" for name, value in exchange.trailers)
    exchange.send(b"0\r\n" + trailers.encode() + b"\r\n")


def trailers(exchange):
    exchange.body()
    exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Digest, X-Count\r\n\r\n"
                  b"5\r\nhello\r\n0\r\nX-Digest: abc\r\nX-Count: 5\r\n\r\n")


def refuse_body(exchange):
    """A final answer in the place of 100 Continue."""
    exchange.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\nConnection: close\r\n\r\nrefused")
    exchange.close_after()


def early_hints(exchange):
    exchange.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")
    exchange.answer(body="after hints")


def slow(exchange):
    """?first=SECONDS before the head, ?pieces=N octets with ?pause=SECONDS between them."""
    query = dict(part.split("=") for part in exchange.target.partition("?")[2].split("&") if part)
    pieces, pause = int(query.get("pieces", 1)), float(query.get("pause", 0))
    time.sleep(float(query.get("first", 0)))
    exchange.send(f"HTTP/1.1 200 OK\r\nContent-Length: {pieces}\r\n\r\n")
    for _ in range(pieces):
        exchange.send(b".")
        time.sleep(pause)


def cut(exchange):
    """Half of what was announced."""
    exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 50)
    exchange.close_after()


def close(exchange):
    exchange.close_after()


def until_close(exchange):
    exchange.send(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end")
    exchange.close_after()


def garbage(exchange):
    exchange.send(b"THIS IS NOT HTTP\r\n\r\n")
    exchange.close_after()


def websocket(exchange):
    """Takes the upgrade and sends every message back; ends when the other side does."""
    if exchange.get("Upgrade", "").lower() != "websocket":
        exchange.answer(426, [("Upgrade", "websocket"), ("Connection", "upgrade")], b"a WebSocket is wanted", "Upgrade Required")
        return
    exchange.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Accept: {accept_key(exchange.get('Sec-WebSocket-Key'))}\r\n\r\n")
    exchange.socket.settimeout(None)
    echo_frames(exchange)
    exchange.close_after()


def tunnel_to_end(exchange):
    """Upgrades, reads until the client's half-close, and only then answers."""
    exchange.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Accept: {accept_key(exchange.get('Sec-WebSocket-Key'))}\r\n\r\n")
    data = exchange.rest()
    exchange.send(b"got %d octets" % len(data))
    exchange.close_after()


ACTIONS = {"echo": echo, "trailers": trailers, "refuse-body": refuse_body, "hints": early_hints,
           "slow": slow, "cut": cut, "close": close, "until-close": until_close, "garbage": garbage, "ws": websocket,
           "tunnel": tunnel_to_end}
