"""HPACK (RFC 7541) by hand: header blocks that leave the table of the other side as it is, and wrong ones.

Decoding, and Huffman's code, are those of Debian's python3-hpack."""
import sys

# Where Debian keeps its packages: another Python than Debian's does not look there.
sys.path.append("/usr/lib/python3/dist-packages")

from hpack import Decoder  # noqa: E402
from hpack.huffman import HuffmanEncoder  # noqa: E402
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH  # noqa: E402

STATIC_ENTRIES = 61
_huffman = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)


def octets(text):
    return text if isinstance(text, bytes) else text.encode("latin-1")


def integer(value, bits, first=0):
    """With a prefix of `bits`; `first` are the bits in front of it."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    value -= most
    rest = b""
    while value >= 128:
        rest += bytes([value & 127 | 128])
        value >>= 7
    return bytes([first | most]) + rest + bytes([value])


def string(text, huffman=False):
    text = octets(text)
    if huffman:
        coded = _huffman.encode(text)
        return integer(len(coded), 7, 0x80) + coded
    return integer(len(text), 7) + text


def indexed(index):
    return integer(index, 7, 0x80)


def literal(name, value, keep=False, never=False, huffman=False):
    """A literal field. `name` may be an index; `keep` adds it to the table; `never` says never indexed."""
    bits, first = (6, 0x40) if keep else (4, 0x10 if never else 0)
    front = integer(name, bits, first) if isinstance(name, int) else bytes([first]) + string(name, huffman)
    return front + string(value, huffman)


def table_size(size):
    return integer(size, 5, 0x20)


def block(fields, huffman=False):
    return b"".join(literal(name, value, huffman=huffman) for name, value in fields)


def decoder(table=4096):
    made = Decoder(max_header_list_size=1 << 24)
    made.max_allowed_table_size = table
    return made
