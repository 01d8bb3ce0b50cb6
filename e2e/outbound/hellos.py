"""Hellos of TLS as no library would write them."""
import struct


def hello(name=None, extensions=b"", kind=0, version=b"\x03\x03", ciphers=b"\x13\x01\xc0\x2b\xc0\x2f"):
    """A ClientHello of TLS 1.2, with whatever name."""
    if name is not None:
        entry = bytes([kind]) + struct.pack("!H", len(name)) + name
        extensions = struct.pack("!HHH", 0, len(entry) + 2, len(entry)) + entry + extensions
    extensions += struct.pack("!HHHHH", 10, 6, 4, 0x001d, 0x0017) + b"\x00\x0d\x00\x06\x00\x04\x04\x03\x08\x04"
    body = version + bytes(32) + b"\0" + struct.pack("!H", len(ciphers)) + ciphers + b"\1\0" + struct.pack("!H", len(extensions)) + extensions
    message = b"\1" + struct.pack("!I", len(body))[1:] + body
    return b"".join(b"\x16\x03\x01" + struct.pack("!H", len(message[at:at + 16000])) + message[at:at + 16000] for at in range(0, len(message), 16000))


def alpn(*protocols):
    listed = b"".join(bytes([len(one)]) + one for one in protocols)
    return struct.pack("!HHH", 16, len(listed) + 2, len(listed)) + listed
