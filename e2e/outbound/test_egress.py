"""`sallyport egress`, with curl: a way out without a file."""
import json
import os
import signal
import subprocess

from harness.origin import Origin
from harness.ports import free_port, wait_for_port

from outbound.stand import PASSWORD, htpasswd


def curl(port, url, *arguments):
    return subprocess.run(["curl", "-q", "-sS", "--noproxy", "", "--max-time", "20", "-x", f"http://127.0.0.1:{port}", *arguments, url],
                          capture_output=True, text=True, timeout=30, env={"PATH": os.environ["PATH"]})


def start(scope, *arguments):
    port = free_port()
    process = scope.start("egress", [scope.binary, "egress", "--listen", f"proxy://127.0.0.1:{port}", *arguments])
    wait_for_port(port, process)
    return port, process


CODE = ["-o", "/dev/null", "-w", "%{http_code}"]


def test_what_is_named_is_reached_and_nothing_else(scope):
    origin, other = Origin(scope), Origin(scope)
    port, process = start(scope, "--allow", f"127.0.0.1:{origin.port}")
    done = curl(port, f"http://127.0.0.1:{origin.port}/show")
    assert done.returncode == 0 and json.loads(done.stdout)["target"] == "/show", done
    tunneled = curl(port, f"http://127.0.0.1:{origin.port}/show", "-p")
    assert tunneled.returncode == 0 and json.loads(tunneled.stdout)["target"] == "/show", tunneled
    assert curl(port, f"http://127.0.0.1:{other.port}/show", *CODE).stdout == "403"
    assert other.accepted == 0
    process.signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_what_is_denied_is_not(scope):
    origin = Origin(scope)
    port, _ = start(scope, "--allow", f"127.0.0.0/8:{origin.port}", "--deny", "127.0.0.1")
    assert curl(port, f"http://127.0.0.1:{origin.port}/show", *CODE).stdout == "403"
    assert origin.accepted == 0


def test_private_networks_are_named(scope):
    origin = Origin(scope)
    url = f"http://localhost:{origin.port}/show"
    closed, _ = start(scope, "--allow", f"localhost:{origin.port}")
    assert curl(closed, url, *CODE).stdout == "403"
    opened, _ = start(scope, "--allow", f"localhost:{origin.port}", "--private-network", "127.0.0.0/8", "--private-network", "::1")
    assert curl(opened, url, *CODE).stdout == "200"


def test_users(scope):
    origin = Origin(scope)
    users = scope.write("users", htpasswd("mattermost", PASSWORD))
    port, _ = start(scope, "--allow", f"127.0.0.1:{origin.port}", "--users", users)
    url = f"http://127.0.0.1:{origin.port}/show"
    assert curl(port, url, *CODE).stdout == "407"
    assert curl(port, url, "-U", f"mattermost:{PASSWORD}", *CODE).stdout == "200"
