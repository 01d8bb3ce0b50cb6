"""Chromium without a window: a page with fetches and a WebSocket, through the gate. The page tells the origin how it went."""
import json
import os
import shutil

from clients.origins import KINDS, SCHEMES, Bench
from harness.certificates import Certificate
from harness.origin import demo
from harness.runner import each, skip
from harness.scope import eventually

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKS = 10
OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--no-proxy-server"]


def fixture(scope):
    if not shutil.which("chromium"):
        skip("Chromium is not installed")
    bench = Bench(scope)
    shutil.copy(os.path.join(HERE, "browser.html"), bench.files)
    bench.reports = {}

    def handle(exchange):
        if exchange.target.startswith("/report"):
            bench.reports[exchange.target] = json.loads(exchange.body())
            exchange.answer(204, reason="No Content")
        elif exchange.target == "/cookie":
            exchange.answer(fields=[("Set-Cookie", "seen=yes; Path=/; HttpOnly")])
        else:
            demo(exchange)
    bench.application.handler = handle
    bench.pin = Certificate(scope.folder, "front").pin()
    return bench


@each(origin=KINDS, scheme=SCHEMES)
def test_page(env, origin, scheme):
    profile = env.scope.directory(f"profile-{origin}-{scheme}")
    browser = env.scope.start("chromium", ["chromium", *OPTIONS, "--user-data-dir=" + profile,
                                           "--ignore-certificate-errors-spki-list=" + env.pin, "--remote-debugging-port=0",
                                           env.url(scheme, f"/{origin}/browser.html", "127.0.0.1")], env={**os.environ, "HOME": profile})
    try:
        report = eventually(lambda: env.reports.pop(f"/report/{origin}", None), 90, "a report of the page")
    finally:
        browser.end()
    assert len(report) == CHECKS and all(value is True for value in report.values()), report

    def tunnels():
        return {record["http"] for record in env.gate.records() if record["listen"].startswith(scheme + ":") and record["target"].endswith("/app/ws")}
    spoken = eventually(tunnels, 10, "a WebSocket in the access log")
    assert spoken == {"2" if scheme == "https" else "1.1"}, f"WebSockets by HTTP {spoken}"
