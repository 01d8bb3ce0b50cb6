"""WebSockets by extended CONNECT: websocket_client.py PORT CA (or -) E2E TARGET COUNT STATUS [PROXY FIELDS [FIRST]] opens so many on one connection,
through a tunnel of a proxy where its port is given, behind a request for FIRST, and uses them all; or has to be refused with this status. Prints "ok"."""
import os
import struct
import sys

from library_peer import connect

PORT, CA, E2E, TARGET, COUNT, STATUS, *PROXY = sys.argv[1:]
sys.path.append(E2E)
from harness.websocket import BINARY, CLOSE, PING, PONG, frame, read_message  # noqa: E402


def opened(session):
    stream = session.ask([(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http" if CA == "-" else "https"), (":path", TARGET),
                          (":authority", "localhost"), ("sec-websocket-version", "13"), ("origin", "http://localhost")], False)
    head = stream.head()
    assert head[":status"] == STATUS, head
    assert not {"sec-websocket-accept", "upgrade", "connection"} & set(head), head
    return stream


def exchange(stream, payload, opcode=BINARY, wanted=BINARY):
    stream.send(frame(opcode, payload, os.urandom(4)))
    got = read_message(stream)
    assert got == (wanted, payload), f"{len(payload)} octets sent, {got[0]} with {len(got[1])} came back"


def main():
    session = connect(int(PORT), None if CA == "-" else CA, *[int(port) for port in PROXY[:1]], *PROXY[1:2])
    for path in PROXY[2:]:
        first = session.ask([(":method", "GET"), (":scheme", "https"), (":path", path), (":authority", "localhost")], True)
        assert first.head()[":status"] == "200"
    streams = [opened(session) for _ in range(int(COUNT))]
    if STATUS != "200":
        print("ok")
        return
    for size in (0, 1, 125, 126, 65535, 65536, 1 << 20):
        exchange(streams[0], os.urandom(size))
    for stream in streams:
        exchange(stream, b"here", PING, PONG)
        exchange(stream, os.urandom(1000))
    for stream in streams:
        stream.send(frame(CLOSE, struct.pack("!H", 1000), os.urandom(4)))
        assert read_message(stream)[0] == CLOSE
        assert stream.at_end(), "the server has closed, and the stream goes on"
    print("ok")


main()
