"""A request in TLS in a tunnel that is a stream of HTTP/2 with the proxy: PORT HOST TARGET CA. For /usr/bin/python3, which has the
library h2 of Debian. Prints what comes back."""
import socket
import ssl
import sys

import h2.config
import h2.connection
import h2.events


class Tunnel:
    def __init__(self, port, authority):
        self.wire = socket.create_connection(("127.0.0.1", port), 10)
        self.wire.settimeout(10)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, validate_outbound_headers=False))
        self.h2.initiate_connection()
        self.h2.send_headers(1, [(":method", "CONNECT"), (":authority", authority)])
        self.came, self.ended, self.status = b"", False, None
        while self.status is None:
            self.turn()

    def turn(self):
        self.wire.sendall(self.h2.data_to_send())
        data = self.wire.recv(65536)
        if not data:
            self.ended = True
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                self.status = dict(event.headers).get(b":status", dict(event.headers).get(":status"))
            elif isinstance(event, h2.events.DataReceived):
                self.came += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, 1)
            elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                self.ended = True
        self.wire.sendall(self.h2.data_to_send())

    def send(self, octets):
        for start in range(0, len(octets), 8192):
            self.h2.send_data(1, octets[start:start + 8192])
        self.wire.sendall(self.h2.data_to_send())


def main():
    port, host, target, ca = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
    tunnel = Tunnel(port, f"{host}:443")
    print(f"CONNECT {int(tunnel.status)}")
    coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
    secure = ssl.create_default_context(cafile=ca).wrap_bio(coming, going, server_hostname=host)

    def step(action):
        while True:
            try:
                result = action()
            except ssl.SSLWantReadError:
                tunnel.send(going.read())
                tunnel.turn()
                coming.write(tunnel.came)
                tunnel.came = b""
                if tunnel.ended:
                    coming.write_eof()
                continue
            tunnel.send(going.read())
            return result

    step(secure.do_handshake)
    step(lambda: secure.write(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()))
    answer = b""
    try:
        while piece := step(lambda: secure.read(65536)):
            answer += piece
    except ssl.SSLEOFError:
        pass
    print(answer.decode())


if __name__ == "__main__":
    main()
