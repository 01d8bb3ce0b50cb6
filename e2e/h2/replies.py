"""Pieces of replies: each makes a function of the Call, which sends something or waits for something."""
from h2 import frames
from h2.hpack_by_hand import block


def fields(*pairs, end=False, cuts=(), stream=0, raw=b""):
    """HEADERS with exactly these fields (and `raw` octets of HPACK behind them), on the call's stream or so many above it."""
    def send(call):
        whole, number = block(pairs) + raw, call.stream + stream
        places = [0, *cuts, len(whole)]
        parts = [whole[begin:stop] for begin, stop in zip(places, places[1:])]
        call.send(frames.headers(number, parts[0], end, not cuts)
                  + b"".join(frames.continuation(number, part, place == len(parts)) for place, part in enumerate(parts[1:], 2)))
    return send


def status(code, *more, end=False, **options):
    return fields((":status", str(code)), *more, end=end, **options)


def content(octets, end=True, padding=None, stream=0):
    """DATA, without regard to the client's windows."""
    return lambda call: call.send(frames.data(call.stream + stream, octets, end, padding))


def large_content(size):
    """As much, within the client's windows."""
    def send(call):
        connection, sent = call.connection, 0
        first = connection.settings.get(frames.INITIAL_WINDOW_SIZE, frames.FIRST_WINDOW)

        def room():
            return min(connection.credit[0], first + connection.credit.get(call.stream, 0) - sent, frames.LARGEST_PAYLOAD, size - sent)
        while sent < size:
            if not connection.wait(lambda: room() > 0):
                connection.wrong(f"no more credit behind {sent} octets")
                return
            count = room()
            connection.credit[0] -= count
            sent += count
            call.send(frames.data(call.stream, b"x" * count, end=sent == size))
    return send


def reset(code, stream=0):
    return lambda call: call.send(frames.rst_stream(call.stream + stream, code))


def goaway(code=frames.NO_ERROR, below=False):
    """The last stream is that of the call, or (`below`) the one before it."""
    return lambda call: call.send(frames.goaway(max(call.stream - 2, 0) if below else call.stream, code))


def octets(made):
    """Any frames: octets, or made(stream)."""
    return lambda call: call.send(made(call.stream) if callable(made) else made)


def close(call):
    """The connection ends, behind what was sent."""
    call.connection.over = True


def until_reset(call):
    """Reads on until the client has reset the stream or the connection has ended, within the time that tests wait."""
    call.connection.wait(lambda: call.reset is not None or call.connection.closed)


def answer(text="hello", code=200, *more):
    """A whole and right answer."""
    return [status(code, ("content-length", str(len(text))), *more), content(text.encode())]
