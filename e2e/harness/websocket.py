"""RFC 6455, as much as an echo needs: both sides."""
import base64
import hashlib
import os
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def accept_key(key):
    return base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


def masked(data, mask):
    whole = int.from_bytes(data, "big") ^ int.from_bytes((mask * (len(data) // 4 + 1))[:len(data)], "big")
    return whole.to_bytes(len(data), "big")


def frame(opcode, payload, mask=None, final=True):
    head = bytes([opcode | (0x80 if final else 0)])
    bit, size = 0x80 if mask else 0, len(payload)
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += struct.pack("!BH", bit | 126, size)
    else:
        head += struct.pack("!BQ", bit | 127, size)
    return head + (mask + masked(payload, mask) if mask else payload)


def read_part(wire):
    """(final, opcode, payload) of the next frame; a message may come in several."""
    first, second = wire.exactly(2)
    size = second & 0x7F
    if size == 126:
        size, = struct.unpack("!H", wire.exactly(2))
    elif size == 127:
        size, = struct.unpack("!Q", wire.exactly(8))
    mask = wire.exactly(4) if second & 0x80 else None
    payload = wire.exactly(size)
    return bool(first & 0x80), first & 0x0F, masked(payload, mask) if mask else payload


def read_message(wire):
    """(opcode, payload) of the next whole message."""
    final, opcode, payload = read_part(wire)
    while not final:
        final, _, more = read_part(wire)
        payload += more
    return opcode, payload


def echo_frames(wire):
    """The server's side: until the other one closes."""
    while True:
        final, opcode, payload = read_part(wire)
        wire.send(frame(PONG if opcode == PING else opcode, payload, final=final))
        if opcode == CLOSE:
            return


class Client:
    """A WebSocket on a Wire."""

    def __init__(self, wire, target="/ws", host="localhost", fields=()):
        self.wire = wire
        key = base64.b64encode(os.urandom(16)).decode()
        wire.send(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                  f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
                  + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n")
        self.response = wire.response()
        assert self.response.status == 101, f"no upgrade: {self.response}"
        assert self.response.get("Sec-WebSocket-Accept") == accept_key(key)

    def send(self, payload, opcode=BINARY):
        self.wire.send(frame(opcode, payload, os.urandom(4)))

    def receive(self):
        return read_message(self.wire)

    def exchange(self, payload, opcode=BINARY):
        self.send(payload, opcode)
        kind, answer = self.receive()
        assert (kind, answer) == (opcode, payload), f"{len(payload)} octets sent, {len(answer)} came back"

    def close(self):
        self.send(struct.pack("!H", 1000), CLOSE)
        opcode, _ = self.receive()
        assert opcode == CLOSE
