"""Who may use the way out, by the certificates of clients: alone, or in the place of passwords."""
from harness.certificates import Authority
from harness.ports import free_port
from harness.runner import each

from outbound.stand import PASSWORD, Stand


class Fixture(Stand):
    def text(self):
        self.clients = Authority(self.scope.folder, "clients")
        self.known = {name: self.clients.sign(f"client-{name}", "client.example.test", common_name=name, use="clientAuth")
                      for name in ("mattermost", "gitlab")}
        self.stranger = Authority(self.scope.folder, "strangers").sign("stranger", "client.example.test", common_name="mattermost", use="clientAuth")
        self.required, self.optional = free_port(), free_port()
        rules = f"private_networks: [ 127.0.0.1 ], rules: [ {{ allow: [ origin.example.test ], ports: [ {self.origin.port}, {self.secure.port} ], who: [ mattermost ] }} ]"
        return super().text() + f"""\
  - {{ name: required, listen: "https://127.0.0.1:{self.required}", tls: {{ client_certificates: {{ mode: required, ca: {self.clients.cert} }} }}, {rules} }}
  - {{ name: optional, listen: "https://127.0.0.1:{self.optional}", users: users, tls: {{ client_certificates: {{ mode: optional, ca: {self.clients.cert} }} }}, {rules} }}
"""

    def ask(self, entry, certificate=None, user=None, scheme="http"):
        """The status of the request, and that of its CONNECT."""
        port = self.required if entry == "required" else self.optional
        shown = ["--proxy-cert", certificate.cert, "--proxy-key", certificate.key] if certificate else []
        who = ["--proxy-user", user] if user else []
        origin = self.secure if scheme == "https" else self.origin
        done = self.curl(f"{scheme}://origin.example.test:{origin.port}/show", "-o", "/dev/null", "-w", "%{http_code} %{http_connect}",
                         "--proxy-cacert", self.authority.cert, "--resolve", f"gate.example.test:{port}:127.0.0.1", *shown, *who,
                         proxy=f"https://gate.example.test:{port}")
        return done.stdout.split()


def fixture(scope):
    return Fixture(scope)


@each(entry=["required", "optional"], scheme=["http", "https"])
def test_whom_the_certificate_names_is_the_user(env, entry, scheme):
    answer = env.ask(entry, env.known["mattermost"], scheme=scheme)
    assert answer[0] == "200", answer
    listen = f"https://127.0.0.1:{env.required if entry == 'required' else env.optional}"
    assert env.gate.record(method="GET" if scheme == "http" else "CONNECT", listen=listen, status=200)["user"] == "mattermost"
    assert "403" in env.ask(entry, env.known["gitlab"], scheme=scheme)


def test_without_a_certificate_there_is_no_connection(env):
    assert env.ask("required") == ["000", "000"]


@each(entry=["required", "optional"])
def test_another_authority_is_not_believed(env, entry):
    assert env.ask(entry, env.stranger) == ["000", "000"]


def test_without_a_certificate_the_password_says_who(env):
    assert env.ask("optional")[0] == "407"
    assert env.ask("optional", user=f"mattermost:{PASSWORD}")[0] == "200"


def test_a_password_that_is_said_is_what_counts(env):
    assert env.ask("optional", env.known["mattermost"], user="mattermost:wrong")[0] == "407"
    assert env.ask("optional", env.known["gitlab"], user=f"mattermost:{PASSWORD}")[0] == "200"
