"""The notation of octets in case files, and how octets are cut into pieces."""
import re

SINGLE = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "s": b" ", "\\": b"\\"}
TOKEN = re.compile(r"\\x(?P<hex>[0-9a-f]{2})|\\\*(?P<times>\d+)\((?P<again>[^)]*)\)|\\\((?P<name>\w+)\)|\\(?P<single>[rnt0s\\])|(?P<plain>[^\\])")


def unescape(text, pieces=None):
    r"""`\r \n \t \0 \s \\ \xHH`, `\*3(text)` for repetition, `\(name)` for one of `pieces`."""
    out, at = [], 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if not found:
            raise ValueError(f"not a notation of octets: {text[at:at + 20]!r}")
        at = found.end()
        if found["hex"]:
            out.append(bytes.fromhex(found["hex"]))
        elif found["times"]:
            out.append(unescape(found["again"]) * int(found["times"]))
        elif found["name"]:
            out.append(pieces[found["name"]])
        elif found["single"]:
            out.append(SINGLE[found["single"]])
        else:
            out.append(found["plain"].encode("ascii"))
    return b"".join(out)


def single_octets(data):
    """One octet at a time; of what is very long, only the beginning and the end."""
    if len(data) < 4000:
        yield from (data[i:i + 1] for i in range(len(data)))
        return
    yield from single_octets(data[:1500])
    yield from (data[i:i + 1009] for i in range(1500, len(data) - 200, 1009))
    yield from single_octets(data[1500 + (len(data) - 1700 + 1008) // 1009 * 1009:])
