"""Checks of Postfix and Dovecot: they are greeted, with a header that says LOCAL, and their logs tell of visitors only."""
import os
import time

from harness.certificates import Authority
from harness.gate import start_gate
from harness.ports import free_port
from harness.runner import each, skip
from harness.scope import eventually
from mail.servers import MailServers

FAST = "health: { every: 200ms, timeout: 1s, fall: 2 }"


class Fixture:
    def __init__(self, scope):
        if os.geteuid() != 0:
            skip("Postfix and Dovecot need root")
        self.scope = scope
        self.authority = Authority(scope.folder)
        self.servers = MailServers(scope, self.authority.sign("mx", "localhost", "127.0.0.1"))

    def gate(self, scope, to, more):
        # No port is waited for: who tries it is passed on, and lost in the server's log.
        return start_gate(scope, f"""\
inbound: [ {{ listen: "tcp://127.0.0.1:{free_port()}", to: mail }} ]
upstreams: {{ mail: {{ servers: "{to}", {FAST}, {more} upstream_tls: {{ ca: {self.authority.cert} }} }} }}
runtime: {{ doctor: off }}
""")


def fixture(scope):
    return Fixture(scope)


def towards(env, protocol, leg, way):
    scheme = {"clear": "tcp", "starttls": protocol, "tls": "tls"}[leg]
    return f"{scheme}://127.0.0.1:{env.servers.ports[protocol, leg, way]}"


@each(protocol=["smtp", "imap", "pop3", "sieve"], leg=["clear", "starttls", "tls"], tell=["off", "v1", "v2"])
def test_a_server_is_well(env, protocol, leg, tell):
    time.sleep(0.1)  # what the last gate left is written
    env.servers.begin()
    with env.scope.part("well") as scope:
        way = "bare" if tell == "off" else "proxy"
        gate = env.gate(scope, towards(env, protocol, leg, way), f"send_proxy: {tell},")
        log = env.servers.smtp_log if protocol == "smtp" else env.servers.access_log
        visitor = "quit=1 commands=1" if protocol == "smtp" else "Aborted login by logging out"
        eventually(lambda: log.since().count(visitor) >= 4, 10, f"`{visitor}` in the server's log, for each check")
        assert "server_down" not in gate.log(), gate.log()
        for wrong in ("lost connection", "Connection closed", "haproxy", "proxy protocol", "warning:"):
            assert wrong not in log.since(), log.since()


@each(protocol=["smtp", "imap"])
def test_a_server_that_waits_for_a_header(env, protocol):
    with env.scope.part("waits") as scope:
        gate = env.gate(scope, towards(env, protocol, "starttls", "proxy"), "")
        gate.await_log("server_down")
        assert "2 checks failed: not a greeting within 1s" in gate.log(), gate.log()
        time.sleep(0.1)
