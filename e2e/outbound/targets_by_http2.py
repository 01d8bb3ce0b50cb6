"""Asks a proxy by HTTP/2 for each target on the standard input (JSON: a list of [method, authority]): PORT. For /usr/bin/python3, which
has the library h2 of Debian. Prints what came of each, as JSON: a status, or `reset`."""
import json
import socket
import sys

import h2.config
import h2.connection
import h2.events


def ask(port, targets):
    """By one connection, until that ends: what came of those that were asked for."""
    wire = socket.create_connection(("127.0.0.1", port), 10)
    wire.settimeout(10)
    h2_config = h2.config.H2Configuration(client_side=True, header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False)
    connection = h2.connection.H2Connection(h2_config)
    connection.initiate_connection()
    came = []
    for stream, (method, authority) in zip(range(1, 10000, 2), targets):
        head = [(b":method", method.encode()), (b":authority", authority.encode())]
        if method != "CONNECT":
            head += [(b":scheme", b"http"), (b":path", b"/")]
        connection.send_headers(stream, head, end_stream=True)
        wire.sendall(connection.data_to_send())
        result = None
        while result is None:
            data = wire.recv(65536)
            if not data:
                return [*came, "closed"]
            for event in connection.receive_data(data):
                if getattr(event, "stream_id", None) == stream and isinstance(event, h2.events.ResponseReceived):
                    result = int(dict(event.headers)[b":status"])
                elif getattr(event, "stream_id", None) == stream and isinstance(event, h2.events.StreamReset):
                    result = "reset"
                elif isinstance(event, h2.events.ConnectionTerminated):
                    return [*came, "closed"]
                elif isinstance(event, h2.events.DataReceived):
                    connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            wire.sendall(connection.data_to_send())
        came.append(result)
    return came


def main():
    targets, came = json.load(sys.stdin), []
    while len(came) < len(targets):
        came += ask(int(sys.argv[1]), targets[len(came):])
    print(json.dumps(came))


if __name__ == "__main__":
    main()
