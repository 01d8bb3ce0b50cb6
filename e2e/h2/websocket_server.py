"""WebSockets by extended CONNECT (RFC 8441): websocket_server.py PORT E2E [CERT KEY]. Everything else is answered with "hello"."""
import socket
import ssl
import sys
import threading

from library_peer import Session

PORT, E2E, *TLS = sys.argv[1:]
sys.path.append(E2E)
from harness.websocket import echo_frames  # noqa: E402


def serve(stream):
    head = stream.head()
    if head.get(":method") != "CONNECT":
        stream.session.respond(stream, [(":status", "200"), ("content-type", "text/plain")])
        stream.send(b"hello")
        stream.end()
        return
    right = head.get(":protocol") == "websocket" and head.get("sec-websocket-version") == "13" and "sec-websocket-key" not in head
    if not right or head[":path"] == "/refused":
        stream.session.respond(stream, [(":status", "403" if right else "400")], True)
        return
    stream.session.respond(stream, [(":status", "200"), ("x-tunnel", "yes")])
    echo_frames(stream)
    stream.end()


def converse(accepted, context):
    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    Session(context.wrap_socket(accepted, server_side=True) if context else accepted, serve)


def main():
    context = None
    if TLS:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*TLS)
        context.set_alpn_protocols(["h2"])
    with socket.create_server(("127.0.0.1", int(PORT))) as listening:
        while True:
            accepted, _ = listening.accept()
            threading.Thread(target=converse, args=(accepted, context), daemon=True).start()


main()
