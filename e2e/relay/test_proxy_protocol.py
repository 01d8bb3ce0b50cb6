"""Who connects, said by the PROXY protocol: to servers, and by proxies in front; Debian's HAProxy and nginx on both sides."""
import os
import socket
import ssl
import struct

from harness.certificates import Authority
from harness.gate import start_gate
from harness.origin import Origin
from harness.ports import free_port, wait_for_port
from harness.runner import each
from harness.scope import eventually
from harness.servers import apache_head, apache_modules, apache_process
from relay.talker import Talker

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


class Fixture:
    def __init__(self, scope):
        self.scope = scope
        self.authority = Authority(scope.folder)
        self.shown = self.authority.sign("shown", "mail.example.com", "localhost")
        self.talker = Talker(scope, greets=False)
        self.origin = Origin(scope)
        self.ports = {name: free_port() for name in ("v1", "v2", "ended", "taken", "web", "secure_web", "chain")}
        at = {name: f"127.0.0.1:{port}" for name, port in self.ports.items()}
        to = f'"tcp://127.0.0.1:{self.talker.port}"'
        route = f'[ {{ https_redirect: off, routes: [ {{ path: /, to: "http://127.0.0.1:{self.origin.port}" }} ] }} ]'
        self.gate = start_gate(scope, f"""\
certificates: [ {{ cert: {self.shown.cert}, key: {self.shown.key} }} ]
inbound:
  - {{ name: v1, listen: "tcp://{at["v1"]}", to: {to}, send_proxy: v1 }}
  - {{ name: v2, listen: "tcp://{at["v2"]}", to: {to}, send_proxy: v2 }}
  - {{ name: ended, listen: "tls://{at["ended"]}", to: {to}, send_proxy: v2 }}
  - {{ name: taken, listen: "tcp://{at["taken"]}", to: {to}, send_proxy: v2, accept_proxy: {{ from: [ 127.0.0.1 ] }} }}
  - {{ name: chain, listen: "tcp://{at["chain"]}", to: {to}, accept_proxy: {{ from: [ 127.0.0.2 ] }} }}
  - name: web
    listen: [ "http://{at["web"]}", "https://{at["secure_web"]}" ]
    accept_proxy: {{ from: [ 127.0.0.1 ] }}
    sites: {route}
timeouts: {{ client_head: 1s }}
""", self.ports["v1"])

    def connect(self, name, source=None):
        return socket.create_connection(("127.0.0.1", self.ports[name]), 10, source_address=source)

    def heard(self, octets):
        """What the server was sent on the last connection, once these octets are in it."""
        return bytes(eventually(lambda: next((one for one in reversed(self.talker.received) if octets in one), None), 5, f"{octets!r}"))


def fixture(scope):
    return Fixture(scope)


def v2(rest, family=0x11, command=0x21):
    return SIGNATURE + bytes([command, family]) + struct.pack("!H", len(rest)) + rest


def addresses(source, source_port, destination, destination_port):
    return socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack("!HH", source_port, destination_port)


def tlvs(octets):
    found = {}
    while octets:
        kind, size = struct.unpack("!BH", octets[:3])
        found[kind] = octets[3:3 + size]
        octets = octets[3 + size:]
    return found


def test_version_1_to_a_server(env):
    with env.connect("v1") as connection:
        port = connection.getsockname()[1]
        connection.sendall(b"first")
        expected = f"PROXY TCP4 127.0.0.1 127.0.0.1 {port} {env.ports['v1']}\r\nfirst".encode()
        assert env.heard(b"first") == expected


def test_version_2_to_a_server(env):
    with env.connect("v2") as connection:
        port = connection.getsockname()[1]
        connection.sendall(b"second")
        assert env.heard(b"second") == v2(addresses("127.0.0.1", port, "127.0.0.1", env.ports["v2"])) + b"second"


def test_version_2_says_what_tls_was(env):
    context = ssl.create_default_context(cafile=env.authority.cert)
    with context.wrap_socket(env.connect("ended"), server_hostname="mail.example.com") as connection:
        connection.sendall(b"third")
        octets = env.heard(b"third")
        cipher = connection.cipher()[0].encode()
    size = struct.unpack("!H", octets[14:16])[0]
    assert octets[16 + size:] == b"third"
    found = tlvs(octets[28:16 + size])
    assert found[2] == b"mail.example.com"
    assert found[0x20][0] == 1 and struct.unpack("!I", found[0x20][1:5])[0] != 0
    inner = tlvs(found[0x20][5:])
    assert inner[0x21] == b"TLSv1.3" and inner[0x23] == cipher


@each(header=["v1", "v2", "v1 in pieces", "v2 in pieces", "local"])
def test_from_a_proxy_in_front(env, header):
    octets = {"v1": b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 993\r\n", "v2": v2(addresses("203.0.113.9", 4711, "192.0.2.1", 993)),
              "local": v2(b"", 0, 0x20)}[header.split()[0]]
    with env.connect("taken") as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        own = connection.getsockname()[1]
        pieces = [octets[i:i + 1] for i in range(len(octets))] if "pieces" in header else [octets + b"said" + header.encode()]
        for piece in pieces:
            connection.sendall(piece)
        if "pieces" in header:
            connection.sendall(b"said" + header.encode())
        expected = ("127.0.0.1", own, "127.0.0.1", env.ports["taken"]) if header == "local" else ("203.0.113.9", 4711, "192.0.2.1", 993)
        assert env.heard(b"said" + header.encode()) == v2(addresses(*expected)) + b"said" + header.encode()


@each(case=["missing|EHLO me\r\n|proxy_header_missing", "tls|\x16\x03\x01\x02\x00\x01\x00\x01\xfc|proxy_header_tls",
            "bad|PROXY TCP4 1.2.3.4 1.2.3.4 0x1 2\r\n|proxy_header_malformed"])
def test_who_must_send_a_header_and_does_not(env, case):
    _, octets, code = case.split("|")
    with env.connect("taken") as connection:
        connection.sendall(octets.encode("latin-1"))
        try:
            assert connection.recv(100) == b""
        except ConnectionResetError:
            pass
    eventually(lambda: code in env.gate.log(), 5, code)


def test_who_says_nothing_is_not_waited_for(env):
    with env.connect("taken") as connection:
        try:
            assert connection.recv(100) == b""
        except ConnectionResetError:
            pass


@each(secure=[False, True])
def test_in_front_of_http(env, secure):
    with env.connect("secure_web" if secure else "web") as plain:
        plain.sendall(v2(addresses("203.0.113.77", 4711, "192.0.2.1", 443)))
        connection = ssl.create_default_context(cafile=env.authority.cert).wrap_socket(plain, server_hostname="localhost") if secure else plain
        connection.sendall(b"GET /show HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 10.9.8.7\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert b"200" in answer.split(b"\r\n", 1)[0], answer
    assert b"203.0.113.77" in answer and b"10.9.8.7" not in answer, answer


def test_haproxy_behind(env):
    """It reads what we write, in both versions."""
    clear, told = free_port(), free_port()
    config = env.scope.write("behind.cfg", f"""\
global
  maxconn 100
defaults
  mode tcp
  timeout connect 2s
  timeout client 5s
  timeout server 5s
listen l
  bind 127.0.0.1:{clear} accept-proxy
  server s 127.0.0.1:{env.talker.port} send-proxy
""")
    process = env.scope.start("haproxy-behind", ["haproxy", "-db", "-f", config])
    wait_for_port(clear, process)
    for version in ("v1", "v2"):
        gate = start_gate(env.scope, f"""\
inbound:
  - {{ listen: "tcp://127.0.0.1:{told}", to: "tcp://127.0.0.1:{clear}", send_proxy: {version} }}
""", told)
        with socket.create_connection(("127.0.0.1", told), 10) as connection:
            port = connection.getsockname()[1]
            connection.sendall(b"through " + version.encode())
            assert env.heard(b"through " + version.encode()).startswith(f"PROXY TCP4 127.0.0.1 127.0.0.1 {port} {told}\r\n".encode())
        gate.stop()


@each(version=["send-proxy", "send-proxy-v2"])
def test_haproxy_in_front(env, version):
    port = free_port()
    config = env.scope.write(f"front-{version}.cfg", f"""\
global
  maxconn 100
defaults
  mode tcp
  timeout connect 2s
  timeout client 5s
  timeout server 5s
listen l
  bind 127.0.0.1:{port}
  server s 127.0.0.1:{env.ports["taken"]} {version}
""")
    process = env.scope.start("haproxy-" + version, ["haproxy", "-db", "-f", config])
    wait_for_port(port, process)
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        own = connection.getsockname()[1]
        connection.sendall(b"by " + version.encode())
        assert env.heard(b"by " + version.encode()) == v2(addresses("127.0.0.1", own, "127.0.0.1", port)) + b"by " + version.encode()


@each(version=["v1", "v2"])
def test_apache_behind(env, version):
    """Its mod_remoteip reads what we write before a request, and each client has a connection of its own to it."""
    port, front, folder = free_port(), free_port(), env.scope.directory(f"apache-{version}")
    os.chmod(folder, 0o777)
    apache_process(env.scope, f"apache-{version}", f"""\
ServerName behind.example.com
{apache_head(folder, "behind")}
{apache_modules("remoteip", "alias")}
Listen 127.0.0.1:{port}
RemoteIPProxyProtocol On
LogFormat "%a %r" who
CustomLog {folder}/access.log who
<Location />
    Require all granted
</Location>
Redirect 204 /here
""", port)
    start_gate(env.scope, f"""\
inbound:
  - name: front
    listen: "http://127.0.0.1:{front}"
    accept_proxy: {{ from: [ 127.0.0.1 ] }}
    sites: [ {{ routes: [ {{ path: /, to: "http://127.0.0.1:{port}", send_proxy: {version} }} ] }} ]
""", front)
    for number, client in enumerate(("203.0.113.9", "203.0.113.10")):
        with socket.create_connection(("127.0.0.1", front), 10) as connection:
            connection.sendall(f"PROXY TCP4 {client} 192.0.2.1 {4711 + number} 80\r\n".encode()
                               + b"GET /here HTTP/1.1\r\nHost: behind.example.com\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 204")

    def clients():  # the gate's doctor asks, too
        with open(f"{folder}/access.log", encoding="utf-8") as file:
            return [line.split()[0] for line in file if " GET /here " in line]
    assert eventually(lambda: len(clients()) == 2 and clients(), 5, "two lines of Apache's log") == ["203.0.113.9", "203.0.113.10"]
