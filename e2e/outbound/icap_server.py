"""A scanner that speaks ICAP: it refuses what holds the EICAR string, and misbehaves where a test wants it."""
import contextlib
import socket
import threading
import time

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PAGE = b"<h1>A virus was found</h1>\n"
UNCHANGED = b"ICAP/1.0 204 Unmodified\r\nISTag: \"e2e\"\r\nEncapsulated: null-body=0\r\n\r\n"


def block_page():
    head = b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nX-Blocked-By: e2e\r\n\r\n"
    return (b"ICAP/1.0 200 OK\r\nISTag: \"e2e\"\r\nX-Infection-Found: Type=0; Resolution=2; Threat=Eicar;\r\n"
            b"Encapsulated: res-hdr=0, res-body=%d\r\n\r\n" % len(head) + head + b"%x\r\n" % len(PAGE) + PAGE + b"\r\n0\r\n\r\n")


class Scanner:
    """`mood`: works; stalls (says nothing); dies (in the middle of an answer); lies (answers what is not ICAP)."""

    def __init__(self, scope):
        self.mood, self.shown, self.accepted = "works", [], 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        scope.callback(self.socket.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                accepted, _ = self.socket.accept()
                self.accepted += 1
                threading.Thread(target=self.serve, args=[accepted], daemon=True).start()

    def serve(self, wire):
        with contextlib.suppress(OSError), wire, wire.makefile("rb") as reader:
            wire.settimeout(60)
            while head := self.head(reader):
                parts = dict(part.strip().split("=") for part in head["encapsulated"].split(","))
                body_at = int(next(at for name, at in parts.items() if name.endswith("-body")))
                heads = reader.read(body_at)
                body = b"" if "null-body" in parts else self.chunks(reader)
                self.shown.append({**head, "heads": heads, "body": body})
                if self.mood == "stalls":
                    time.sleep(30)
                answer = block_page() if EICAR in heads + body else UNCHANGED
                if self.mood == "lies":
                    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                if self.mood == "dies":
                    wire.sendall(answer[:20])
                    return
                wire.sendall(answer)

    @staticmethod
    def head(reader):
        line = reader.readline().decode().split()
        if not line:
            return None
        head = {"method": line[0], "url": line[1]}
        while field := reader.readline().decode("latin-1").strip():
            name, _, value = field.partition(":")
            head[name.lower()] = value.strip()
        return head

    @staticmethod
    def chunks(reader):
        body = b""
        while size := int(reader.readline(), 16):
            body += reader.read(size)
            reader.readline()
        reader.readline()
        return body
