"""The origin behind the gate: it records what it is asked, as a careful reader, and answers as a case wants it."""
import asyncio
import socket
import struct

from corpus.messages import Chunks, Fields, Malformed, framing, take_head
from corpus.octets import single_octets

PROBE = b"/probe"


class Request:
    def __init__(self, line, fields):
        self.line, self.fields, self.body, self.trailers = line, fields, b"", Fields()
        self.complete, self.doubts = False, []
        words = line.split(b" ")
        self.method, self.target = words[0], words[1] if len(words) > 1 else b""
        self.last = words[-1] == b"HTTP/1.0"  # the connection ends behind it
        if len(words) != 3 or words[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
            self.doubts.append(f"a doubtful request line: {line[:100]!r}")
        if len(fields.all("Host")) != 1 and not (self.last and not fields.has("Host")):
            self.doubts.append(f"{len(fields.all('Host'))} Host fields")

    def is_probe(self):
        return self.target.startswith(PROBE)

    def __repr__(self):
        whole = "" if self.complete else " (incomplete)"
        return f"{self.line[:100].decode('latin-1')} {[(n.decode('latin-1'), v[:60].decode('latin-1')) for n, v in self.fields]} {bytes(self.body[:80])!r}{whole}"


class Script:
    """What is sent in the place of an answer, and what happens then."""

    def __init__(self, reply, then="open", early=False, piecemeal=False, greeting=b""):
        self.reply, self.then, self.early, self.piecemeal, self.greeting = reply, then, early, piecemeal, greeting


class Recorder:
    """One port. It serves one case at a time; what arrives belongs to that case."""

    def __init__(self):
        self.requests, self.garbage, self.script, self.writers, self.server = [], [], None, set(), None

    async def start(self, port=0):
        self.server = await asyncio.start_server(self.converse, "127.0.0.1", port, backlog=256)
        return self.server.sockets[0].getsockname()[1]

    def begin(self, script=None):
        self.requests, self.garbage, self.script = [], [], script

    async def inject(self, octets, then="open"):
        """Sends octets on every connection, whether they were asked for or not."""
        for writer in list(self.writers):
            writer.write(octets)
            if then == "close":
                writer.close()
        await asyncio.sleep(0.02)

    async def converse(self, reader, writer):
        self.writers.add(writer)
        try:
            if self.script and self.script.greeting:
                writer.write(self.script.greeting)
            data = b""
            while data is not None:
                data = await self.exchange(data, reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        except Malformed as error:
            self.garbage.append(str(error))
        finally:
            self.writers.discard(writer)
            writer.close()

    async def exchange(self, data, reader, writer):
        """One request; returns what has come behind it, or None when the connection is over."""
        while not (head := take_head(data)):
            more = await reader.read(262144)
            if not more:
                if data:
                    self.garbage.append(f"half a head: {data[:200]!r}")
                return None
            data += more
        line, fields, data = head
        request = Request(line, fields)
        self.requests.append(request)
        script = self.script if not request.is_probe() else None
        if script and script.early:
            await self.reply(script, reader, writer)
            if script.then != "open":
                return None
        data = await self.read_content(request, data, reader, writer)
        if data is None or (script and script.early):
            return data
        if script:
            await self.reply(script, reader, writer)
            return data if script.then == "open" else None
        return data if await answer(request, writer) and not request.last else None

    async def read_content(self, request, data, reader, writer):
        try:
            kind, length = framing(request.fields)
        except Malformed as error:
            request.doubts.append(str(error))
            return None
        if request.fields.has("Expect"):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        chunks = Chunks()
        while True:
            if kind == "chunked":
                data = chunks.feed(data)
                request.body, request.trailers, request.complete = chunks.body, chunks.trailers, chunks.done
                left = data
            else:
                request.body, left = data[:length], data[length:]
                request.complete = len(request.body) == length
            if request.complete:
                return left
            more = await reader.read(262144)
            if not more:
                return None
            data += more

    async def reply(self, script, reader, writer):
        for piece in single_octets(script.reply) if script.piecemeal else [script.reply]:
            writer.write(piece)
            if script.piecemeal:
                await writer.drain()
                await asyncio.sleep(0)
        if script.then == "reset":
            await asyncio.sleep(0.02)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        elif script.then == "close":
            await writer.drain()
            writer.write_eof()
            await drained(reader)


async def drained(reader):
    """Takes what still comes, so that our end is an end and not a reset."""
    async def drain():
        while await reader.read(262144):
            pass
    try:
        await asyncio.wait_for(drain(), 1)
    except asyncio.TimeoutError:
        pass


async def answer(request, writer):
    """200, and 101 below /tunnel where it is wanted. Whether the connection stays."""
    upgrade = b", ".join(request.fields.all("Upgrade"))
    if request.target.startswith(b"/tunnel") and upgrade:
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n" % upgrade)
        await writer.drain()
        writer.write_eof()
        return False
    body = b"answer to " + request.target[:100]
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), b"" if request.method == b"HEAD" else body))
    return True
