"""HPACK (RFC 7541): what a decoder must read, and what it must refuse."""
from h2.expectations import answered, arrived, connection_error, either, malformed, stream_error
from h2.frames import (CANCEL, COMPRESSION_ERROR, ENHANCE_YOUR_CALM, HEADER_TABLE_SIZE, INTERNAL_ERROR, PROTOCOL_ERROR, REFUSED_STREAM,
                       STREAM_CLOSED, data, rst_stream)
from h2.hpack_by_hand import STATIC_ENTRIES, indexed, integer, literal, string, table_size
from h2.requests import Request, get, post, trailers
from h2.rows import Row, answer_of, computed, tests_of
from h2.stand import start_stand

fixture = start_stand
ERROR = connection_error(COMPRESSION_ERROR)
NEWEST = STATIC_ENTRIES + 1  # of the dynamic table
OVERFLOWS = {"beyond 64 bits": b"\xff" * 10 + b"\x7f", "that never end": b"\x80" * 30, "just beyond 32 bits": b"\x80\x80\x80\x80\x10"}


def prefixed(first, rest):
    return bytes([first]) + rest


def huffman(coded):
    """A string that says that it is Huffman's."""
    return integer(len(coded), 7, 0x80) + coded


def value_of(coded):
    """A field whose value is these octets, as they are."""
    return b"\0" + string("x-coded") + coded


def largest(peer):
    """What the table of the server's decoder may be."""
    return peer.settings.get(HEADER_TABLE_SIZE, 4096)


def fill(peer, count, size=40):
    """Requests that put `count` entries of about 1000 octets in all into the table."""
    return [get(2 * number + 1, after=literal(f"x-{number:02}", "v" * size, keep=True)) for number in range(count)]


def eviction(peer):
    """As many entries as the table holds, and one more: what came first has gone, what came second is there."""
    name_and_value = len("x-00") + largest(peer) // 8 - 36
    count = 8
    assert (name_and_value + 32) * count <= largest(peer)
    return fill(peer, count + 1, name_and_value - 4)


def oldest(peer, more=0):
    pieces = eviction(peer)
    stream = 2 * len(pieces) + 1
    return [*pieces, *[answer_of(2 * number + 1) for number in range(len(pieces))], get(stream, after=indexed(NEWEST + 7 + more))]


PRINTABLE = bytes(range(0x21, 0x7f)).decode()
SENT_ONCE = get(1, after=literal("x-kept", "for ever", keep=True))

READ = [
    Row("indexed fields of the static table", "7541 6.1", [computed(lambda peer: [Request(1, [(":authority", "localhost")], before=indexed(2) + indexed(
        7 if peer.scheme == "https" else 6) + indexed(4))])], answered(1, test=arrived(method="GET"))),
    Row("a name of the static table", "7541 6.2", [get(1, after=literal(58, "agent"))], answered(1, test=arrived(("user-agent", "agent")))),
    Row("the last entry of the static table", "7541 6.1", [get(1, after=literal(STATIC_ENTRIES, "Basic x"))], answered(1)),
    Row("a field that is kept", "7541 6.2.1", [SENT_ONCE, answer_of(1), get(3, after=indexed(NEWEST))], answered(3, test=arrived(("x-kept", "for ever")))),
    Row("a kept name of the static table", "7541 6.2.1", [get(1, after=literal(58, "agent", keep=True)), answer_of(1), get(3, after=indexed(NEWEST))],
        answered(3, test=arrived(("user-agent", "agent")))),
    Row("a name of a kept field", "7541 6.2.2", [SENT_ONCE, answer_of(1), get(3, after=literal(NEWEST, "another"))],
        answered(3, test=arrived(("x-kept", "another")))),
    Row("a kept field that is named by a kept one", "7541 6.2.1", [SENT_ONCE, get(3, after=literal(NEWEST, "another", keep=True)), answer_of(1), answer_of(3),
                                                                  get(5, after=indexed(NEWEST) + literal("x-both", "y"))],
        answered(5, test=arrived(("x-kept", "another"), ("x-both", "y")))),
    Row("the older of two kept fields", "7541 2.3.3", [SENT_ONCE, get(3, after=literal("x-new", "y", keep=True)), answer_of(1), answer_of(3),
                                                       get(5, after=indexed(NEWEST + 1))], answered(5, test=arrived(("x-kept", "for ever")))),
    Row("a kept field within the same block", "7541 2.3.2", [get(1, after=literal("x-kept", "for ever", keep=True) + indexed(NEWEST))], answered(1)),
    Row("a field that is not kept", "7541 6.2.2", [get(1, after=literal("x-gone", "y")), answer_of(1), get(3, after=indexed(NEWEST))], ERROR),
    Row("a field that is never kept", "7541 6.2.3", [get(1, after=literal("x-secret", "y", never=True))],
        answered(1, test=arrived(("x-secret", "y")))),
    Row("a field that is never kept is not kept", "7541 6.2.3", [get(1, after=literal("x-secret", "y", never=True)), answer_of(1),
                                                                 get(3, after=indexed(NEWEST))], ERROR),
    Row("a never kept field with a name of the table", "7541 6.2.3", [get(1, after=literal(58, "agent", never=True))],
        answered(1, test=arrived(("user-agent", "agent")))),
    Row("Huffman everywhere", "7541 5.2", [get(1, more=[("x-coded", "some words")], huffman=True)],
        answered(1, test=arrived(("x-coded", "some words")))),
    Row("Huffman for all printable octets", "7541 5.2", [get(1, after=literal("x-coded", PRINTABLE, huffman=True))],
        answered(1, test=arrived(("x-coded", PRINTABLE)))),
    *[Row(f"Huffman with {bits} bits of padding", "7541 5.2", [get(1, after=literal("x-coded", text, huffman=True))],
          answered(1, test=arrived(("x-coded", text)))) for bits, text in ((0, "0000000X"), (3, "0"), (7, "00000"), (1, ";"))],
    Row("Huffman of no octets", "7541 5.2", [get(1, after=value_of(huffman(b"")))], answered(1)),
    Row("a value of 200 octets", "7541 5.1", [get(1, after=literal("x-long", "a" * 200))], answered(1, test=arrived(("x-long", "a" * 200)))),
    Row("an integer with needless octets", "7541 5.1", [get(1, after=b"\0" + string("x-long") + b"\x7f\x81\x00" + b"a" * 128)],
        either(answered(1, test=arrived(("x-long", "a" * 128))), ERROR)),
    Row("a block without dynamic fields keeps the table", "7541 2.2", [SENT_ONCE, answer_of(1), get(3), answer_of(3), get(5, after=indexed(NEWEST))],
        answered(5, test=arrived(("x-kept", "for ever")))),
]

IN_STEP = [
    Row("the table after a malformed request", "9113 4.3", [get(1, more=[("Upper", "x")], after=literal("x-kept", "for ever", keep=True)),
                                                            get(3, after=indexed(NEWEST))],
        either(answered(3, test=arrived(("x-kept", "for ever"))), malformed(1))),
    Row("the table after a request that was given up", "9113 4.3", [get(1, "/held", after=literal("x-kept", "for ever", keep=True)), rst_stream(1),
                                                                     get(3, after=indexed(NEWEST))], answered(3, test=arrived(("x-kept", "for ever")))),
    Row("the table after trailers", "7541 2.2", [post(1), data(1, b"x"), trailers(1, before=literal("x-kept", "for ever", keep=True)), answer_of(1),
                                                 get(3, after=indexed(NEWEST))], answered(3, test=arrived(("x-kept", "for ever")))),
    Row("the table after a block in three frames", "9113 4.3", [get(1, after=literal("x-kept", "for ever", keep=True), cuts=[5, 30]), answer_of(1),
                                                                get(3, after=indexed(NEWEST))], answered(3, test=arrived(("x-kept", "for ever")))),
    Row("the second oldest entry when the oldest had to go", "7541 4.4", [computed(oldest)], answered(19, test=arrived())),
    Row("the oldest entry when it had to go", "7541 4.4", [computed(lambda peer: oldest(peer, 1))], ERROR),
    Row("a kept field larger than the table", "7541 4.4", [computed(lambda peer: [
        SENT_ONCE, answer_of(1), get(3, after=literal("x-large", "a" * (largest(peer) - 10), keep=True))])], answered(3)),
    Row("a kept field larger than the table empties it", "7541 4.4", [computed(lambda peer: [
        SENT_ONCE, answer_of(1), get(3, after=literal("x-large", "a" * largest(peer), keep=True)), answer_of(3), get(5, after=indexed(NEWEST))])], ERROR),
]

SIZES = [
    Row("a table size at the beginning", "7541 6.3", [get(1, before=table_size(1000))], answered(1)),
    Row("a table size of 0", "7541 6.3", [get(1, before=table_size(0))], answered(1)),
    Row("the largest table size", "7541 6.3", [computed(lambda peer: [get(1, before=table_size(largest(peer)))])], answered(1)),
    Row("two table sizes at the beginning", "7541 4.2", [get(1, before=table_size(0) + table_size(4000))], answered(1)),
    Row("a table size in trailers", "7541 4.2", [post(1), data(1, b"x"), trailers(1, ("x-trailer", "y"), before=table_size(100))], answered(1)),
    Row("a smaller table keeps the newest", "7541 4.3", [SENT_ONCE, answer_of(1), get(3, before=table_size(100), after=indexed(NEWEST))],
        answered(3, test=arrived(("x-kept", "for ever")))),
    Row("a table that is too small for its entry", "7541 4.3", [SENT_ONCE, answer_of(1), get(3, before=table_size(40), after=indexed(NEWEST))], ERROR),
    Row("a table that was emptied", "7541 4.3", [SENT_ONCE, answer_of(1), get(3, before=table_size(0) + table_size(4096), after=indexed(NEWEST))], ERROR),
    Row("a table of size 0 keeps nothing", "7541 4.4", [get(1, before=table_size(0), after=literal("x-kept", "y", keep=True)), answer_of(1),
                                                        get(3, after=indexed(NEWEST))], ERROR),
    Row("a table size larger than allowed", "7541 6.3", [computed(lambda peer: [get(1, before=table_size(largest(peer) + 1))])], ERROR),
    Row("a table size much larger than allowed", "7541 6.3", [get(1, before=table_size(2**31))], ERROR),
    Row("a table size behind the fields", "7541 4.2", [get(1, after=table_size(1000))], ERROR),
    Row("a table size between fields", "7541 4.2", [get(1, before=indexed(2) + table_size(1000))], ERROR),
    Row("a table size behind a field in CONTINUATION", "7541 4.2", [get(1, after=table_size(1), cuts=[10])], ERROR),
]

REFUSED = [
    Row("index 0", "7541 6.1", [get(1, after=indexed(0))], ERROR),
    Row("index 0 alone", "7541 6.1", [Request(1, [], after=indexed(0))], ERROR),
    Row("index 0 in trailers", "7541 6.1", [post(1), data(1, b"x"), trailers(1, after=indexed(0))], ERROR),
    *[Row(f"index {index}", "7541 2.3.3", [get(1, after=indexed(index))], ERROR) for index in (62, 70, 127, 300, 2**31)],
    Row("the name of index 62", "7541 2.3.3", [get(1, after=literal(62, "x"))], ERROR),
    Row("the name of index 70 for a kept field", "7541 2.3.3", [get(1, after=literal(70, "x", keep=True))], ERROR),
    Row("the name of index 70 for a field never kept", "7541 2.3.3", [get(1, after=literal(70, "x", never=True))], ERROR),
    Row("an index beyond the entries of the table", "7541 2.3.3", [SENT_ONCE, answer_of(1), get(3, after=indexed(NEWEST + 1))], ERROR),
    Row("a bad block on a stream that was given up", "9113 4.3", [post(1), rst_stream(1), trailers(1, after=indexed(0))],
        either(ERROR, stream_error(1, PROTOCOL_ERROR, STREAM_CLOSED))),
    *[Row(f"an index {what}", "7541 5.1", [get(1, after=prefixed(0xff, rest))], ERROR) for what, rest in OVERFLOWS.items()],
    *[Row(f"a table size {what}", "7541 5.1", [get(1, before=prefixed(0x3f, rest))], ERROR) for what, rest in OVERFLOWS.items()],
    *[Row(f"the length of a name {what}", "7541 5.1", [get(1, after=b"\0" + prefixed(0x7f, rest) + b"abc")], ERROR) for what, rest in OVERFLOWS.items()],
    *[Row(f"the length of a value {what}", "7541 5.1", [get(1, after=value_of(prefixed(0x7f, rest) + b"abc"))], ERROR)
      for what, rest in OVERFLOWS.items()],
    *[Row(f"the length of a Huffman value {what}", "7541 5.1", [get(1, after=value_of(prefixed(0xff, rest) + b"abc"))], ERROR)
      for what, rest in OVERFLOWS.items()],
    Row("an index that is not complete", "7541 5.1", [get(1, after=b"\xff")], ERROR),
    Row("an index that goes on and is not complete", "7541 5.1", [get(1, after=b"\xff\x80")], ERROR),
    Row("a literal without a name", "7541 6.2", [get(1, after=b"\0")], ERROR),
    Row("a literal without a value", "7541 6.2", [get(1, after=b"\0" + string("x-name"))], ERROR),
    Row("a kept literal without a value", "7541 6.2", [get(1, after=b"\x7a")], ERROR),
    Row("a name longer than the block", "7541 5.2", [get(1, after=b"\0" + integer(50, 7) + b"x-name")], ERROR),
    Row("a value longer than the block", "7541 5.2", [get(1, after=value_of(integer(50, 7) + b"value"))], ERROR),
    Row("a Huffman value longer than the block", "7541 5.2", [get(1, after=value_of(integer(50, 7, 0x80) + b"value"))], ERROR),
    Row("Huffman with 8 bits of padding", "7541 5.2", [get(1, after=value_of(huffman(b"\xff")))], ERROR),
    Row("Huffman with 11 bits of padding", "7541 5.2", [get(1, after=value_of(huffman(b"\x07\xff")))], ERROR),
    Row("Huffman with 24 bits of padding", "7541 5.2", [get(1, after=value_of(huffman(b"\xff\xff\xff")))], ERROR),
    Row("Huffman with padding of zeros", "7541 5.2", [get(1, after=value_of(huffman(b"\x00")))], ERROR),
    Row("Huffman with padding that is not all ones", "7541 5.2", [get(1, after=value_of(huffman(b"\x06")))], ERROR),
    Row("EOS alone", "7541 5.2", [get(1, after=value_of(huffman(b"\xff\xff\xff\xff")))], ERROR),
    Row("EOS in a value", "7541 5.2", [get(1, after=value_of(huffman(b"\x07\xff\xff\xff\xff")))], ERROR),
    Row("EOS in a name", "7541 5.2", [get(1, after=b"\0" + huffman(b"\xff\xff\xff\xfc") + string("value"))], ERROR),
    Row("Huffman with 8 bits of padding in a name", "7541 5.2", [get(1, after=b"\0" + huffman(b"\x07\xff") + string("value"))], ERROR),
    Row("Huffman that stops within a long code", "7541 5.2", [get(1, after=value_of(huffman(b"\xff\xff\xfe")))], ERROR),
    Row("a bad block without END_STREAM", "9113 4.3", [post(1, after=indexed(0))], ERROR),
    Row("a bad block in CONTINUATION", "9113 4.3", [get(1, after=indexed(0), cuts=[10])], ERROR),
    Row("a bad block behind a malformed field", "9113 4.3", [get(1, more=[("Upper", "x")], after=indexed(0))], ERROR),
]

def bomb(peer):
    """One large field, kept, and then thousands of indices that mean it."""
    size = largest(peer) - 100
    return [get(1, after=literal("x-large", "a" * size, keep=True)), answer_of(1), get(3, after=indexed(NEWEST) * 12000)]


def too_much(peer, stand):
    """431, or an error; and the server has not got it."""
    reset = stream_error(3, PROTOCOL_ERROR, ENHANCE_YOUR_CALM, REFUSED_STREAM, CANCEL, INTERNAL_ERROR, COMPRESSION_ERROR)
    either(answered(3, (400, 431)), reset)(peer, stand)
    assert len(stand.complete) <= 1, stand.complete


REFUSED += [Row("a block that says little and means much", "7541 7.3", [computed(bomb)], too_much)]

ROWS = READ + IN_STEP + SIZES + REFUSED


def more_tests():
    yield from tests_of(ROWS)
