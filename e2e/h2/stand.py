"""What the rows run against: a gate that speaks HTTP/2 in clear text and over TLS, before a server that tells what it got."""
import threading

from harness.certificates import self_signed
from harness.gate import start_gate
from harness.origin import Origin, demo
from harness.ports import free_port

LARGE = 300000


class Stand:
    def __init__(self, scope):
        self.clear, self.secure = free_port(), free_port()
        self.complete, self.released = [], threading.Event()
        self.origin = Origin(scope, self.handle)
        scope.callback(self.released.set)

    def port(self, secure):
        return self.secure if secure else self.clear

    def begin(self):
        """A row begins."""
        self.complete, self.released = [], threading.Event()

    def end(self):
        self.released.set()

    def handle(self, exchange):
        action = {"/held": self.hold, "/large": large, "/chunked": chunked, "/not-modified": not_modified}.get(exchange.target)
        if action:
            action(exchange)
            return
        complete = self.complete
        demo(exchange)
        if exchange.target != "/probe":
            complete.append((exchange.method, exchange.target))

    def hold(self, exchange):
        """Neither reads nor answers until the row is over."""
        self.released.wait(20)
        exchange.close_after()


def large(exchange):
    exchange.body()
    exchange.answer(body=b"x" * LARGE)


def chunked(exchange):
    """With fields that HTTP/2 does not have."""
    exchange.body()
    exchange.send(b"HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: y\r\nX-Mixed-Case: Yes\r\n"
                  b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")


def not_modified(exchange):
    exchange.body()
    exchange.answer(304, [("ETag", '"x"')], reason="Not Modified")


def start_stand(scope):
    """The gate in front of it."""
    stand = Stand(scope)
    shown = self_signed(scope.folder, "front", "localhost")
    start_gate(scope, f"""\
certificates: [ {{ cert: {shown.cert}, key: {shown.key}, default: true }} ]
inbound:
  - listen: [ "h2c://127.0.0.1:{stand.clear}", "https://127.0.0.1:{stand.secure}" ]
    sites:
      - https_redirect: off
        routes:
          - {{ path: /, to: "http://127.0.0.1:{stand.origin.port}" }}
""", stand.clear, stand.secure)
    return stand
