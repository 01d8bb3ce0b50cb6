"""So many clients at once: PROXY PORT CA COUNT SUFFIX. Each opens a tunnel to a name of its own below SUFFIX; when all of these are
there, all begin with TLS, and ask for a page. Prints what became of them, as JSON."""
import asyncio
import collections
import json
import ssl
import sys

PROXY, PORT, CA, COUNT, SUFFIX = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]


async def tunnel(name, turns):
    async with turns:  # the name server of the tests is a slow one
        reader, writer = await asyncio.open_connection("127.0.0.1", PROXY)
        writer.write(f"CONNECT {name}:{PORT} HTTP/1.1\r\nHost: {name}:{PORT}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise ConnectionError(head)
    return reader, writer


async def ask(name, reader, writer, context):
    """The number of the certificate that is shown."""
    await writer.start_tls(context, server_hostname=name)
    certificate = writer.get_extra_info("ssl_object").getpeercert()
    writer.write(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise ConnectionError(answer[:200])
    return certificate["serialNumber"]


async def main():
    context = ssl.create_default_context(cafile=CA)
    names = [f"n{number}.{SUFFIX}" for number in range(COUNT)]
    turns = asyncio.Semaphore(20)
    tunnels = await asyncio.gather(*[tunnel(name, turns) for name in names])
    done = await asyncio.gather(*[ask(name, *ends, context) for name, ends in zip(names, tunnels)], return_exceptions=True)
    numbers = {result for result in done if isinstance(result, str)}
    failures = collections.Counter(repr(result) for result in done if not isinstance(result, str))
    print(json.dumps({"served": len(done) - failures.total(), "certificates": sorted(numbers), "failures": failures.most_common(3)}))


asyncio.run(asyncio.wait_for(main(), 60))
