"""HTTP/1.1 by hand, for what no client library would send or show."""
import socket
import ssl
import time


class Closed(Exception):
    """The other side closed where a message was to come."""


class Response:
    def __init__(self, version, status, reason, fields):
        self.version, self.status, self.reason, self.fields = version, status, reason, fields
        self.body, self.trailers, self.interim, self.complete = b"", [], [], True

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    def __repr__(self):
        return f"<{self.status} {self.fields} {self.body[:200]!r}>"


class Wire:
    """One connection. Every wait has a limit."""

    def __init__(self, port, address="127.0.0.1", tls=None, name=None, seconds=20, source=None):
        if address.startswith("/"):
            plain = socket.socket(socket.AF_UNIX)
            plain.settimeout(seconds)
            plain.connect(address)
        else:
            plain = socket.create_connection((address, port), seconds, source_address=source)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = tls.wrap_socket(plain, server_hostname=name) if tls else plain
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))

    def half_close(self):
        """Says that nothing more comes (plain connections only: Python's ssl cannot)."""
        self.socket.shutdown(socket.SHUT_WR)

    def fill(self):
        data = self.socket.recv(262144)
        self.buffer += data
        return bool(data)

    def line(self):
        while b"\r\n" not in self.buffer:
            if not self.fill():
                raise Closed(f"closed after {self.buffer[:200]!r}")
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode("latin-1")

    def exactly(self, count):
        while len(self.buffer) < count:
            if not self.fill():
                raise Closed(f"closed with {len(self.buffer)} of {count} octets")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def rest(self):
        while self.fill():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def at_end(self, seconds=10):
        """True when the other side closes without sending more."""
        self.socket.settimeout(seconds)
        try:
            return not self.buffer and not self.fill()
        except (ConnectionResetError, ssl.SSLError):
            return True
        except TimeoutError:
            return False

    def fields(self):
        fields = []
        while True:
            line = self.line()
            if not line:
                return fields
            name, _, value = line.partition(":")
            fields.append((name, value.strip()))

    def head(self):
        version, status, *reason = self.line().split(" ", 2)
        return Response(version, int(status), reason[0] if reason else "", self.fields())

    def chunks(self):
        """The chunks of a body, then the trailers."""
        while True:
            size = int(self.line().split(";")[0], 16)
            if size == 0:
                self.trailers = self.fields()
                return
            yield self.exactly(size)
            assert self.exactly(2) == b"\r\n"

    def response(self, method="GET", interim=True):
        """The next final response, with those that came before it (or the next of any kind)."""
        before = []
        while True:
            response = self.head()
            if response.status >= 200 or response.status == 101 or not interim:
                break
            before.append(response)
        response.interim = before
        if method == "HEAD" or response.status < 200 or response.status in (204, 304):
            return response
        if "chunked" in response.get("Transfer-Encoding", ""):
            response.body = b"".join(self.chunks())
            response.trailers = self.trailers
        elif response.get("Content-Length") is not None:
            response.body = self.exactly(int(response.get("Content-Length")))
        else:
            response.body = self.rest()
        return response

    def ask(self, method, target, fields=(), body=b"", host="localhost"):
        """One request with its response."""
        head = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n"
        names = [name.lower() for name, _ in fields]
        if (body or method in ("POST", "PUT")) and "content-length" not in names and "transfer-encoding" not in names:
            head += f"Content-Length: {len(body)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in fields)
        self.send((head + "\r\n").encode("latin-1") + body)
        return self.response(method)


def ask(port, method="GET", target="/", fields=(), body=b"", host="localhost", **options):
    """One request on a connection of its own."""
    with Wire(port, **options) as wire:
        return wire.ask(method, target, fields, body, host)


def chunked(data, size=65536):
    return b"".join(b"%x\r\n%s\r\n" % (len(data[i:i + size]), data[i:i + size]) for i in range(0, len(data), size)) + b"0\r\n\r\n"


def now():
    return time.monotonic()
