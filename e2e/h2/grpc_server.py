"""A gRPC server without generated code: grpc_server.py PORT. Says "ready", and "cancelled SECONDS" when a slow call ends early."""
import concurrent.futures
import sys
import threading
import time

import grpc


def unary(request, context):
    context.send_initial_metadata((("x-begin", "yes"),))
    context.set_trailing_metadata((("x-trailer", "yes"),))
    return request[::-1]


def fail(_request, context):
    context.abort(grpc.StatusCode.NOT_FOUND, "no such thing: ü")


def fail_late(_request, context):
    yield b"one"
    context.abort(grpc.StatusCode.DATA_LOSS, "in the middle")


def server_stream(request, _context):
    for number in range(int(request)):
        yield b"m%d" % number


def client_stream(requests, _context):
    return b"%d" % sum(len(request) for request in requests)


def bidi(requests, _context):
    for request in requests:
        yield request.upper()


def slow(_request, context):
    ended, begin = threading.Event(), time.monotonic()
    context.add_callback(ended.set)
    ended.wait(20)
    print(f"cancelled {time.monotonic() - begin:.1f}", flush=True)
    return b""


METHODS = {"/t.T/Unary": grpc.unary_unary_rpc_method_handler(unary), "/t.T/Fail": grpc.unary_unary_rpc_method_handler(fail),
           "/t.T/FailLate": grpc.unary_stream_rpc_method_handler(fail_late),
           "/t.T/ServerStream": grpc.unary_stream_rpc_method_handler(server_stream),
           "/t.T/ClientStream": grpc.stream_unary_rpc_method_handler(client_stream),
           "/t.T/Bidi": grpc.stream_stream_rpc_method_handler(bidi), "/t.T/Slow": grpc.unary_unary_rpc_method_handler(slow)}


class Handler(grpc.GenericRpcHandler):
    def service(self, handler_call_details):
        return METHODS.get(handler_call_details.method)


def main():
    options = (("grpc.max_receive_message_length", 64 << 20), ("grpc.max_send_message_length", 64 << 20))
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(20), options=options)
    server.add_generic_rpc_handlers((Handler(),))
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    print("ready", flush=True)
    server.wait_for_termination()


main()
