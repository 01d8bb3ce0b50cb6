"""`explain --outbound` says what the gate then does, with the same names and addresses."""
import json
import subprocess

from harness.runner import each

from outbound.stand import Stand


def fixture(scope):
    return Stand(scope)


def explain(env, *arguments):
    done = subprocess.run([*env.names.prefix, env.scope.binary, "explain", "-c", env.gate.config, "--outbound", "--json", *arguments],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done
    return json.loads(done.stdout)


@each(host=["origin.example.test", "sub.allowed.example.test", "refused.example.test", "nobody.example.test", "rebound.example.test",
            "missing.allowed.example.test", "127.0.0.1"])
def test_what_is_explained_is_what_happens_to_requests(env, host):
    url = f"http://{host}:{env.origin.port}/show"
    said = explain(env, url)
    code = env.curl(url, "-o", "/dev/null", "-w", "%{http_code}").stdout
    assert code == str(said["status"] or 200), (said, code)
    if said["outcome"] == "refuse":
        record = env.gate.record(host=f"{host}:{env.origin.port}", status=said["status"])
        assert record["error"]["code"] == said["code"], (record, said)
    else:
        assert said["outcome"] == "request" and [each["address"] for each in said["addresses"]] == ["127.0.0.1"], said


@each(host=["origin.example.test", "refused.example.test", "other.example.test", "rebound.example.test"])
def test_what_is_explained_is_what_happens_to_tunnels(env, host):
    said = explain(env, f"{host}:{env.secure.port}")
    code = env.curl(f"https://{host}:{env.secure.port}/show", "-k", "-o", "/dev/null", "-w", "%{http_connect}").stdout
    assert code == str(said["status"]), (said, code)


def test_users_are_asked_for(env):
    target = f"origin.example.test:{env.origin.port}"
    assert explain(env, "--entry", "users", target)["code"] == "proxy_authentication_required"
    assert explain(env, "--entry", "users", "--user", "nobody", target)["code"] == "proxy_authentication_required"
    assert explain(env, "--entry", "users", "--user", "somebody", target)["code"] == "destination_refused"
    assert explain(env, "--entry", "users", "--user", "mattermost", target)["outcome"] == "tunnel"


def test_nobody_looks_up_what_may_not_be_reached(env):
    explain(env, "unheard.example.test:443")
    assert not [name for name, _ in env.names.asked if name == "unheard.example.test"], env.names.asked
