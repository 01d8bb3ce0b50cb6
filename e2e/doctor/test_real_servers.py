"""The PROXY doctor and Debian's Postfix, Dovecot and nginx, set up wrongly and rightly."""
import json
import os
import subprocess
import time

from harness.certificates import Authority
from harness.ports import free_port, wait_for_port
from harness.runner import each, skip
from harness.servers import nginx_process
from mail.servers import MailServers

MOST_SECONDS = 5
TOPICS = {"smtp": "Postfix", "imap": "Dovecot", "pop3": "Dovecot", "sieve": "Dovecot"}


class Fixture:
    def __init__(self, scope):
        if os.geteuid() != 0:
            skip("Postfix and Dovecot need root")
        self.scope = scope
        self.authority = Authority(scope.folder)
        self.certificate = self.authority.sign("server", "localhost", "127.0.0.1")
        self.servers = MailServers(scope, self.certificate)
        # It takes headers, but from another network.
        self.distrustful = self.start_dovecot(scope, "distrustful", "127.0.0.1", "haproxy_trusted_networks = 192.0.2.0/24", "haproxy = yes")
        # Who comes to an address of the machine from another one is a stranger to it.
        self.careful = self.start_dovecot(scope, "careful", "127.0.0.2", "disable_plaintext_auth = yes", "haproxy = no")
        self.web = {"proxy": free_port(), "bare": free_port(), "proxy tls": free_port(), "bare tls": free_port()}
        nginx_process(scope, "nginx", "".join(
            f"  server {{\n    listen 127.0.0.1:{port}{' proxy_protocol' if 'proxy' in way else ''}{' ssl' if 'tls' in way else ''};\n"
            f"    ssl_certificate {self.certificate.cert};\n    ssl_certificate_key {self.certificate.key};\n    return 200;\n  }}\n"
            for way, port in self.web.items()), self.web["bare"])

    @staticmethod
    def start_dovecot(scope, name, address, settings, listener):
        port, folder = free_port(), scope.directory(name)
        config = scope.write(f"{name}.conf", f"""\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = {address}
ssl = no
{settings}
passdb {{
  driver = static
  args = nopassword
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
    {listener}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
""")
        process = scope.start(name, ["dovecot", "-F", "-c", config])
        wait_for_port(port, process, address=address)
        return port

    def finding(self, to, listen, more):
        route = f'sites: [ {{ routes: [ {{ path: /, to: "{to}", {more} }} ] }} ]' if listen == "http" else f'to: "{to}", {more}'
        path = self.scope.write("doctor.yaml", f"""\
inbound:
  - {{ listen: "{listen}://127.0.0.1:{free_port()}", {route} }}
certificates: [ {{ cert: {self.certificate.cert}, key: {self.certificate.key} }} ]
""")
        begin = time.monotonic()
        done = subprocess.run([self.scope.binary, "doctor", "-c", path, "--json"], capture_output=True, timeout=30, check=False)
        took = time.monotonic() - begin
        assert done.returncode in (0, 1), done.stderr.decode()
        [one] = json.loads(done.stdout)
        assert took < MOST_SECONDS, f"it took {took:.1f} s: {one}"
        return one


def fixture(scope):
    return Fixture(scope)


def towards(env, protocol, leg, way):
    scheme = {"clear": "tcp", "starttls": protocol, "tls": "tls"}[leg]
    tls = "" if leg == "clear" else f", upstream_tls: {{ ca: {env.authority.cert} }}"
    return f"{scheme}://127.0.0.1:{env.servers.ports[protocol, leg, way]}", tls


@each(protocol=["smtp", "imap", "pop3", "sieve"], leg=["clear", "starttls", "tls"], version=["v1", "v2"])
def test_nothing_is_wrong(env, protocol, leg, version):
    to, tls = towards(env, protocol, leg, "proxy")
    one = env.finding(to, protocol, f"send_proxy: {version}{tls}")
    assert one["well"] and len(one["tried"]) == 1, one


@each(protocol=["smtp", "imap", "pop3", "sieve"], leg=["clear", "starttls", "tls"], version=["v1", "v2"])
def test_a_header_is_not_expected(env, protocol, leg, version):
    to, tls = towards(env, protocol, leg, "bare")
    one = env.finding(to, protocol, f"send_proxy: {version}{tls}")
    assert one.get("code") == "proxy_not_expected", one
    wanted = {"Postfix": "smtpd_upstream_proxy_protocol=haproxy", "Dovecot": "haproxy = yes"}[TOPICS[protocol]]
    assert wanted in one["remedy"] and "remove `send_proxy` here" in one["remedy"], one


@each(protocol=["smtp", "imap", "pop3", "sieve"], leg=["clear", "starttls", "tls"])
def test_a_header_is_expected(env, protocol, leg):
    to, tls = towards(env, protocol, leg, "proxy")
    one = env.finding(to, protocol, f"send_proxy: off{tls}")
    assert one.get("code") == "proxy_expected", one
    assert "add `send_proxy: v2` here" in one["remedy"] and f"in {TOPICS[protocol]} remove" in one["remedy"], one


def test_dovecot_trusts_another_network(env):
    one = env.finding(f"tcp://127.0.0.1:{env.distrustful}", "imap", "send_proxy: v2")
    assert one.get("code") == "proxy_peer_unlisted", one
    assert "it takes none from 127.0.0.1" in one["what"] and "haproxy_trusted_networks" in one["remedy"], one


@each(protocol=["smtp", "imap", "pop3", "sieve"], leg=["clear", "starttls", "tls"])
def test_xclient_is_taken(env, protocol, leg):
    to, tls = towards(env, protocol, leg, "bare")
    one = env.finding(to, protocol, f"xclient: on{tls}")
    assert one["well"] and one["tried"][0]["identity"] == "taken", one


@each(leg=["clear", "starttls", "tls"])
def test_postfix_offers_no_xclient(env, leg):
    to, tls = towards(env, "smtp", leg, "proxy")
    one = env.finding(to, "smtp", f"xclient: on, send_proxy: v2{tls}")
    assert one.get("code") == "mail_identity_refused" and "does not offer XCLIENT to 127.0.0.1" in one["what"], one
    assert "in Postfix write `smtpd_authorized_xclient_hosts = 127.0.0.1` in main.cf" in one["remedy"], one


def test_dovecot_takes_no_log_in_in_clear(env):
    one = env.finding(f"tcp://127.0.0.2:{env.careful}", "imap", "send_proxy: off")
    assert one.get("code") == "mail_log_in_disabled" and "LOGINDISABLED" in one["what"], one
    assert "write `imap://` (STARTTLS) or `tls://`" in one["remedy"] and "in Dovecot write `disable_plaintext_auth = no`" in one["remedy"], one


@each(way=["proxy", "proxy tls"])
def test_nothing_is_wrong_with_nginx(env, way):
    scheme = "https" if "tls" in way else "http"
    tls = f", upstream_tls: {{ ca: {env.authority.cert} }}" if "tls" in way else ""
    assert env.finding(f"{scheme}://127.0.0.1:{env.web[way]}", "http", "send_proxy: v2" + tls)["well"]


@each(way=["bare", "bare tls"], version=["v1", "v2"])
def test_nginx_does_not_expect_a_header(env, way, version):
    scheme = "https" if "tls" in way else "http"
    tls = f", upstream_tls: {{ ca: {env.authority.cert} }}" if "tls" in way else ""
    one = env.finding(f"{scheme}://127.0.0.1:{env.web[way]}", "http", f"send_proxy: {version}{tls}")
    assert one.get("code") == "proxy_not_expected" and "remove `send_proxy` here" in one["remedy"], one
    if way == "bare":
        assert "in nginx add `proxy_protocol` to this `listen`" in one["remedy"], one


@each(way=["proxy", "proxy tls"])
def test_nginx_expects_a_header(env, way):
    scheme = "https" if "tls" in way else "http"
    tls = f", upstream_tls: {{ ca: {env.authority.cert} }}" if "tls" in way else ""
    one = env.finding(f"{scheme}://127.0.0.1:{env.web[way]}", "http", f"send_proxy: off{tls}")
    assert one.get("code") == "proxy_expected" and "add `send_proxy: v2`" in one["remedy"], one


def test_postfix_says_nothing_of_lost_connections(env):
    env.servers.begin()
    assert env.finding(*(lambda to: (to, "smtp", "send_proxy: v2"))(towards(env, "smtp", "clear", "proxy")[0]))["well"]
    time.sleep(0.5)  # its log is to be written
    log = env.servers.smtp_log.since()
    assert "lost connection" not in log and "quit=1" in log, log
