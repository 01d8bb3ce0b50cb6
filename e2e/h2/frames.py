"""HTTP/2 frames by hand, also those that nobody may send (RFC 9113, sections 4 and 6)."""
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
LARGEST_PAYLOAD = 16384  # of a peer that has not allowed more
LARGEST_WINDOW = 2**31 - 1
FIRST_WINDOW = 65535

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
KINDS = ["DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE", "CONTINUATION"]

END_STREAM = ACK = 0x1
END_HEADERS, PADDED, WITH_PRIORITY = 0x4, 0x8, 0x20

(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM,
 CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY, HTTP_1_1_REQUIRED) = range(14)
CODES = ["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
         "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"]

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = range(1, 7)
ENABLE_CONNECT_PROTOCOL, NO_RFC7540_PRIORITIES = 8, 9


class Frame:
    """One that has arrived."""

    def __init__(self, kind, flags, stream, payload):
        self.kind, self.flags, self.stream, self.payload = kind, flags, stream, payload

    def has(self, flag):
        return bool(self.flags & flag)

    def __repr__(self):
        name = KINDS[self.kind] if self.kind < len(KINDS) else f"type {self.kind:#x}"
        shown = CODES[self.code()] if self.kind in (RST_STREAM, GOAWAY) and self.code() < len(CODES) else f"{len(self.payload)} octets"
        return f"{name}({self.stream}, flags {self.flags:#x}, {shown})"

    def code(self):
        """The error code of RST_STREAM and GOAWAY."""
        return int.from_bytes(self.payload[:4] if self.kind == RST_STREAM else self.payload[4:8], "big")

    def last_stream(self):
        """GOAWAY's."""
        return int.from_bytes(self.payload[:4], "big") & LARGEST_WINDOW

    def settings(self):
        return [struct.unpack_from("!HI", self.payload, at) for at in range(0, len(self.payload), 6)]

    def content(self):
        """DATA and HEADERS without padding and priority."""
        payload = self.payload
        if self.has(PADDED):
            payload = payload[1:len(payload) - payload[0]]
        if self.kind == HEADERS and self.has(WITH_PRIORITY):
            payload = payload[5:]
        return payload


def frame(kind, flags=0, stream=0, payload=b"", reserved=0, length=None):
    """Any frame; `length` lies about the length of the payload, `reserved` sets the reserved bit."""
    length = len(payload) if length is None else length
    return length.to_bytes(3, "big") + bytes([kind, flags]) + struct.pack("!I", stream | reserved << 31) + payload


def read_frame(octets):
    """(frame, the octets behind it), or None while it is not complete."""
    length = int.from_bytes(octets[:3], "big")
    if len(octets) < 9 + length:
        return None
    stream = int.from_bytes(octets[5:9], "big") & LARGEST_WINDOW
    return Frame(octets[3], octets[4], stream, octets[9:9 + length]), octets[9 + length:]


def padded(payload, padding):
    return payload if padding is None else bytes([padding]) + payload + bytes(padding)


def data(stream, payload=b"", end=False, padding=None, flags=0):
    flags |= (END_STREAM if end else 0) | (PADDED if padding is not None else 0)
    return frame(DATA, flags, stream, padded(payload, padding))


def priority_fields(depends=0, weight=16, exclusive=False):
    return struct.pack("!IB", depends | exclusive << 31, weight - 1)


def headers(stream, block, end=True, last=True, padding=None, priority=None, flags=0):
    """`last`: no CONTINUATION follows. `priority`: the five octets in front of the block."""
    flags |= (END_STREAM if end else 0) | (END_HEADERS if last else 0)
    flags |= (PADDED if padding is not None else 0) | (WITH_PRIORITY if priority is not None else 0)
    return frame(HEADERS, flags, stream, padded((priority or b"") + block, padding))


def continuation(stream, block=b"", last=True, flags=0):
    return frame(CONTINUATION, flags | (END_HEADERS if last else 0), stream, block)


def priority(stream, depends=0, weight=16, exclusive=False):
    return frame(PRIORITY, 0, stream, priority_fields(depends, weight, exclusive))


def rst_stream(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack("!I", code))


def settings(*pairs, ack=False, stream=0):
    return frame(SETTINGS, ACK if ack else 0, stream, b"".join(struct.pack("!HI", *pair) for pair in pairs))


def push_promise(stream, promised, block):
    return frame(PUSH_PROMISE, END_HEADERS, stream, struct.pack("!I", promised) + block)


def ping(payload=b"12345678", ack=False, stream=0, flags=0):
    return frame(PING, flags | (ACK if ack else 0), stream, payload)


def goaway(last=0, code=NO_ERROR, debug=b"", stream=0):
    return frame(GOAWAY, 0, stream, struct.pack("!II", last, code) + debug)


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack("!I", increment))


def code_names(codes):
    return " or ".join(CODES[code] if code < len(CODES) else f"{code:#x}" for code in codes)
