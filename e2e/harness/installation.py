"""What the tests need and the machine may lack: Debian packages, npm packages, compiled Go clients."""
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys

CACHE = os.environ.get("E2E_CACHE", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".cache", "e2e"))
POLICY = "/usr/sbin/policy-rc.d"

# What packages ask for while they are configured: Sympa's its database, Postfix's what it is for.
DEBCONF = """\
postfix postfix/main_mailer_type select No configuration
sympa sympa/hostname string lists.example.com
sympa sympa/listmaster string listmaster@lists.example.com
sympa sympa/language select en_US
sympa wwsympa/wwsympa_url string https://lists.example.com/sympa
sympa wwsympa/webserver_type select Other
sympa sympa/use_soap boolean true
sympa sympa/dbconfig-install boolean true
sympa sympa/database-type select sqlite3
"""


def listed(path):
    with open(path, encoding="utf-8") as lines:
        return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]


def installed(package):
    status = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", package], capture_output=True, text=True)
    return status.stdout.strip() == "installed"


@contextlib.contextmanager
def no_daemons_started():
    """While packages are installed, none of them may start its daemon."""
    if os.path.exists(POLICY) or os.geteuid() != 0:
        yield
        return
    with open(POLICY, "w", encoding="utf-8") as policy:
        policy.write("#!/bin/sh\nexit 101\n")
    os.chmod(POLICY, 0o755)
    try:
        yield
    finally:
        os.unlink(POLICY)


def install_packages(list_file):
    missing = [package for package in listed(list_file) if not installed(package)]
    if not missing:
        return
    print("installing:", *missing, file=sys.stderr, flush=True)
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    install = ["apt-get", "-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=600", "install"]
    subprocess.run(sudo + ["apt-get", "-q", "update"], stdout=subprocess.DEVNULL, check=False)
    with no_daemons_started():
        if "sympa" in missing or "postfix" in missing:
            subprocess.run(sudo + ["debconf-set-selections"], input=DEBCONF, text=True, check=True)
        if "sympa" in missing:
            # Its configuration wants the database's tools to be complete already.
            first = [package for package in missing if package != "sympa"]
            subprocess.run(sudo + environment + install + first, stdout=subprocess.DEVNULL, check=True)
            subprocess.run(sudo + ["debconf-set-selections"], input=DEBCONF, text=True, check=True)
        subprocess.run(sudo + environment + install + missing, stdout=subprocess.DEVNULL, check=True)


def node_modules():
    """The folder with the npm packages of package.json, for NODE_PATH."""
    wanted = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "package.json")
    folder = os.path.abspath(os.path.join(CACHE, "npm"))
    copy = os.path.join(folder, "package.json")
    modules = os.path.join(folder, "node_modules")
    with open(wanted, encoding="utf-8") as file:
        text = file.read()
    if os.path.isdir(modules) and os.path.exists(copy) and open(copy, encoding="utf-8").read() == text:
        return modules
    if shutil.which("npm") is None:
        install_list(["npm"])
    os.makedirs(folder, exist_ok=True)
    with open(copy, "w", encoding="utf-8") as file:
        file.write(text)
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False, timeout=300)
    if done.returncode != 0:
        raise RuntimeError("npm install failed: " + done.stderr.strip()[-2000:])
    return modules


def install_list(packages):
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    subprocess.run(sudo + ["apt-get", "-y", "-q", "--no-install-recommends", "install", *packages],
                   stdout=subprocess.DEVNULL, check=True)


def go_program(source):
    """The program that Go makes of one source file; kept in the cache."""
    with open(source, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()[:16]
    name = os.path.splitext(os.path.basename(source))[0]
    program = os.path.abspath(os.path.join(CACHE, f"{name}-{digest}"))
    if not os.path.exists(program):
        os.makedirs(CACHE, exist_ok=True)
        subprocess.run(["go", "build", "-o", program, os.path.abspath(source)], cwd=os.path.dirname(source), check=True,
                       timeout=300, env={**os.environ, "GO111MODULE": "off", "CGO_ENABLED": "0"})
    return program
