"""A server of no protocol in particular: it greets, gives back what it gets, says goodbye when the client has finished, and remembers all."""
import contextlib
import socket
import threading

GREETING, GOODBYE = b"220 who is there\r\n", b"221 so long\r\n"


class Talker:
    def __init__(self, scope, certificate=None, greets=True):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.context = None
        if certificate:
            self.context = certificate.server_context()
            self.context.sni_callback = self.asked
        self.greets, self.names, self.received, self.open = greets, [], [], 0
        self.lock = threading.Lock()
        scope.callback(self.listener.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def asked(self, _socket, name, _context):
        self.names.append(name)

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def serve(self, connection):
        heard = bytearray()
        with self.lock:
            self.received.append(heard)
            self.open += 1
        try:
            self.talk(connection, heard)
        except OSError:
            pass
        finally:
            with self.lock:
                self.open -= 1
            connection.close()

    def talk(self, connection, heard):
        if self.context:
            connection = self.context.wrap_socket(connection, server_side=True)
        if self.greets:
            connection.sendall(GREETING)
        while piece := connection.recv(65536):
            heard += piece
            connection.sendall(piece)
        connection.sendall(GOODBYE)
        connection.close()
