"""A name server of an attacker: whose names lead to private addresses, by every way that there is, or here and there in turns."""
import socket
import struct

from harness.name_server import NameServer

A, CNAME, AAAA = 1, 5, 28


def labels(name):
    return b"".join(bytes([len(label)]) + label for label in name.split(b".") if label) + b"\0"


def record(name, kind, data, ttl=0):
    return labels(name) + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def addresses(name, *texts, ttl=0):
    made = []
    for text in texts:
        v6 = ":" in text
        made.append(record(name, AAAA if v6 else A, socket.inet_pton(socket.AF_INET6 if v6 else socket.AF_INET, text), ttl))
    return made


class HostileNames(NameServer):
    """`odd`: functions by the first label of a name, from (name, kind) to records of an answer. `names` is as ever."""

    def __init__(self, scope, address):
        super().__init__(scope, address)
        self.odd = {}

    def answer(self, question):
        size = question[12]
        first = question[13:13 + size].decode("latin-1").lower()
        if first not in self.odd:
            return super().answer(question)
        end = question.index(b"\0", 12) + 5  # (no label of ours has a NUL)
        kind, = struct.unpack("!H", question[end - 4:end - 2])
        name, at = [], 12
        while question[at]:
            name.append(question[at + 1:at + 1 + question[at]])
            at += 1 + question[at]
        self.asked.append((b".".join(name).decode("latin-1").lower(), kind))
        found = self.odd[first](b".".join(name), kind)
        return question[:2] + struct.pack("!HHHHH", 0x8180, 1, len(found), 0, 0) + question[12:end] + b"".join(found)


def of_kind(kind, records):
    """Only those that answer the question, and aliases."""
    return [one for one in records if struct.unpack("!H", one[len_of_name(one):len_of_name(one) + 2])[0] in (kind, CNAME)]


def len_of_name(one):
    at = 0
    while one[at]:
        at += 1 + one[at]
    return at + 1


def plain(*texts):
    return lambda name, kind: of_kind(kind, addresses(name, *texts))


def chain(length, *texts):
    """An alias of an alias of an alias."""
    def answer(name, kind):
        links = [name] + [b"link%d.chain.test" % number for number in range(length)]
        aliases = [record(this, CNAME, labels(following)) for this, following in zip(links, links[1:])]
        return aliases + of_kind(kind, addresses(links[-1], *texts))
    return answer


def alias(target, *texts):
    return lambda name, kind: [record(name, CNAME, labels(target)), *of_kind(kind, addresses(target, *texts))]


def in_turns(*rounds):
    """Another answer each time: a name that is rebound between two look-ups."""
    count = [0]

    def answer(name, kind):
        if kind != A:
            return []
        count[0] += 1
        return addresses(name, *rounds[(count[0] - 1) % len(rounds)])
    return answer


def for_somebody_else(*texts):
    """Addresses of another name than was asked for."""
    return lambda name, kind: of_kind(kind, addresses(b"other.test", *texts))
