"""The commands that a new user tries first."""
import glob
import os
import signal
import subprocess

from harness.origin import Origin
from harness.ports import free_port, wait_for_port
from harness.wire import ask

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples")


def sallyport(scope, *arguments):
    return subprocess.run([scope.binary, *arguments], capture_output=True, text=True, timeout=30, cwd=scope.folder)


def test_examples_hold_what_they_promise(scope):
    examples = sorted(glob.glob(os.path.join(EXAMPLES, "*.yaml")))
    assert len(examples) >= 5
    for example in examples:
        done = sallyport(scope, "test", "-c", example)
        assert done.returncode == 0 and " 0 failed" in done.stdout, f"{example}: {done.stdout}{done.stderr}"


def test_reverse_proxy_without_a_file(scope):
    origin, port = Origin(scope), free_port()
    process = scope.start("reverse-proxy", [scope.binary, "reverse-proxy", "--from", f"http://127.0.0.1:{port}", "--to", f"http://127.0.0.1:{origin.port}"])
    wait_for_port(port, process)
    assert ask(port, "GET", "/show").status == 200
    process.signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_reverse_proxy_makes_a_certificate(scope):
    origin, port = Origin(scope), free_port()
    process = scope.start("reverse-proxy", [scope.binary, "reverse-proxy", "--from", f"https://127.0.0.1:{port}", "--to", f"http://127.0.0.1:{origin.port}"])
    wait_for_port(port, process)
    done = subprocess.run(["curl", "-q", "-sSk", "--noproxy", "*", "--max-time", "10", f"https://127.0.0.1:{port}/show"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0 and '"target": "/show"' in done.stdout, done
    process.signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_explain_says_what_run_does(scope):
    path = scope.write("explained.yaml", """\
inbound:
  - listen: "http://127.0.0.1:8080"
    sites:
      - hosts: [ www.example.com ]
        routes:
          - { path: /app, to: "http://127.0.0.1:9/inside" }
""")
    done = sallyport(scope, "explain", "-c", path, "http://www.example.com:8080/app/x")
    assert done.returncode == 0 and "/inside/x" in done.stdout and "explained.yaml:6" in done.stdout, done.stdout
    done = sallyport(scope, "explain", "-c", path, "http://other.example.com:8080/app/x")
    assert "no_site" in done.stdout + done.stderr, done


def test_egress_speaks_of_its_arguments(scope):
    done = sallyport(scope, "egress", "--listen", "proxy://:3128", "--allow", "https://gitlab.com")
    assert done.returncode == 3 and "--listen: error:" in done.stderr, done
    done = sallyport(scope, "egress", "--listen", "proxy://127.0.0.1:3128", "--allow", "https://gitlab.com", "--deny", "127.1")
    assert done.returncode == 3 and "--allow: error:" in done.stderr and "--deny: error:" in done.stderr, done
    assert "command line" not in done.stderr, done


def test_import_squid(scope):
    path = scope.write("squid.conf", """\
http_port 127.0.0.1:3128
acl good dstdomain .example.com
http_access allow good
http_access deny all
""")
    done = sallyport(scope, "import", "squid", path)
    assert done.returncode == 0, done
    imported = scope.write("imported.yaml", done.stdout)
    assert sallyport(scope, "check", "-c", imported).returncode == 0, done.stdout
    done = sallyport(scope, "explain", "-c", imported, "--outbound", "--address", "8.8.8.8", "www.example.com:443")
    assert done.returncode == 0 and "200" in done.stdout, done
    done = sallyport(scope, "explain", "-c", imported, "--outbound", "www.example.org:443")
    assert done.returncode == 0 and "destination_refused" in done.stdout, done


def test_exit_codes(scope):
    assert sallyport(scope, "version").returncode == 0
    assert sallyport(scope, "nonsense").returncode == 2
    assert sallyport(scope, "check", "-c", scope.write("wrong.yaml", "inbound: 5\n")).returncode == 3
    assert sallyport(scope, "check", "-c", scope.path("missing.yaml")).returncode in (1, 3)


def test_an_access_log_without_a_folder(scope):
    path = scope.write("log.yaml", f"""\
inbound: [ {{ listen: "http://127.0.0.1:{free_port()}", sites: [ {{ routes: [ {{ path: /, respond: {{ body: hi }} }} ] }} ] }} ]
log: {{ access: {scope.path("none")}/access.log }}
""")
    for command, exit_code in [("check", 3), ("run", 1)]:
        done = sallyport(scope, command, "-c", path)
        assert done.returncode == exit_code, done
        assert "log.yaml:2:16: error" in done.stdout + done.stderr and "mkdir -p" in done.stdout + done.stderr, done
    assert sallyport(scope, "check", "--no-files", "-c", path).returncode == 0


def test_a_command_that_does_not_exist(scope):
    done = sallyport(scope, "bogus", "-c", "x.yaml")
    assert done.returncode == 2 and "There is no command `bogus`." in done.stderr and "`check`" in done.stderr, done
    done = sallyport(scope, "chekc")
    assert done.returncode == 2 and "did you mean `check`?" in done.stderr and "demo" not in done.stderr, done
    done = sallyport(scope, "import", "varnish", "x.vcl")
    assert done.returncode == 2 and "There is no command `varnish`" in done.stderr and "`apache`" in done.stderr, done
    assert "A command is missing." in sallyport(scope).stderr


def test_arguments_that_are_wrong_or_missing(scope):
    rows = [(["reverse-proxy", "--form", "https://:8443"], "There is no option `--form`: did you mean `--from`?"),
            (["reverse-proxy", "--from", "http://:1", "--too=x"], "There is no option `--too`: did you mean `--to`?"),
            (["check", "--filex"], "There is no option `--filex`."),
            (["check", "extra"], "The argument `extra` was not expected."),
            (["reverse-proxy"], "`--from URL` and `--to URL` are missing."),
            (["reverse-proxy", "--from", "http://:1"], "`--to URL` is missing."),
            (["explain"], "`[METHOD] URL` is missing."),
            (["import", "apache"], "`FILE...` is missing.\n`sallyport import apache --help` says more.")]
    for arguments, said in rows:
        done = sallyport(scope, *arguments)
        assert done.returncode == 2 and said in done.stderr, f"{arguments}: {done}"
    for command in (["explain"], ["import", "apache"]):
        shown = sallyport(scope, *command, "--help").stdout
        assert "\n  request " not in shown and "\n  files " not in shown, shown


def test_reverse_proxy_speaks_of_its_arguments(scope):
    done = sallyport(scope, "reverse-proxy", "--from", "http://localhost:80", "--to", "ftp://x")
    assert done.returncode == 3 and "--from: error: `localhost`" in done.stderr and "--to: error: `ftp://`" in done.stderr, done
    assert "command line" not in done.stderr, done
    origin = Origin(scope)
    done = sallyport(scope, "reverse-proxy", "--from", f"http://127.0.0.1:{origin.port}", "--to", "http://127.0.0.1:1")
    assert done.returncode == 1 and "--from: error: cannot listen on" in done.stderr, done
