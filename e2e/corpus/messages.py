"""HTTP/1.1 messages as strictly as the RFC allows: what a careful reader at either end would take, and nothing else."""
import re

NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}(;[^\x00-\x08\x0a-\x1f\x7f]*)?")


class Malformed(Exception):
    """No careful reader takes this for a message."""


class Fields(list):
    """(name, value) in order; names as they came."""

    def all(self, name):
        return [value for key, value in self if key.lower() == name.lower().encode()]

    def has(self, name):
        return bool(self.all(name))


def parse_fields(lines):
    fields = Fields()
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not NAME.fullmatch(name):
            raise Malformed(f"not a field: {line[:80]!r}")
        if CONTROL.search(value):
            raise Malformed(f"a control character in {line[:80]!r}")
        fields.append((name, value.strip(b" \t")))
    return fields


def take_head(data):
    """(first line, fields, rest) or None while it is incomplete."""
    end = data.find(b"\r\n\r\n")
    if CONTROL.search(data[:end if end >= 0 else len(data)].replace(b"\r\n", b"").removesuffix(b"\r")):
        raise Malformed(f"a control character, or a lone CR or LF, in a head: {data[:200]!r}")
    if end < 0:
        return None
    first, *lines = data[:end].split(b"\r\n")
    return first, parse_fields(lines), data[end + 4:]


def framing(fields):
    """("length", n), ("chunked", 0) or ("none", 0), as the fields say it without any doubt."""
    lengths, codings = fields.all("Content-Length"), fields.all("Transfer-Encoding")
    if codings:
        if lengths or len(codings) > 1 or codings[0].lower() != b"chunked":
            raise Malformed(f"doubtful framing: {lengths} {codings}")
        return "chunked", 0
    if lengths:
        if len(lengths) > 1 or not re.fullmatch(rb"[0-9]{1,19}", lengths[0]):
            raise Malformed(f"doubtful length: {lengths}")
        return "length", int(lengths[0])
    return "none", 0


class Chunks:
    """Takes chunked content apart, step by step."""

    def __init__(self):
        self.body, self.trailers, self.done = bytearray(), Fields(), False

    def feed(self, data):
        """Returns what is left over; after that, more is needed or it is done."""
        while not self.done:
            line_end = data.find(b"\r\n")
            if line_end < 0:
                if len(data) > 400 or CONTROL.search(data.removesuffix(b"\r")):
                    raise Malformed(f"not a chunk: {data[:80]!r}")
                return data
            if not CHUNK_SIZE.fullmatch(data[:line_end]):
                raise Malformed(f"not a chunk: {data[:80]!r}")
            size = int(data[:line_end].split(b";")[0], 16)
            if size == 0:
                return self.take_trailers(data, line_end)
            if len(data) < line_end + 2 + size + 2:
                return data
            if data[line_end + 2 + size:line_end + 4 + size] != b"\r\n":
                raise Malformed(f"no line end behind a chunk: {data[line_end + 2 + size:][:40]!r}")
            self.body += data[line_end + 2:line_end + 2 + size]
            data = data[line_end + 4 + size:]
        return data

    def take_trailers(self, data, line_end):
        if data[line_end + 2:line_end + 4] == b"\r\n":
            self.done = True
            return data[line_end + 4:]
        end = data.find(b"\r\n\r\n", line_end + 2)
        if end < 0:
            return data
        self.trailers = parse_fields(data[line_end + 2:end].split(b"\r\n"))
        self.done = True
        return data[end + 4:]
