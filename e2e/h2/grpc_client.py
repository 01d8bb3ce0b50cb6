"""gRPC calls without generated code: grpc_client.py TARGET CA (or -) CHECK prints "ok", or what went wrong."""
import queue
import sys
import threading
import time

import grpc

TARGET, CA, CHECK = sys.argv[1:]
OPTIONS = (("grpc.max_receive_message_length", 64 << 20), ("grpc.max_send_message_length", 64 << 20))


def channel_to(target, authority):
    if authority == "-":
        return grpc.insecure_channel(target, options=OPTIONS)
    with open(authority, "rb") as file:
        trusted = grpc.ssl_channel_credentials(file.read())
    return grpc.secure_channel(target, trusted, options=(*OPTIONS, ("grpc.ssl_target_name_override", "localhost")))


CHANNEL = channel_to(TARGET, CA)


def is_same(got, wanted):
    if got != wanted:
        raise AssertionError(f"{str(got)[:200]}, not {str(wanted)[:200]}")


def error_of(call):
    try:
        call()
    except grpc.RpcError as error:
        return error
    raise AssertionError("no error")


def unary():
    answer, call = CHANNEL.unary_unary("/t.T/Unary").with_call(b"hello", timeout=10, metadata=(("x-more", "a"), ("x-octets-bin", b"\0\xff")))
    is_same(answer, b"olleh")
    is_same(call.code(), grpc.StatusCode.OK)
    is_same(dict(call.initial_metadata())["x-begin"], "yes")
    is_same(dict(call.trailing_metadata())["x-trailer"], "yes")


def large():
    message = bytes(range(256)) * (16 << 12)
    is_same(CHANNEL.unary_unary("/t.T/Unary")(message, timeout=30), message[::-1])


def many():
    calls = [CHANNEL.unary_unary("/t.T/Unary").future(b"%d" % number, timeout=30) for number in range(300)]
    for number, call in enumerate(calls):
        is_same(call.result(), (b"%d" % number)[::-1])


def server_stream():
    is_same(list(CHANNEL.unary_stream("/t.T/ServerStream")(b"10000", timeout=30)), [b"m%d" % number for number in range(10000)])


def client_stream():
    is_same(CHANNEL.stream_unary("/t.T/ClientStream")(iter([b"x" * 10000] * 500), timeout=30), b"5000000")


def bidi():
    """Each message is answered before the next one is sent: nothing may wait for more."""
    messages = queue.Queue()
    answers = CHANNEL.stream_stream("/t.T/Bidi")(iter(messages.get, None), timeout=30)
    for number in range(100):
        messages.put(b"ping%d" % number)
        is_same(next(answers), b"PING%d" % number)
    messages.put(None)
    is_same(list(answers), [])
    is_same(answers.code(), grpc.StatusCode.OK)


def trailers_only():
    error = error_of(lambda: CHANNEL.unary_unary("/t.T/Fail")(b"x", timeout=10))
    is_same((error.code(), error.details()), (grpc.StatusCode.NOT_FOUND, "no such thing: ü"))


def error_in_the_middle():
    answers = CHANNEL.unary_stream("/t.T/FailLate")(b"x", timeout=10)
    is_same(next(answers), b"one")
    error = error_of(lambda: next(answers))
    is_same((error.code(), error.details()), (grpc.StatusCode.DATA_LOSS, "in the middle"))


def unknown_method():
    is_same(error_of(lambda: CHANNEL.unary_unary("/t.T/None")(b"", timeout=10)).code(), grpc.StatusCode.UNIMPLEMENTED)


def deadline():
    is_same(error_of(lambda: CHANNEL.unary_unary("/t.T/Slow")(b"", timeout=0.5)).code(), grpc.StatusCode.DEADLINE_EXCEEDED)


def cancellation():
    call = CHANNEL.unary_unary("/t.T/Slow").future(b"", timeout=15)
    time.sleep(0.5)  # so that it has reached the server
    call.cancel()
    is_same(call.cancelled(), True)
    is_same(CHANNEL.unary_unary("/t.T/Unary")(b"hello", timeout=10), b"olleh")


def unavailable():
    """The server is gone: an answer of the gate that gRPC understands."""
    error = error_of(lambda: CHANNEL.unary_unary("/gone.T/Unary")(b"", timeout=10))
    is_same(error.code(), grpc.StatusCode.UNAVAILABLE)
    is_same(error.details().split(" (")[0], "the server refused the connection")
    is_same(dict(error.trailing_metadata())["proxy-status"], "sallyport; error=connection_refused")


def refused():
    """What the gate decides itself."""
    for method, code in [("/none.T/Unary", grpc.StatusCode.UNIMPLEMENTED), ("/closed.T/Unary", grpc.StatusCode.PERMISSION_DENIED)]:
        is_same(error_of(lambda method=method: CHANNEL.unary_unary(method)(b"", timeout=10)).code(), code)
    error = error_of(lambda: CHANNEL.unary_unary("/small.T/Unary")(b"x" * 100000, timeout=10))
    is_same((error.code(), error.details().split(" (")[0]), (grpc.StatusCode.RESOURCE_EXHAUSTED, "the request body is larger than max_body"))


def long_silence():
    """A stream on which nothing comes for longer than the usual time-outs, and then something does."""
    messages = queue.Queue()
    answers = CHANNEL.stream_stream("/t.T/Bidi")(iter(messages.get, None), timeout=30)
    messages.put(b"a")
    is_same(next(answers), b"A")
    threading.Timer(3, messages.put, (b"b",)).start()
    is_same(next(answers), b"B")
    messages.put(None)


globals()[CHECK]()
print("ok")
