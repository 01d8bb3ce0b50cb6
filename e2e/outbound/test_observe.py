"""From watching to enforcing, with curl: what passes is recorded, rules are proposed from it, applied by patch, and enforced."""
import json
import os
import sqlite3
import stat
import subprocess
import time

from harness.gate import start_gate
from harness.name_server import NameServer
from harness.origin import Origin
from harness.ports import free_port
from harness.scope import eventually

from outbound.stand import PASSWORD, htpasswd

VENDOR = ["api.vendor.com", "cdn.vendor.com", "files.vendor.com"]
TENANTS = ["one.github.io", "two.github.io", "three.github.io"]


class Watched:
    def __init__(self, scope):
        self.scope = scope
        self.origin = Origin(scope)
        self.names = NameServer(scope, "127.53.6.9")
        for name in [*VENDOR, *TENANTS, "other.vendor.com", "four.github.io", "evil.com", "once.net", "denied.com"]:
            self.names.names[name] = (["127.0.0.1"], 60)
        self.names.names["rebound.com"] = (["10.1.2.3"], 60)
        self.port = free_port()
        scope.write("users", htpasswd("mattermost", PASSWORD) + htpasswd("gitlab", PASSWORD))
        self.gate = start_gate(scope, self.text(), self.port, name="watched", prefix=self.names.prefix)

    def text(self, mode="observe"):
        return f"""\
# the way out of our applications
outbound:
  - name: egress
    listen: "proxy://127.0.0.1:{self.port}"
    users: users
    private_networks: [ 127.0.0.1 ]
    mode: {mode}
    record: {{ path: egress.db, keep: 30d }}
    rules:
      # not for us
      - deny: [ denied.com ]

      # and nothing else
      - deny: [ "*" ]
        reason: "ask the operations team"
"""

    def curl(self, host, user="mattermost", port=None):
        done = subprocess.run(["curl", "-q", "-sS", "--noproxy", "", "--max-time", "20", "-x", f"http://127.0.0.1:{self.port}",
                               "-U", f"{user}:{PASSWORD}", "-o", "/dev/null", "-w", "%{http_code}",
                               f"http://{host}:{port or self.origin.port}/show"],
                              capture_output=True, text=True, timeout=30, env={"PATH": os.environ["PATH"]})
        return done.stdout

    def policy(self, *arguments):
        return subprocess.run([self.scope.binary, "policy", *arguments], capture_output=True, text=True, timeout=30, cwd=self.scope.folder)

    def propose(self, *arguments):
        return self.policy("propose", "-c", os.path.basename(self.gate.config), *arguments)

    def rows(self):
        with sqlite3.connect(f"file:{self.scope.path('egress.db')}?mode=ro", uri=True) as database:
            return database.execute("select user, host, verdict, code, sum(count), sum(reached) from seen group by 1, 2, 3, 4").fetchall()

    def requests(self, host):
        return sum(row[4] for row in self.rows() if row[1] == host)


def fixture(scope):
    return Watched(scope)


def test_what_would_be_refused_passes_and_is_recorded(env):
    for name in [*VENDOR, *TENANTS]:
        for _ in range(3):
            assert env.curl(name) == "200", name
    assert env.curl("once.net") == "200"
    assert env.curl("denied.com") == "200"
    assert env.curl(VENDOR[0], user="gitlab") == "200"
    record = env.gate.record(host=f"once.net:{env.origin.port}")
    assert record["would_refuse"] == "rule 2" and record["place"].endswith(":14") and record["status"] == 200, record
    # Private and special addresses do not pass.
    assert env.curl("rebound.com") == "403"
    assert env.curl("169.254.169.254", port=80) == "403"
    # Each worker hands over what it has by itself.
    eventually(lambda: sum(row[4] for row in env.rows()) == 23, 10, "the record of all 23 requests")
    rows = env.rows()
    assert ("mattermost", "rebound.com", 2, "destination_address_refused", 1, 0) in rows, rows
    assert ("mattermost", "api.vendor.com", 1, "", 3, 3) in rows, rows
    assert ("gitlab", "api.vendor.com", 1, "", 1, 1) in rows, rows
    assert stat.S_IMODE(os.stat(env.scope.path("egress.db")).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(env.scope.path("egress.db-wal")).st_mode) == 0o600
    assert PASSWORD not in env.gate.log()


def test_the_proposal_is_applied_and_enforced(env):
    cautious = env.propose()
    assert cautious.returncode == 0 and "There is nothing to add" in cautious.stdout, cautious
    assert f"api.vendor.com:{env.origin.port} for mattermost: it is of a private network" in cautious.stdout, cautious.stdout
    done = env.propose("--private", "--least-days", "1")
    assert done.returncode == 0 and not done.stderr, done
    assert f"once.net:{env.origin.port} for mattermost: it was seen too seldom" in done.stdout, done.stdout
    assert f"denied.com:{env.origin.port} for mattermost: a rule denies it" in done.stdout, done.stdout
    assert f"rebound.com:{env.origin.port} for mattermost: it leads to a private or special address" in done.stdout, done.stdout
    port = env.origin.port
    added = [line[1:].split("  #")[0] for line in done.stdout.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert added == ["      - allow:", f"          - .vendor.com:{port}", *[f"          - {name}:{port}" for name in sorted(TENANTS)],
                     "        who: [ mattermost ]"], added
    one = env.propose("--private", "--least-days", "1", "--for", "gitlab", "--least-count", "1", "--json")
    rules = json.loads(one.stdout)["entries"][0]["rules"]
    assert [each["destination"] for each in rules[0]["allow"]] == [f"api.vendor.com:{port}"] and rules[0]["who"] == ["gitlab"], rules
    patched = subprocess.run(["patch", "-p0"], input=done.stdout, capture_output=True, text=True, cwd=env.scope.folder, timeout=10)
    assert patched.returncode == 0, patched
    with open(env.gate.config, encoding="utf-8") as file:
        text = file.read()
    assert "# not for us" in text and "# and nothing else" in text
    env.scope.write(os.path.basename(env.gate.config), text.replace("mode: observe", "mode: enforce"))
    env.gate.reload()
    for name in [*VENDOR, *TENANTS, "other.vendor.com"]:
        assert env.curl(name) == "200", name
    for name in ["four.github.io", "evil.com", "once.net", "denied.com"]:
        assert env.curl(name) == "403", name
    assert env.curl(VENDOR[0], user="gitlab") == "403"
    record = env.gate.record(host=f"evil.com:{port}")
    assert record["error"]["code"] == "destination_refused" and "would_refuse" not in record, record
    eventually(lambda: any(row[1] == "evil.com" and row[2] == 2 for row in env.rows()), 10, "the record of what was refused")


def test_what_other_rules_would_have_done(env):
    same = env.policy("diff", "-c", os.path.basename(env.gate.config), "--with", os.path.basename(env.gate.config))
    assert same.returncode == 1 and f"once.net:{env.origin.port} for mattermost" in same.stdout, same  # it has passed while it was watched
    wide = env.text("enforce").replace('deny: [ "*" ]', f'allow: [ "*:{env.origin.port}" ]').replace("deny: [ denied.com ]", "allow: [ denied.com ]")
    env.scope.write("wide.yaml", wide.replace('        reason: "ask the operations team"\n', ""))
    done = env.policy("diff", "-c", os.path.basename(env.gate.config), "--with", "wide.yaml")
    assert done.returncode == 0 and "Would pass, and was refused:" in done.stdout and f"evil.com:{env.origin.port}" in done.stdout, done
    env.scope.write("narrow.yaml", env.text("enforce"))
    narrow = env.policy("diff", "-c", os.path.basename(env.gate.config), "--with", "narrow.yaml", "--json")
    refused = json.loads(narrow.stdout)["entries"][0]["would_be_refused"]
    assert narrow.returncode == 1 and {each["host"] for each in refused} >= set(VENDOR), narrow


def test_a_locked_record_stops_nobody(env):
    lock = sqlite3.connect(env.scope.path("egress.db"), isolation_level=None)
    lock.execute("begin immediate")
    begun = time.monotonic()
    for _ in range(5):
        assert env.curl(VENDOR[1]) == "200"
    assert time.monotonic() - begun < 5
    env.gate.await_log("record_failed", 15)
    lock.execute("rollback")
    lock.close()
    env.gate.await_log("record_works", 15)
    eventually(lambda: env.requests(VENDOR[1]) == 3 + 1 + 5, 10, "what was asked meanwhile")


def test_what_waits_is_written_at_the_end(env):
    assert env.curl(VENDOR[2]) == "200"
    assert env.gate.stop() == 0
    assert env.requests(VENDOR[2]) == 3 + 1 + 1
    done = env.propose("--json")
    assert done.returncode == 0 and json.loads(done.stdout)["entries"][0]["requests"] > 20, done
