"""Requests as rows write them: fields, right or wrong, and how their block is cut into frames."""
from h2 import frames
from h2.hpack_by_hand import block

SCHEME = (":scheme", None)  # that of the connection, which is known when the row is run
GET = [(":method", "GET"), SCHEME, (":path", "/"), (":authority", "localhost")]
POST = [(":method", "POST"), *GET[1:]]


class Request:
    """The frames of one head. `before` and `after` are octets around what the fields make in the block; `cuts` are places at which
    it is cut into HEADERS and CONTINUATION, and `between` goes in between."""

    def __init__(self, stream, fields, end=True, before=b"", after=b"", cuts=(), between=b"", huffman=False, **options):
        self.stream, self.fields, self.end, self.before, self.after = stream, fields, end, before, after
        self.cuts, self.between, self.huffman, self.options = cuts, between, huffman, options

    def block(self, scheme):
        fields = [(name, scheme if value is None else value) for name, value in self.fields]
        return self.before + block(fields, self.huffman) + self.after

    def octets(self, scheme):
        whole = self.block(scheme)
        places = [0, *self.cuts, len(whole)]
        parts = [whole[begin:end] for begin, end in zip(places, places[1:])]
        made = frames.headers(self.stream, parts[0], self.end, len(parts) == 1, **self.options)
        for number, part in enumerate(parts[1:], 2):
            made += self.between + frames.continuation(self.stream, part, number == len(parts))
        return made


def get(stream, path="/", more=(), **options):
    return Request(stream, [*replaced(GET, ":path", path), *more], **options)


def post(stream, path="/", more=(), end=False, **options):
    return Request(stream, [*replaced(POST, ":path", path), *more], end=end, **options)


def head(stream, path="/"):
    return Request(stream, replaced(replaced(GET, ":method", "HEAD"), ":path", path))


def trailers(stream, *fields, end=True, **options):
    return Request(stream, list(fields), end=end, **options)


def replaced(fields, name, value):
    return [(key, value if key == name else old) for key, old in fields]


def without(fields, *names):
    return [field for field in fields if field[0] not in names]


def doubled(fields, name):
    return [field for field in fields for _ in range(2 if field[0] == name else 1)]
