"""Servers that are set up in some way, right or wrong, about the PROXY protocol and TLS: each a small program, on a port of its own."""
import contextlib
import socket
import threading
import time

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


class Peer:
    """Serves each connection by talk(connection); what it was sent is in `received`, one for each."""

    def __init__(self, scope, talk, certificate=None):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.talk, self.received = talk, []
        self.context = None
        if certificate:
            self.context = certificate.server_context()
        scope.callback(self.listener.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def serve(self, connection):
        connection.settimeout(30)
        heard = bytearray()
        self.received.append(heard)
        with contextlib.suppress(OSError, EOFError), connection:
            self.talk(Connection(connection, heard, self.context))


class Connection:
    def __init__(self, stream, heard, context):
        self.stream, self.heard, self.context, self.left = stream, heard, context, b""

    def start_tls(self):
        self.stream = self.context.wrap_socket(self.stream, server_side=True)

    def say(self, octets):
        self.stream.sendall(octets)

    def more(self):
        piece = self.stream.recv(4096)
        if not piece:
            raise EOFError
        self.heard += piece
        self.left += piece

    def line(self):
        """Up to LF, as servers read it that are not strict."""
        while b"\n" not in self.left:
            self.more()
        line, self.left = self.left.split(b"\n", 1)
        return line.rstrip(b"\r")

    def header(self, *versions):
        """Whether the connection begins with a header of one of these versions, which is taken; waits for it for ever. Octet by
        octet, since TLS reads from the socket what is behind it."""
        while len(self.left) < 12:
            self.octet()
            if not (SIGNATURE.startswith(self.left) or b"PROXY ".startswith(self.left[:6])):
                return False
        if self.left == SIGNATURE:
            while len(self.left) < 16:
                self.octet()
            while len(self.left) < 16 + int.from_bytes(self.left[14:16], "big"):
                self.octet()
            version = "v2"
        else:
            while not self.left.endswith(b"\r\n"):
                self.octet()
            version = "v1"
        self.left = b""
        return version in versions

    def octet(self):
        piece = self.stream.recv(1)
        if not piece:
            raise EOFError
        self.heard += piece
        self.left += piece


# ---- what is spoken

def smtp(connection):
    errors = 0
    connection.say(b"220 mail.example.com ESMTP at your service\r\n")
    while errors < 3:
        word = connection.line().upper()
        if word.startswith(b"EHLO"):
            connection.say(b"250-mail.example.com\r\n250-STARTTLS\r\n250 SIZE 1000000\r\n" if connection.context else b"250 mail.example.com\r\n")
        elif word == b"STARTTLS" and connection.context:
            connection.say(b"220 go on\r\n")
            connection.start_tls()
        elif word == b"QUIT":
            break
        else:
            errors += 1
            connection.say(b"500 5.5.1 Invalid command.\r\n")
    connection.say(b"221 2.0.0 Bye.\r\n")


def imap(connection):
    connection.say(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
    while True:
        tag, _, word = connection.line().partition(b" ")
        if word.upper() == b"LOGOUT":
            connection.say(b"* BYE so long\r\n" + tag + b" OK done\r\n")
            return
        connection.say((tag or b"*") + b" BAD Error in IMAP command\r\n")


def smtp_xclient(answer):
    """Postfix with smtpd_authorized_xclient_hosts: XCLIENT is offered, and has this answer; a good one begins anew."""
    def talk(connection):
        connection.say(b"220 mail.example.com ESMTP Postfix\r\n")
        while (word := connection.line().upper()) != b"QUIT":
            if word.startswith(b"EHLO"):
                connection.say(b"250-mail.example.com\r\n250 XCLIENT NAME ADDR PORT DESTADDR DESTPORT\r\n")
            else:
                connection.say(answer + b"\r\n" if word.startswith(b"XCLIENT ") else b"500 5.5.2 Error: command not recognized\r\n")
        connection.say(b"221 2.0.0 Bye\r\n")
    return talk


def imap_with(capabilities):
    """Dovecot, which has one answer to ID for all."""
    def talk(connection):
        connection.say(b"* OK [CAPABILITY " + capabilities + b"] Dovecot (Debian) ready.\r\n")
        while True:
            tag, _, word = connection.line().partition(b" ")
            if word.upper() == b"LOGOUT":
                connection.say(b"* BYE Logging out\r\n" + tag + b" OK Logout completed.\r\n")
                return
            known = word.upper().startswith(b"ID ") and b" ID " in capabilities + b" "
            connection.say(b'* ID ("name" "Dovecot")\r\n' + tag + b" OK ID completed.\r\n" if known else
                           tag + b" BAD Error in IMAP command\r\n")
    return talk


def sieve_without_log_in(connection):
    connection.say(b'"IMPLEMENTATION" "Dovecot Pigeonhole"\r\n"SIEVE" "fileinto"\r\n"SASL" ""\r\n"STARTTLS"\r\nOK "Dovecot ready."\r\n')
    while connection.line().upper() != b"LOGOUT":
        connection.say(b'NO "Error in MANAGESIEVE command"\r\n')
    connection.say(b'OK "bye"\r\n')


def pop3(connection):
    connection.say(b"+OK ready\r\n")
    while (word := connection.line().upper()) != b"QUIT":
        connection.say(b"-ERR Unknown command: " + word[:10] + b"\r\n")
    connection.say(b"+OK bye\r\n")


def sieve(connection):
    connection.say(b'"IMPLEMENTATION" "sieved"\r\n"SIEVE" "fileinto"\r\nOK "ready"\r\n')
    while connection.line().upper() != b"LOGOUT":
        connection.say(b'NO "Error in MANAGESIEVE command"\r\n')
    connection.say(b'OK "bye"\r\n')


def http(connection):
    request = connection.line()
    if not request.endswith(b" HTTP/1.1"):
        connection.say(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        return
    while connection.line():
        pass
    connection.say(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")


def picky(connection):
    """A server of HTTP that does not like what it is asked for."""
    connection.line()
    connection.say(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")


SPEECHES = {"smtp": smtp, "imap": imap, "pop3": pop3, "sieve": sieve, "http": http}


# ---- how it is set up

def with_tls(speech):
    def talk(connection):
        connection.start_tls()
        speech(connection)
    return talk


def after_header(speech, *versions):
    """Wants a header of these versions; ends the connection where another comes, or none."""
    def talk(connection):
        if connection.header(*versions):
            speech(connection)
    return talk


def after_header_or_never(speech):
    """The same, and waits for ever where none comes."""
    def talk(connection):
        if not connection.header("v1", "v2"):
            time.sleep(30)
        speech(connection)
    return talk


def after_header_or_soon(speech, *versions):
    """The same, and ends the connection where none comes within a second."""
    def talk(connection):
        connection.stream.settimeout(1)
        if connection.header(*(versions or ("v1", "v2"))):
            connection.stream.settimeout(30)
            speech(connection)
    return talk


def distrustful(_connection):
    """Takes headers from another network, and closes the connection of everybody else."""


def silent(_connection):
    time.sleep(30)


def full(scope):
    """A port whose queue is full, so that connecting takes for ever."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    scope.callback(listener.close)
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            filler.connect(listener.getsockname())
        scope.callback(filler.close)
    return listener.getsockname()[1]
