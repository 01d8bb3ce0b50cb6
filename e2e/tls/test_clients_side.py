"""TLS with clients: versions, certificates by name, resumption, client certificates, replacement on reload."""
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import warnings

from harness.certificates import Authority
from harness.gate import start_gate
from harness.origin import Origin
from harness.ports import free_port
from harness.scope import eventually
from harness.wire import Wire

warnings.simplefilter("ignore", DeprecationWarning)  # old versions are asked for on purpose


class Fixture:
    def __init__(self, scope):
        self.scope = scope
        self.origin = Origin(scope)
        self.authority = Authority(scope.folder)
        self.exact = self.authority.sign("exact", "lists.example.com")
        self.wild = self.authority.sign("wild", "*.apps.example.com")
        self.fallback = self.authority.sign("fallback", "default.example.com")
        self.client_authority = Authority(scope.folder, "client-ca")
        self.client = self.client_authority.sign("client", common_name="Somebody", use="clientAuth")
        self.stranger = self.authority.sign("stranger", common_name="Stranger", use="clientAuth")
        self.port, self.modern, self.optional, self.required = (free_port() for _ in range(4))
        self.text = f"""\
certificates:
  - {{ cert: {self.exact.cert}, key: {self.exact.key} }}
  - {{ cert: {self.wild.cert}, key: {self.wild.key} }}
  - {{ cert: {self.fallback.cert}, key: {self.fallback.key}, default: true }}
inbound:
  - {{ name: web, listen: "https://127.0.0.1:{self.port}", sites: &sites [ {{ routes: [ {{ path: /, to: "http://127.0.0.1:{self.origin.port}" }} ] }} ] }}
  - {{ name: modern, listen: "https://127.0.0.1:{self.modern}", tls: {{ profile: modern }}, sites: *sites }}
  - name: optional
    listen: "https://127.0.0.1:{self.optional}"
    tls: {{ client_certificates: {{ mode: optional, ca: {self.client_authority.cert} }} }}
    sites: *sites
  - name: required
    listen: "https://127.0.0.1:{self.required}"
    tls: {{ client_certificates: {{ mode: required, ca: {self.client_authority.cert}, field: X-Who }} }}
    sites: *sites
runtime: {{ workers: 2 }}
timeouts: {{ client_head: 3s }}
"""
        self.gate = start_gate(scope, self.text, self.port)

    def context(self, version=None, certificate=None):
        context = ssl.create_default_context(cafile=self.authority.cert)
        context.check_hostname = False
        if version:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
        if certificate:
            context.load_cert_chain(certificate.cert, certificate.key)
        return context

    def shown_to(self, name, port=None):
        """The names of the certificate that a client which asks for this name gets."""
        with Wire(port or self.port, tls=self.context(), name=name) as wire:
            return [value for _, value in wire.socket.getpeercert()["subjectAltName"]]


def fixture(scope):
    return Fixture(scope)


def connects(env, version, port):
    try:
        with Wire(port, tls=env.context(version), name="lists.example.com") as wire:
            return wire.ask("GET", "/", host="lists.example.com").status == 200
    except (ssl.SSLError, ConnectionError):
        return False


def test_versions(env):
    version = ssl.TLSVersion
    assert [connects(env, each, env.port) for each in (version.TLSv1, version.TLSv1_1, version.TLSv1_2, version.TLSv1_3)] == [False, False, True, True]
    assert [connects(env, each, env.modern) for each in (version.TLSv1_2, version.TLSv1_3)] == [False, True]


def test_certificate_by_name(env):
    assert env.shown_to("lists.example.com") == ["lists.example.com"]
    assert env.shown_to("LISTS.example.com") == ["lists.example.com"]
    assert env.shown_to("one.apps.example.com") == ["*.apps.example.com"]
    assert env.shown_to("two.levels.apps.example.com") == ["default.example.com"]
    assert env.shown_to("apps.example.com") == ["default.example.com"]
    assert env.shown_to("unknown.example.org") == ["default.example.com"]
    assert env.shown_to(None) == ["default.example.com"]


def test_alpn(env):
    context = env.context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with Wire(env.port, tls=context, name="lists.example.com") as wire:
        assert wire.socket.selected_alpn_protocol() == "h2"
    context.set_alpn_protocols(["http/1.1"])
    with Wire(env.port, tls=context, name="lists.example.com") as wire:
        assert wire.socket.selected_alpn_protocol() == "http/1.1"
    context.set_alpn_protocols(["smtp"])
    try:
        with Wire(env.port, tls=context, name="lists.example.com") as wire:
            assert wire.socket.selected_alpn_protocol() is None
    except ssl.SSLError:
        pass  # no_application_protocol is RFC 7301's other answer


def s_client(env, *arguments, port=None):
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port or env.port}", "-servername", "lists.example.com",
               "-CAfile", env.authority.cert, *arguments]
    done = subprocess.run(command, input=b"GET / HTTP/1.1\r\nHost: lists.example.com\r\nConnection: close\r\n\r\n", capture_output=True, timeout=20)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def test_intermediate_profile(env):
    text = s_client(env, "-tls1_2", "-ign_eof")
    assert "Verify return code: 0 (ok)" in text and "200 OK" in text, text
    assert "ECDHE-" in text, text
    for weak in ("AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA"):
        refused = s_client(env, "-tls1_2", "-cipher", weak + ":@SECLEVEL=0")
        assert "200 OK" not in refused and "handshake failure" in refused, f"{weak} was accepted"
    assert "Secure Renegotiation IS supported" in text


def session_of(env, context, session=None, path="/"):
    """Asks once; (session, whether it was resumed)."""
    plain = socket.create_connection(("127.0.0.1", env.port), 10)
    with context.wrap_socket(plain, server_hostname="lists.example.com", session=session) as secure:
        secure.sendall(f"GET {path} HTTP/1.1\r\nHost: lists.example.com\r\nConnection: close\r\n\r\n".encode())
        while secure.recv(65536):
            pass
        return secure.session, secure.session_reused


def resumption(env, version):
    context = env.context(version)
    session, resumed = session_of(env, context)
    assert not resumed
    for _ in range(12):  # on whichever worker
        fresh, resumed = session_of(env, context, session)
        assert resumed, "the session was not resumed"
        session = fresh if version == ssl.TLSVersion.TLSv1_3 else session
    env.gate.reload(env.text)
    for _ in range(4):
        fresh, resumed = session_of(env, context, session)
        assert resumed, "the session was not resumed after a reload"
        session = fresh if version == ssl.TLSVersion.TLSv1_3 else session
    # A path of its own: the lines of two workers need not come in the order of the requests.
    _, resumed = session_of(env, context, session, f"/resumed-{version.name}")
    assert resumed and env.gate.record(target=f"/resumed-{version.name}")["tls"]["resumed"] is True


def test_resumption_tls_1_2(env):
    resumption(env, ssl.TLSVersion.TLSv1_2)


def test_resumption_tls_1_3(env):
    resumption(env, ssl.TLSVersion.TLSv1_3)


def curl(env, port, *arguments):
    return subprocess.run(["curl", "-q", "-sS", "--noproxy", "*", "--max-time", "20", "--cacert", env.authority.cert, "--connect-to",
                           f"::127.0.0.1:{port}", *arguments], capture_output=True, text=True, timeout=30)


def field(text, name):
    return [value for key, value in json.loads(text)["fields"] if key.lower() == name.lower()]


def test_client_certificate_optional(env):
    url = f"https://lists.example.com:{env.optional}/who"
    without = curl(env, env.optional, url, "-H", "X-Client-Certificate: forged")
    assert without.returncode == 0 and "forged" not in without.stdout, without
    with_one = curl(env, env.optional, url, "--cert", env.client.cert, "--key", env.client.key, "-H", "X-Client-Certificate: forged")
    assert with_one.returncode == 0 and "forged" not in with_one.stdout, with_one
    passed, = field(with_one.stdout, "X-Client-Certificate")
    assert passed and passed != field(without.stdout, "X-Client-Certificate"), passed
    wrong = curl(env, env.optional, url, "--cert", env.stranger.cert, "--key", env.stranger.key)
    assert wrong.returncode != 0 or "Stranger" not in wrong.stdout, wrong


def test_client_certificate_required(env):
    url = f"https://lists.example.com:{env.required}/who"
    assert curl(env, env.required, url).returncode != 0
    assert curl(env, env.required, url, "--cert", env.stranger.cert, "--key", env.stranger.key).returncode != 0
    good = curl(env, env.required, url, "--cert", env.client.cert, "--key", env.client.key)
    assert good.returncode == 0 and field(good.stdout, "X-Who"), good
    eventually(lambda: "client_certificate_required" in env.gate.log() or env.gate.records(listen=f"https://127.0.0.1:{env.required}"), 5, "a line about it")


def test_resumed_sessions_keep_their_client_certificate(env):
    context = env.context(ssl.TLSVersion.TLSv1_3, env.client)
    session, seen = None, []
    for _ in range(3):
        plain = socket.create_connection(("127.0.0.1", env.required), 10)
        with context.wrap_socket(plain, server_hostname="lists.example.com", session=session) as secure:
            secure.sendall(b"GET /who HTTP/1.1\r\nHost: lists.example.com\r\nConnection: close\r\n\r\n")
            data = b""
            while piece := secure.recv(65536):
                data += piece
            session = secure.session
            seen.append((secure.session_reused, field(data.split(b"\r\n\r\n", 1)[1], "X-Who")))
    assert seen[0][1] and all(value == seen[0][1] for _, value in seen), seen


def test_a_session_of_one_entry_opens_no_other(env):
    """A ticket from the entry that asks for no certificate must not pass for one where a certificate is required."""
    context = env.context(ssl.TLSVersion.TLSv1_3)
    session, _ = session_of(env, context)
    try:
        plain = socket.create_connection(("127.0.0.1", env.required), 10)
        with context.wrap_socket(plain, server_hostname="lists.example.com", session=session) as secure:
            secure.sendall(b"GET /smuggled HTTP/1.1\r\nHost: lists.example.com\r\n\r\n")
            data = secure.recv(65536)
    except (ssl.SSLError, ConnectionError):
        data = b""
    assert not data.startswith(b"HTTP/1.1 200"), data
    assert env.origin.count("/smuggled") == 0


def test_certificate_is_replaced_on_reload(env):
    def exact():
        with Wire(env.port, tls=env.context(), name="lists.example.com") as wire:
            return wire.socket.getpeercert()["serialNumber"]
    before, kept = exact(), Wire(env.port, tls=env.context(), name="lists.example.com")
    assert kept.ask("GET", "/", host="lists.example.com").status == 200
    fresh = env.authority.sign("fresh", "lists.example.com")
    shutil.copy(fresh.cert, env.exact.cert)
    shutil.copy(fresh.key, env.exact.key)
    env.gate.reload()
    assert exact() != before
    assert exact() == exact()
    try:
        assert kept.ask("GET", "/", host="lists.example.com").status == 200
    except Exception as error:  # pylint: disable=broad-except
        assert "closed" in repr(error).lower(), error


def test_certificate_without_its_key_is_not_taken(env):
    other = env.authority.sign("other", "other.example.com")
    with open(env.exact.key, encoding="ascii") as file:
        good = file.read()
    shutil.copy(other.key, env.exact.key)
    try:
        env.gate.process.signal(signal.SIGHUP)
        env.gate.await_log("reload_refused")
        assert env.shown_to("lists.example.com") == ["lists.example.com"]
    finally:
        with open(env.exact.key, "w", encoding="ascii") as file:
            file.write(good)
    env.gate.reload()


def test_handshakes_that_stall(env):
    """Who opens a connection and says nothing, or half a greeting, is cut off, and nobody else waits."""
    stalled = [socket.create_connection(("127.0.0.1", env.port), 10) for _ in range(50)]
    for connection in stalled[:25]:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
    assert env.shown_to("lists.example.com") == ["lists.example.com"]
    for connection in stalled:
        connection.settimeout(15)
        assert connection.recv(100)[:1] in (b"", b"\x15")
        connection.close()


def test_nonsense_instead_of_a_handshake(env):
    for data in (b"\x00" * 100, os.urandom(500), b"SSH-2.0-OpenSSH\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 1000):
        with socket.create_connection(("127.0.0.1", env.port), 10) as connection:
            connection.sendall(data)
            connection.settimeout(12)
            try:
                while connection.recv(65536):
                    pass
            except ConnectionResetError:
                pass
    assert env.shown_to("lists.example.com") == ["lists.example.com"]
