"""Connections of the client, in clear text and TLS: sockets and nothing above them, so that what came before a reset can still be read."""
import asyncio
import socket
import ssl


class Plain:
    def __init__(self, connected):
        self.socket, self.loop = connected, asyncio.get_running_loop()

    @classmethod
    async def open(cls, port):
        connected = socket.socket()
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(connected, ("127.0.0.1", port))
        return cls(connected)

    async def send(self, data):
        await self.loop.sock_sendall(self.socket, data)

    async def receive(self):
        """Octets; nothing at the end. OSError where the end is not clean."""
        return await self.loop.sock_recv(self.socket, 262144)

    async def end(self):
        """Nothing more will be sent."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()


class Secure:
    """TLS over buffers. It believes every certificate: what is tested here is not TLS."""

    def __init__(self, plain, context):
        self.plain, self.incoming, self.outgoing = plain, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing)

    @classmethod
    async def open(cls, port, context):
        wire = cls(await Plain.open(port), context)
        await wire.drive(wire.tls.do_handshake)
        return wire

    async def drive(self, step):
        """Does a step, and brings the octets that it wants."""
        while True:
            try:
                result = step()
                await self.flush()
                return result
            except ssl.SSLWantReadError:
                await self.flush()
                data = await self.plain.receive()
                if data:
                    self.incoming.write(data)
                else:
                    self.incoming.write_eof()

    async def flush(self):
        if self.outgoing.pending:
            await self.plain.send(self.outgoing.read())

    async def send(self, data):
        self.tls.write(data)
        await self.flush()

    async def receive(self):
        try:
            return await self.drive(lambda: self.tls.read(262144))
        except ssl.SSLZeroReturnError:
            return b""

    async def end(self):
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        await self.flush()

    def close(self):
        self.plain.close()


def trusting():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def connect(port, context=None):
    return await Secure.open(port, context) if context else await Plain.open(port)
