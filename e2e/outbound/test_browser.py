"""Chromium with a proxy set: its page, with fetches, uploads and a WebSocket, passes the way out, in tunnels that stay closed and in
those that are opened. The servers are those of the clients' tests, with their own gate in front."""
import json
import os
import shutil
import subprocess
import threading

from clients.origins import HOST, Bench
from clients.test_browser import CHECKS, OPTIONS
from harness.devtools import Page
from harness.gate import start_gate
from harness.name_server import NameServer
from harness.origin import demo
from harness.ports import free_port
from harness.runner import each, skip
from harness.scope import eventually
from harness.wire import Closed
from outbound.stand import PASSWORD, htpasswd

PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "clients", "browser.html")
WITH_PROXY = [option for option in OPTIONS if option != "--no-proxy-server"]


class Fixture:
    def __init__(self, scope):
        self.scope = scope
        self.bench = Bench(scope)
        shutil.copy(PAGE, self.bench.files)
        self.reports = {}
        self.bench.application.handler = self.handle
        self.names = NameServer(scope, "127.53.21.1")
        self.names.names[HOST] = (["127.0.0.1"], 60)
        self.ca, self.key = scope.path("inspection.pem"), scope.path("inspection.key")
        subprocess.run([scope.binary, "ca", "create", "--cert", self.ca, "--key", self.key], check=True, capture_output=True)
        scope.write("users", htpasswd("anna", PASSWORD))
        self.closed, self.opened, self.asking = free_port(), free_port(), free_port()
        common = f"private_networks: [ 127.0.0.1 ], rules: [ {{ allow: [ {HOST} ], ports: [ {self.bench.ports['http']}, {self.bench.ports['https']} ] }} ]"
        self.gate = start_gate(scope, f"""\
outbound:
  - {{ name: closed, listen: "proxy://127.0.0.1:{self.closed}", {common} }}
  - {{ name: opened, listen: "proxy://127.0.0.1:{self.opened}", {common}, inspect: {{ ca: {{ cert: {self.ca}, key: {self.key} }}, upstream_tls: {{ ca: {self.bench.ca} }} }} }}
  - {{ name: asking, listen: "proxy://127.0.0.1:{self.asking}", users: users, {common} }}
""", self.closed, self.opened, self.asking, prefix=self.names.prefix)

    def handle(self, exchange):
        if exchange.target.startswith("/report"):
            self.reports[exchange.target] = json.loads(exchange.body())
            exchange.answer(204, reason="No Content")
        elif exchange.target == "/cookie":
            exchange.answer(fields=[("Set-Cookie", "seen=yes; Path=/; HttpOnly")])
        else:
            demo(exchange)

    def home(self, name, trusted):
        """A home whose Chromium trusts this authority, as `ca export --for chromium` says."""
        home = self.scope.directory(name)
        store = "sql:" + os.path.join(home, ".pki/nssdb")
        os.makedirs(os.path.join(home, ".pki/nssdb"))
        for arguments in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "trusted", "-i", trusted]):
            subprocess.run(["certutil", "-d", store, *arguments], check=True, capture_output=True, timeout=30)
        return home


    def browser(self, home, port, page):
        return self.scope.start("chromium", ["chromium", *WITH_PROXY, "--user-data-dir=" + os.path.join(home, "profile"), f"--proxy-server=http://127.0.0.1:{port}",
                                             "--remote-debugging-port=0", page], env={**os.environ, "HOME": home})

    def report(self):
        report = eventually(lambda: self.reports.pop("/report/nginx", None), 90, "a report of the page")
        assert len(report) == CHECKS and all(value is True for value in report.values()), report


def fixture(scope):
    for program in ("chromium", "certutil"):
        if not shutil.which(program):
            skip(f"{program} is not installed")
    return Fixture(scope)


@each(scheme=["http", "https"], entry=["closed", "opened"])
def test_page(env, scheme, entry):
    home = env.home(f"home-{scheme}-{entry}", env.ca if entry == "opened" else env.bench.ca)
    port = env.opened if entry == "opened" else env.closed
    browser = env.browser(home, port, env.bench.url(scheme, "/nginx/browser.html"))
    try:
        env.report()
    finally:
        browser.end()
    expected = "request" if scheme == "http" else "inspected" if entry == "opened" else "connect"

    def passed():
        return {record["kind"] for record in env.gate.records() if record["listen"].endswith(f":{port}") and record.get("host", "").startswith(HOST)}
    eventually(lambda: expected in passed(), 10, f"a record of kind {expected}")  # a tunnel's is written when it ends
    if entry == "opened":
        # A browser leaves connections that it opened and does not need; that is no reason not to open its tunnels.
        assert "minted_certificate_refused" not in env.gate.log(), env.gate.log()


class Person:
    """Who sits before a browser that asks for a name and a password: answers once, and again only where it is asked again."""

    def __init__(self, page, user, password):
        self.page, self.user, self.password, self.challenges = page, user, password, []
        threading.Thread(target=self.answer, daemon=True).start()

    def answer(self):
        try:
            while True:
                method, event = self.page.event()
                if method == "Fetch.requestPaused":
                    self.page.command("Fetch.continueRequest", requestId=event["requestId"])
                elif method == "Fetch.authRequired":
                    self.challenges.append(event["authChallenge"])
                    self.page.command("Fetch.continueWithAuth", requestId=event["requestId"],
                                      authChallengeResponse={"response": "ProvideCredentials", "username": self.user, "password": self.password})
        except (Closed, OSError):
            pass  # the browser has ended


@each(scheme=["http", "https"])
def test_page_behind_a_password(env, scheme):
    home = env.home(f"home-{scheme}-asking", env.bench.ca)
    browser = env.browser(home, env.asking, "about:blank")
    try:
        page = Page(os.path.join(home, "profile"))
        # Only of the page: bodies of what it sends would come here, too.
        page.command("Fetch.enable", handleAuthRequests=True, patterns=[{"urlPattern": "*/browser.html"}])
        person = Person(page, "anna", PASSWORD)
        page.command("Page.navigate", url=env.bench.url(scheme, "/nginx/browser.html"))
        env.report()
    finally:
        browser.end()
    assert person.challenges and all(challenge["source"] == "Proxy" and challenge["scheme"] == "basic" for challenge in person.challenges), person.challenges
    assert len(person.challenges) == 1, f"asked {len(person.challenges)} times"
    assert PASSWORD not in env.gate.log()
    users = eventually(lambda: {record["user"] for record in env.gate.records() if record["listen"].endswith(f":{env.asking}") and record.get("user")}, 10, "a record with its user")
    assert users == {"anna"}, users
