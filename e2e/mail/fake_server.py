"""A mail server of a few lines, that says what a test wants; it serves thousands in one thread."""
import contextlib
import selectors
import socket
import threading


class FakeServer:
    """Greets, and answers each line with answer(line); None ends the connection."""

    def __init__(self, scope, greeting, answer=lambda line: b""):
        self.greeting, self.answer = greeting, answer
        self.lines, self.open = [], set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.over = False
        scope.callback(self.end)
        threading.Thread(target=self.serve, daemon=True).start()

    def end(self):
        self.over = True
        self.listener.close()

    def serve(self):
        with contextlib.suppress(OSError, ValueError):
            while not self.over:
                for key, _ in self.selector.select(0.2):
                    if key.fileobj is self.listener:
                        self.accept()
                    else:
                        self.hear(key.fileobj, key.data)
        for connection in list(self.open):
            connection.close()

    def accept(self):
        connection = self.listener.accept()[0]
        self.open.add(connection)
        self.selector.register(connection, selectors.EVENT_READ, bytearray())
        connection.sendall(self.greeting)

    def hear(self, connection, heard):
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            piece = b""
        heard += piece
        while b"\n" in heard:
            line, _, rest = bytes(heard).partition(b"\n")
            heard[:] = rest
            self.lines.append(line + b"\n")
            answer = self.answer(line + b"\n")
            if answer is None:
                piece = b""
                break
            with contextlib.suppress(OSError):
                connection.sendall(answer)
        if not piece:
            self.selector.unregister(connection)
            self.open.discard(connection)
            connection.close()

    def tell_all(self, octets):
        for connection in list(self.open):
            connection.sendall(octets)
