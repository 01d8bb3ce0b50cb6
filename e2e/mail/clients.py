"""Clients of four protocols, by Python's libraries or by hand, that connect from an address of their own."""
import base64
import imaplib
import poplib
import smtplib
import socket

from mail.servers import PASSWORD, USER

SOURCE = "127.0.0.77"  # not the gate's: servers are to see this one


def connect(port, source=SOURCE):
    return socket.create_connection(("127.0.0.1", port), 20, source_address=(source, 0))


class Raw:
    """Lines over a socket."""

    def __init__(self, port, context=None, source=SOURCE):
        self.socket = connect(port, source)
        self.buffer = b""
        if context:
            self.secure(context)

    def secure(self, context):
        self.socket = context.wrap_socket(self.socket, server_hostname="mail.example.com")

    def say(self, octets):
        self.socket.sendall(octets)

    def line(self):
        """The next line, or what is left where the other side has ended."""
        while b"\n" not in self.buffer:
            piece = self.socket.recv(65536)
            if not piece:
                rest, self.buffer = self.buffer, b""
                return rest
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line + b"\n"

    def until(self, *beginnings):
        """All lines, up to one that begins so."""
        lines = []
        while not lines or not lines[-1].startswith(beginnings):
            lines.append(self.line())
            assert lines[-1], f"ended after {lines}"
        return lines

    def ask(self, octets, *beginnings):
        self.say(octets)
        return self.until(*beginnings)

    def rest(self):
        """Everything up to the end of the connection."""
        octets, self.buffer = self.buffer, b""
        try:
            while piece := self.socket.recv(65536):
                octets += piece
        except ConnectionResetError:
            pass
        return octets

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Imap(imaplib.IMAP4):
    def __init__(self, port, context=None):
        self.given, self.context = port, context
        super().__init__("mail.example.com", port)

    def _create_socket(self, timeout=None):
        made = connect(self.given)
        return self.context.wrap_socket(made, server_hostname="mail.example.com") if self.context else made


class Pop3(poplib.POP3):
    def __init__(self, port, context=None):
        self.given, self.context = port, context
        super().__init__("mail.example.com", port)

    def _create_socket(self, timeout):
        made = connect(self.given)
        return self.context.wrap_socket(made, server_hostname="mail.example.com") if self.context else made


def smtp_client(port, leg, context):
    if leg == "tls":
        client = smtplib.SMTP_SSL("localhost", port, source_address=(SOURCE, 0), context=context, timeout=20)
    else:
        client = smtplib.SMTP("localhost", port, source_address=(SOURCE, 0), timeout=20)
    client.ehlo("client.example.com")
    if leg == "starttls":
        client.starttls(context=context)
        assert not client.has_extn("starttls")
        client.ehlo("client.example.com")
    return client


# Each is a whole session. `offers`: whether STARTTLS is to be offered once it has been used, or was not.

def smtp(port, leg, context, token, offers):
    """Logs in, and sends a message with these words."""
    client = smtp_client(port, leg, context)
    assert not client.has_extn("xclient") and client.has_extn("starttls") == offers, client.esmtp_features
    client.login(USER, PASSWORD)
    assert client.sendmail("sender@example.com", [USER], f"Subject: {token}\r\n\r\n.{token}\r\n" + "x" * 70 + "\r\n") == {}
    client.quit()


def imap(port, leg, context, token, offers):
    """Logs in, stores a message, and reads it."""
    client = Imap(port, context if leg == "tls" else None)
    if leg == "starttls":
        client.starttls(context)
    assert ("STARTTLS" in client.capabilities) == offers, client.capabilities
    client.login(USER, PASSWORD)
    assert client.append("INBOX", None, None, f"Subject: {token}\r\n\r\nhello\r\n".encode())[0] == "OK"
    client.select("INBOX")
    found = client.search(None, "SUBJECT", token)[1][0].split()
    assert len(found) == 1
    assert token.encode() in client.fetch(found[0], "(BODY[])")[1][0][1]
    client.store(found[0], "+FLAGS", "\\Deleted")
    client.expunge()
    client.logout()


def pop3(port, leg, context, _token, offers):
    client = Pop3(port, context if leg == "tls" else None)
    if leg == "starttls":
        assert "STLS" in client.capa()
        client.stls(context)
    assert ("STLS" in client.capa()) == offers
    client.user(USER)
    client.pass_(PASSWORD)
    count = client.stat()[0]
    assert len(client.list()[1]) == count
    client.quit()


def sieve(port, leg, context, token, offers):
    """Logs in, stores a script, and lists it."""
    with Raw(port, context if leg == "tls" else None) as client:
        greeting = client.until(b"OK")
        if leg == "starttls":
            assert b'"STARTTLS"\r\n' in greeting
            client.ask(b"STARTTLS\r\n", b"OK")
            client.secure(context)
            greeting = client.until(b"OK")
        assert (b'"STARTTLS"\r\n' in greeting) == offers, greeting
        response = base64.b64encode(b"\0" + USER.encode() + b"\0" + PASSWORD.encode())
        client.socket.settimeout(5)
        client.ask(b'AUTHENTICATE "PLAIN" "' + response + b'"\r\n', b"OK")
        script = f'# {token}\r\nkeep;\r\n'.encode()
        client.ask(b'PUTSCRIPT "one" {%d+}\r\n%s\r\n' % (len(script), script), b"OK")
        assert any(b'"one"' in line for line in client.ask(b"LISTSCRIPTS\r\n", b"OK"))
        client.ask(b"LOGOUT\r\n", b"OK")


SESSIONS = {"smtp": smtp, "imap": imap, "pop3": pop3, "sieve": sieve}
