"""The client's side: one connection to the gate, in clear text or TLS, whole or octet by octet."""
import asyncio
import re

from corpus.messages import Chunks, Fields, Malformed, framing, take_head
from corpus.octets import single_octets
from corpus.wires import connect

PATIENCE_SECONDS = 8


class Answer:
    def __init__(self, line, fields):
        found = re.fullmatch(rb"HTTP/1\.[01] ([0-9]{3}) ?[^\x00-\x08\x0a-\x1f\x7f]*", line)
        if not found:
            raise Malformed(f"not a status line: {line[:80]!r}")
        self.status, self.fields, self.body, self.trailers = int(found[1]), fields, b"", Fields()
        self.complete, self.interim = False, []

    def __repr__(self):
        return f"<{self.status} {bytes(self.body[:60])!r}{'' if self.complete else ' incomplete'}>"


def read_answers(data, methods, ended, clean):
    """The answers in `data` (final ones; each has its interim ones), and whether octets are left over."""
    answers, interim = [], []
    while data:
        head = take_head(data)
        if head is None:
            break
        answer = Answer(head[0], head[1])
        data = head[2]
        if answer.status < 200 and answer.status != 101:
            interim.append(answer.status)
            continue
        answer.interim, interim = interim, []
        method = methods[min(len(answers), len(methods) - 1)]
        answers.append(answer)
        data = read_content(answer, method, data, ended, clean)
    return answers, data


def read_content(answer, method, data, ended, clean):
    if answer.status == 101:
        answer.body, answer.complete = data, ended
        return b""
    if method == b"HEAD" or answer.status in (204, 304):
        answer.complete = True
        return data
    kind, length = framing(answer.fields)
    if kind == "chunked":
        chunks = Chunks()
        data = chunks.feed(data)
        answer.body, answer.trailers, answer.complete = chunks.body, chunks.trailers, chunks.done
        return data if chunks.done else b""
    if kind == "length":
        answer.body, answer.complete = data[:length], len(data) >= length
        return data[length:]
    answer.body, answer.complete = data, ended and clean
    return b""


class Talk:
    def __init__(self, wire, methods):
        self.wire, self.methods = wire, methods
        self.data, self.ended, self.clean = b"", False, True
        self.news = asyncio.Event()
        self.task = asyncio.create_task(self.listen())

    @classmethod
    async def open(cls, port, tls=None, methods=(b"GET",)):
        return cls(await connect(port, tls), methods)

    async def listen(self):
        try:
            while piece := await self.wire.receive():
                self.data += piece
                self.news.set()
        except OSError:
            self.clean = False
        self.ended = True
        self.news.set()

    async def send(self, octets, piecemeal=False):
        """Sends, even if nobody may be listening any more."""
        try:
            for piece in single_octets(octets) if piecemeal else [octets]:
                await self.wire.send(piece)
                if piecemeal:
                    await asyncio.sleep(0)
        except OSError:
            pass

    async def end(self):
        """Sends nothing more, and listens on."""
        try:
            await self.wire.end()
        except OSError:
            pass

    def answers(self):
        return read_answers(self.data, self.methods, self.ended, self.clean)

    async def wait(self, ready):
        """Waits until ready() or the end. False: it took too long."""
        limit = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while not self.ended and not ready():
            left = limit - asyncio.get_running_loop().time()
            self.news.clear()
            try:
                await asyncio.wait_for(self.news.wait(), max(left, 0.001))
            except asyncio.TimeoutError:
                return False
        return True

    async def close(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self.wire.close()
