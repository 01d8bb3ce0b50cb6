"""The PROXY doctor and servers that are set up wrongly: it names the right end and the remedy, within five seconds."""
import json
import subprocess
import time

from doctor import peers
from doctor.peers import Peer
from harness.certificates import Authority
from harness.gate import Gate
from harness.ports import free_port
from harness.runner import each
from harness.scope import eventually

MOST_SECONDS = 5


class Fixture:
    def __init__(self, scope):
        self.scope = scope
        self.authority = Authority(scope.folder)
        self.right = self.authority.sign("right", "localhost", "127.0.0.1")
        self.wrong = self.authority.sign("wrong", "other.example.com")

    def peer(self, talk, certificate=None):
        return Peer(self.scope, talk, certificate)

    def configuration(self, to, more="", listen="tcp"):
        """Line 3 has `to`, line 4 what is said besides."""
        return (f'inbound:\n  - listen: "{listen}://127.0.0.1:{free_port()}"\n    to: "{to}"\n{"    " + more if more else ""}\n'
                f'certificates: [ {{ cert: {self.right.cert}, key: {self.right.key} }} ]\n')

    def web(self, to, more=""):
        return (f'inbound:\n  - listen: "http://127.0.0.1:{free_port()}"\n    sites: [ {{ routes: [\n'
                f'      {{ path: /, to: "{to}"{", " + more if more else ""} }} ] }} ]\n')

    def run(self, text, *options, most=MOST_SECONDS):
        path = self.scope.write("doctor.yaml", text)
        begin = time.monotonic()
        done = subprocess.run([self.scope.binary, "doctor", "-c", path, *options], capture_output=True, timeout=30, check=False)
        assert time.monotonic() - begin < most, f"it took {time.monotonic() - begin:.1f} s"
        return done

    def finding(self, text, *options):
        """What it has found about the one server of a configuration, as a dictionary."""
        done = self.run(text, "--json", *options)
        assert done.returncode in (0, 1), done.stderr.decode()
        [one] = json.loads(done.stdout)
        assert (done.returncode == 0) == one["well"], one
        return one


def fixture(scope):
    return Fixture(scope)


def assert_finding(one, code, what, *remedies):
    assert one.get("code") == code, one
    assert what in one["what"], one["what"]
    for remedy in remedies:
        assert remedy in one["remedy"], one["remedy"]


# ---- a header that is not expected

ANSWERS = {"smtp": "500 5.5.1 Invalid command.", "imap": "BAD Error in IMAP command", "pop3": "-ERR Unknown command",
           "sieve": 'NO "Error in MANAGESIEVE command"', "http": "HTTP/1.1 400 Bad Request"}


@each(version=["v1", "v2"], speech=["smtp", "imap", "pop3", "sieve", "http"])
def test_a_header_is_taken_for_a_command(env, version, speech):
    server = env.peer(peers.SPEECHES[speech])
    if speech == "http":
        text, line = env.web(f"http://127.0.0.1:{server.port}", f"send_proxy: {version}"), 4
    else:
        text, line = env.configuration(f"tcp://127.0.0.1:{server.port}", f"send_proxy: {version}"), 4
    one = env.finding(text)
    assert_finding(one, "proxy_not_expected", f"127.0.0.1:{server.port} does not expect the PROXY protocol: it took the header for a command",
                   "127.0.0.1", f"or remove `send_proxy` here (", f"doctor.yaml:{line})")
    assert ANSWERS[speech] in one["what"], one["what"]


def test_stalwart_is_known_by_its_words(env):
    server = env.peer(peers.smtp)
    one = env.finding(env.configuration(f"tcp://127.0.0.1:{server.port}", "send_proxy: v2"))
    assert "in Stalwart add 127.0.0.1 to the proxy trusted networks (proxyTrustedNetworks), or remove `send_proxy` here" in one["remedy"], one


@each(scheme=["tls", "tcp", "https"])
def test_a_header_where_tls_is_expected(env, scheme):
    server = env.peer(peers.with_tls(peers.smtp), env.right)
    to = f"{scheme}://127.0.0.1:{server.port}"
    tls = f"upstream_tls: {{ ca: {env.authority.cert} }}"
    one = env.finding(env.web(to, f"send_proxy: v2, {tls}") if scheme == "https" else
                      env.configuration(to, "send_proxy: v2" + (f"\n    {tls}" if scheme == "tls" else "")))
    assert_finding(one, "proxy_not_expected", "does not expect the PROXY protocol", "remove `send_proxy` here")


# ---- a header that is missing

@each(speech=["smtp", "imap", "pop3", "sieve"], how=["hangs", "closes"])
def test_a_header_is_expected_and_none_is_sent(env, speech, how):
    # Of a server that is silent on an odd port nobody knows that it would speak first: `smtp://` and the like say so.
    setup = peers.after_header_or_never if how == "hangs" else peers.after_header_or_soon
    server = env.peer(setup(peers.SPEECHES[speech]))
    one = env.finding(env.configuration(f"tcp://127.0.0.1:{server.port}", listen=speech))
    assert_finding(one, "proxy_expected", f"127.0.0.1:{server.port} expects the PROXY protocol: without a header it ", "add `send_proxy: v2` here",
                   "doctor.yaml:3")
    assert ("says nothing" if how == "hangs" else "closes the connection") in one["what"], one


def test_a_header_is_expected_on_an_odd_port(env):
    server = env.peer(peers.after_header_or_never(peers.imap))
    assert_finding(env.finding(env.configuration(f"tcp://127.0.0.1:{server.port}")), "proxy_expected", "expects the PROXY protocol")


def test_a_header_is_expected_before_tls(env):
    server = env.peer(peers.after_header(peers.with_tls(peers.imap), "v1", "v2"), env.right)
    one = env.finding(env.configuration(f"tls://127.0.0.1:{server.port}", f"upstream_tls: {{ ca: {env.authority.cert} }}"))
    assert_finding(one, "proxy_expected", "with one of version 2 it answers", "add `send_proxy: v2`")


def test_an_http_server_expects_a_header(env):
    server = env.peer(peers.after_header(peers.http, "v1", "v2"))
    assert_finding(env.finding(env.web(f"http://127.0.0.1:{server.port}")), "proxy_expected", "expects the PROXY protocol")


# ---- the other version, another network

@each(wanted=["v1", "v2"])
def test_the_other_version_is_expected(env, wanted):
    sent = {"v1": "v2", "v2": "v1"}[wanted]
    server = env.peer(peers.after_header(peers.smtp, wanted))
    one = env.finding(env.configuration(f"tcp://127.0.0.1:{server.port}", f"send_proxy: {sent}"))
    assert_finding(one, "proxy_peer_unlisted", f"expects version {wanted[1]} of the PROXY protocol and is sent version {sent[1]}",
                   f"write `send_proxy: {wanted}` here (", "doctor.yaml:4)")


def test_headers_are_taken_from_another_network(env):
    server = env.peer(peers.distrustful)
    one = env.finding(env.configuration(f"tcp://127.0.0.1:{server.port}", "send_proxy: v2"))
    assert_finding(one, "proxy_peer_unlisted", "it takes none from 127.0.0.1", "haproxy_trusted_networks", "proxyTrustedNetworks")


# ---- two things at once

@each(behind=["certificate", "no starttls", "another protocol"], version=["off", "v2"])
def test_the_header_is_wrong_and_what_is_behind_it_as_well(env, behind, version):
    speech = peers.imap if behind == "another protocol" else peers.smtp
    wanted = ["v1", "v2"] if version == "off" else ["v1"]
    server = env.peer(peers.after_header_or_soon(speech, *wanted), env.wrong if behind == "certificate" else None)
    one = env.finding(env.configuration(f"smtp://127.0.0.1:{server.port}",
                                        f"send_proxy: {version}\n    upstream_tls: {{ ca: {env.authority.cert} }}", listen="smtp"))
    besides = {"certificate": "; besides, the certificate of ", "no starttls": "; besides, turn STARTTLS on in the server, or write `tcp://`",
               "another protocol": "; besides, write another port or scheme for the server ("}[behind]
    if version == "off":
        assert_finding(one, "proxy_expected", "expects the PROXY protocol: without a header ", "add `send_proxy: v2` here", besides)
    else:
        assert_finding(one, "proxy_peer_unlisted", "expects version 1 of the PROXY protocol and is sent version 2", "write `send_proxy: v1` here", besides)


# ---- TLS

@each(scheme=["smtp", "http"])
def test_tls_is_expected_where_clear_is_sent(env, scheme):
    server = env.peer(peers.with_tls(peers.SPEECHES[scheme]), env.right)
    to = f"{'http' if scheme == 'http' else 'tcp'}://127.0.0.1:{server.port}"
    one = env.finding(env.web(to) if scheme == "http" else env.configuration(to, listen="smtp"))
    assert_finding(one, "upstream_tls_failed", "speaks TLS from the first octet", f"write `{'https' if scheme == 'http' else 'tls'}://` in place of")


@each(scheme=["tls", "https"])
def test_clear_is_expected_where_tls_is_sent(env, scheme):
    server = env.peer(peers.http if scheme == "https" else peers.smtp)
    to = f"{scheme}://127.0.0.1:{server.port}"
    one = env.finding(env.web(to) if scheme == "https" else env.configuration(to))
    assert_finding(one, "upstream_tls_failed", "does not speak TLS from the first octet", f"write `{'http' if scheme == 'https' else 'tcp'}://`")


@each(to=["tls", "smtp"])
def test_a_certificate_for_another_name(env, to):
    server = env.peer(peers.with_tls(peers.smtp) if to == "tls" else peers.smtp, env.wrong)
    one = env.finding(env.configuration(f"{to}://127.0.0.1:{server.port}", f"upstream_tls: {{ ca: {env.authority.cert} }}"))
    assert_finding(one, "upstream_certificate_name", "other.example.com")


def test_starttls_is_not_offered(env):
    server = env.peer(peers.smtp)
    one = env.finding(env.configuration(f"smtp://127.0.0.1:{server.port}", listen="smtp"))
    assert_finding(one, "starttls_refused", "does not offer STARTTLS", "write `tcp://` in place of `smtp://`")


# ---- no log-in in clear

@each(speech=["imap", "sieve"], listen=["mail", "tls"])
def test_no_log_in_is_taken_in_clear(env, speech, listen):
    talk = peers.imap_with(b"IMAP4rev1 ID STARTTLS LOGINDISABLED") if speech == "imap" else peers.sieve_without_log_in
    server = env.peer(talk)
    one = env.finding(env.configuration(f"tcp://127.0.0.1:{server.port}", f"protocol: {speech}", listen=speech if listen == "mail" else "tls"))
    assert_finding(one, "mail_log_in_disabled", "takes no log-in in clear, and this gate speaks to it in clear: users cannot log in",
                   f"write `{speech}://` (STARTTLS) or `tls://` in place of `tcp://` (", "doctor.yaml:3)", "in Dovecot write `disable_plaintext_auth = no`")


def test_clients_may_use_the_starttls_of_the_server(env):
    server = env.peer(peers.imap_with(b"IMAP4rev1 ID STARTTLS LOGINDISABLED"))
    assert env.finding(env.configuration(f"tcp://127.0.0.1:{server.port}"))["well"]


# ---- who connects, by XCLIENT or ID

def test_xclient_is_not_offered(env):
    server = env.peer(peers.smtp)
    one = env.finding(env.configuration(f"tcp://127.0.0.1:{server.port}", "xclient: on", listen="smtp"))
    assert_finding(one, "mail_identity_refused", f"127.0.0.1:{server.port} does not offer XCLIENT to 127.0.0.1",
                   "smtpd_authorized_xclient_hosts = 127.0.0.1", "login_trusted_networks = 127.0.0.1", "in place of `xclient: on` here (", "doctor.yaml:3)")
    assert len(server.received) == 1 and server.received[0].endswith(b"QUIT\r\n"), server.received


def test_xclient_is_refused(env):
    server = env.peer(peers.smtp_xclient(b"550 5.7.0 Error: insufficient authorization"))
    one = env.finding(env.configuration(f"tcp://127.0.0.1:{server.port}", "xclient: on", listen="smtp"))
    assert_finding(one, "mail_identity_refused", "refuses XCLIENT from 127.0.0.1 (550 5.7.0 Error: insufficient authorization)",
                   "in Postfix write `smtpd_authorized_xclient_hosts = 127.0.0.1` in main.cf")
    assert server.received[0].endswith(b"QUIT\r\n"), server.received


def test_xclient_is_taken(env):
    server = env.peer(peers.smtp_xclient(b"220 mail.example.com ESMTP Postfix"))
    one = env.finding(env.configuration(f"tcp://127.0.0.1:{server.port}", "xclient: on", listen="smtp"))
    assert one["well"] and one["tried"][0]["identity"] == "taken", one
    assert b" ADDR=127.0.0.1" in server.received[0] and server.received[0].endswith(b"QUIT\r\n"), server.received


def test_a_header_is_not_expected_and_xclient_is_on(env):
    server = env.peer(peers.smtp)
    one = env.finding(env.configuration(f"tcp://127.0.0.1:{server.port}", "xclient: on\n    send_proxy: v2", listen="smtp"))
    assert_finding(one, "proxy_not_expected", "it took the header for a command")


@each(leg=["starttls", "tls"])
def test_xclient_is_not_offered_under_tls(env, leg):
    server = env.peer(peers.with_tls(peers.smtp) if leg == "tls" else peers.smtp, env.right)
    one = env.finding(env.configuration(f"{'tls' if leg == 'tls' else 'smtp'}://127.0.0.1:{server.port}",
                                        f"xclient: on\n    upstream_tls: {{ ca: {env.authority.cert} }}", listen="smtp"))
    assert_finding(one, "mail_identity_refused", "does not offer XCLIENT to 127.0.0.1")
    assert one["tls_version"] == "TLSv1.3", one


def test_id_is_not_offered(env):
    server = env.peer(peers.imap)
    one = env.finding(env.configuration(f"tcp://127.0.0.1:{server.port}", "xclient: on", listen="imap"))
    assert_finding(one, "mail_identity_refused", "does not offer ID to 127.0.0.1", "login_trusted_networks = 127.0.0.1")
    assert server.received[0].endswith(b"LOGOUT\r\n"), server.received


def test_id_is_taken_and_nobody_knows_more(env):
    server = env.peer(peers.imap_with(b"IMAP4rev1 ID AUTH=PLAIN"))
    text = env.configuration(f"tcp://127.0.0.1:{server.port}", "xclient: on", listen="imap")
    assert env.finding(text)["well"]
    assert b'"x-originating-ip" "127.0.0.1"' in server.received[0], server.received
    assert b"identity   ID is taken; whether it is believed, the log of the server shows alone" in env.run(text).stdout


@each(speech=["pop3", "sieve"])
def test_xclient_is_not_offered_by_others(env, speech):
    server = env.peer(peers.SPEECHES[speech])
    one = env.finding(env.configuration(f"tcp://127.0.0.1:{server.port}", "xclient: on", listen=speech))
    assert_finding(one, "mail_identity_refused", "does not offer XCLIENT", "login_trusted_networks = 127.0.0.1")


# ---- another protocol

@each(to=["imap", "tcp", "tls"])
def test_another_protocol_of_mail_is_spoken(env, to):
    server = env.peer(peers.with_tls(peers.smtp) if to == "tls" else peers.smtp, env.right)
    one = env.finding(env.configuration(f"{to}://127.0.0.1:{server.port}", f"upstream_tls: {{ ca: {env.authority.cert} }}" if to != "tcp" else "",
                                        listen="imap"))
    assert_finding(one, "mail_reply_malformed", "speaks another protocol", "write another port or scheme", "doctor.yaml:3")


# ---- no server

def test_connections_are_refused(env):
    assert_finding(env.finding(env.configuration(f"tcp://127.0.0.1:{free_port()}", "send_proxy: v2")), "connection_refused", "refused")


def test_connecting_takes_for_ever(env):
    one = env.finding(env.configuration(f"tcp://127.0.0.1:{peers.full(env.scope)}", "send_proxy: v2"))
    assert_finding(one, "connection_timeout", "timed out")


def test_nothing_is_ever_said(env):
    server = env.peer(peers.silent)
    one = env.finding(env.configuration(f"tcp://127.0.0.1:{server.port}", "send_proxy: v1", listen="imap"))
    assert_finding(one, "response_head_timeout", "says nothing, whether it is sent a PROXY header or not")


# ---- what is right

@each(version=["v1", "v2", "off"], speech=["smtp", "imap", "pop3", "sieve", "http"])
def test_nothing_is_wrong(env, version, speech):
    talk = peers.SPEECHES[speech] if version == "off" else peers.after_header(peers.SPEECHES[speech], version)
    server = env.peer(talk)
    one = env.finding(env.web(f"http://127.0.0.1:{server.port}", f"send_proxy: {version}") if speech == "http" else
                      env.configuration(f"tcp://127.0.0.1:{server.port}", f"send_proxy: {version}"))
    assert one["well"] and len(one["tried"]) == 1 and len(server.received) == 1, one
    # No log of a mail server is to say that a connection was lost.
    word = {"smtp": b"QUIT\r\n", "imap": b"LOGOUT\r\n", "pop3": b"QUIT\r\n", "sieve": b"LOGOUT\r\n", "http": b"\r\n\r\n"}[speech]
    assert server.received[0].endswith(word), server.received


def test_nothing_is_wrong_under_tls(env):
    server = env.peer(peers.after_header(peers.with_tls(peers.imap), "v2"), env.right)
    one = env.finding(env.configuration(f"tls://127.0.0.1:{server.port}", f"send_proxy: v2\n    upstream_tls: {{ ca: {env.authority.cert} }}"))
    assert one["well"] and one["tls_version"] == "TLSv1.3" and "CN=localhost" in one["certificate"], one


def test_nothing_is_wrong_with_starttls(env):
    server = env.peer(peers.after_header(peers.smtp, "v2"), env.right)
    one = env.finding(env.configuration(f"smtp://127.0.0.1:{server.port}", f"send_proxy: v2\n    upstream_tls: {{ ca: {env.authority.cert} }}"))
    assert one["well"] and one["tried"][0]["tls"] == "starttls", one


def test_who_waits_for_his_client_is_not_accused(env):
    server = env.peer(peers.silent)
    assert env.finding(env.configuration(f"tcp://127.0.0.1:{server.port}"))["well"]


def test_a_request_that_is_refused_is_not_the_header_s_fault(env):
    server = env.peer(peers.picky)
    assert env.finding(env.web(f"http://127.0.0.1:{server.port}"))["well"]


def test_all_ways_are_tried_when_asked(env):
    server = env.peer(peers.after_header(peers.smtp, "v2"))
    one = env.finding(env.configuration(f"tcp://127.0.0.1:{server.port}", "send_proxy: v2"), "--try-all")
    assert one["well"] and len(one["tried"]) == 6, one
    assert {(way["send_proxy"], way["tls"]) for way in one["tried"]} == {(v, t) for v in ("v1", "v2", "off") for t in ("none", "tls")}


# ---- the command

def test_it_prints_for_people_and_takes_names(env):
    wrong, right = env.peer(peers.smtp), env.peer(peers.smtp)
    text = f"""\
inbound:
  - {{ name: one, listen: "tcp://127.0.0.1:{free_port()}", to: first }}
  - {{ name: two, listen: "tcp://127.0.0.1:{free_port()}", to: "tcp://localhost:{right.port}" }}
upstreams:
  first: {{ servers: [ "tcp://127.0.0.1:{wrong.port}" ], send_proxy: v2 }}
"""
    done = env.run(text)
    out = done.stdout.decode()
    assert done.returncode == 1, out
    for words in (f"tcp://127.0.0.1:{wrong.port} (entry one, ", f"reachable  127.0.0.1:{wrong.port}, from 127.0.0.1", "tls        none",
                  "proxy      version 2 is sent: it took the header for a command (500 5.5.1 Invalid command.)", "wrong      proxy_not_expected: ",
                  "remedy     in Stalwart add 127.0.0.1", "doctor.yaml:5)", "proxy      no header is sent: it answers (220 mail.example.com",
                  "2 servers: something is wrong with 1"):
        assert words in out, (words, out)
    assert env.run(text, "first").returncode == 1
    assert env.run(text, f"tcp://localhost:{right.port}").returncode == 0
    assert env.run(text, f"localhost:{right.port}").returncode == 0
    unknown = env.run(text, "frist")
    assert unknown.returncode == 2 and b"did you mean `first`?" in unknown.stderr, unknown.stderr
    assert env.run("inbound: 1\n").returncode == 3


def test_many_servers_take_no_longer(env):
    servers = [env.peer(peers.silent) for _ in range(20)]
    entries = "".join(f'  - {{ listen: "imap://127.0.0.1:{free_port()}", to: "tcp://127.0.0.1:{server.port}" }}\n' for server in servers)
    certificates = f"certificates: [ {{ cert: {env.right.cert}, key: {env.right.key} }} ]\n"
    done = env.run("inbound:\n" + entries + certificates, "--json")
    assert [one["code"] for one in json.loads(done.stdout)] == ["response_head_timeout"] * 20


# ---- in the running gate

def test_the_log_says_it_at_the_start_and_after_a_reload(env):
    server, right = env.peer(peers.smtp), env.peer(peers.after_header(peers.smtp, "v2"))
    gate = Gate(env.scope, env.configuration(f"tcp://127.0.0.1:{server.port}", "send_proxy: v2"))
    gate.await_log("warning proxy_not_expected: doctor: 127.0.0.1:", 6)
    assert "in Stalwart add 127.0.0.1 to the proxy trusted networks" in gate.log()
    gate.reload()
    gate.await_log("warning proxy_not_expected: doctor: ", 6, times=2)
    gate.reload(env.configuration(f"tcp://127.0.0.1:{right.port}", "send_proxy: v2"))
    eventually(lambda: right.received and right.received[0].endswith(b"QUIT\r\n"), 6, "the goodbye")
    assert gate.log().count("doctor: ") == 2, gate.log()
    assert gate.stop() == 0


def test_it_can_be_turned_off(env):
    server = env.peer(peers.smtp)
    gate = Gate(env.scope, env.configuration(f"tcp://127.0.0.1:{server.port}", "send_proxy: v2") + "runtime: { doctor: off }\n")
    time.sleep(1)  # nothing is to happen
    assert not server.received and "doctor" not in gate.log()


def test_reloads_and_the_end_do_not_wait_for_it(env):
    server = env.peer(peers.silent)
    gate = Gate(env.scope, env.configuration(f"tcp://127.0.0.1:{server.port}", "send_proxy: v2", listen="imap"))
    for _ in range(5):
        begin = time.monotonic()
        gate.reload()
        assert time.monotonic() - begin < 1
    begin = time.monotonic()
    assert gate.stop() == 0
    assert time.monotonic() - begin < 1
    assert "doctor: " not in gate.log(), gate.log()


def test_what_it_need_not_ask_it_leaves_alone(env):
    server = env.peer(peers.http)
    gate = Gate(env.scope, env.web(f"http://127.0.0.1:{server.port}"))
    time.sleep(1)  # nothing is to happen
    assert not server.received
    gate.stop()
