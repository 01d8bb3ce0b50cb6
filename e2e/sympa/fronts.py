"""The fronts that are compared: Apache as Sympa's own documentation has it, and Sallyport in two ways."""
import os
import re
import subprocess

from harness.gate import start_gate
from harness.ports import free_port
from harness.servers import apache_head, apache_modules, apache_process
from sympa.backend import DOMAIN

EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "sympa.yaml")


class Front:
    def __init__(self, name, plain, secure, gate=None):
        self.name, self.plain, self.secure, self.gate = name, plain, secure, gate


def location(path, backend):
    return f"""\
<Location {path}>
    Require all granted
    RequestHeader set Front-End-Https "On"
    ProxyPass https://127.0.0.1:{backend.port}{path}
    ProxyPassReverse https://127.0.0.1:{backend.port}{path}
    ProxyPreserveHost On
</Location>
"""


def apache_configuration(scope, backend, certificate, plain, secure):
    return f"""\
ServerName {DOMAIN}
{apache_head(scope.folder, "front")}
{apache_modules("headers", "socache_shmcb", "ssl", "proxy", "proxy_http")}
Listen 127.0.0.1:{plain}
Listen 127.0.0.1:{secure}
DocumentRoot {scope.directory("front-docroot")}
<Directory />
    Require all denied
</Directory>
SSLProxyEngine On
SSLProxyCheckPeerCN off
SSLProxyCheckPeerName off
{location("/sympa", backend)}{location("/static-sympa", backend)}{location("/sympasoap", backend)}
<VirtualHost 127.0.0.1:{plain}>
    ServerName {DOMAIN}
</VirtualHost>
<VirtualHost 127.0.0.1:{secure}>
    ServerName {DOMAIN}
    SSLEngine on
    SSLProxyEngine On
    SSLProxyCheckPeerCN off
    SSLProxyCheckPeerName off
    SSLCertificateFile {certificate.cert}
    SSLCertificateKeyFile {certificate.key}
</VirtualHost>
"""


def apache_front(scope, backend, certificate):
    plain, secure = free_port(), free_port()
    apache_process(scope, "front", apache_configuration(scope, backend, certificate, plain, secure), secure)
    return Front("apache", plain, secure)


def example_front(scope, backend, certificate):
    """examples/sympa.yaml with the addresses and files of this test in the place of its own."""
    plain, secure = free_port(), free_port()
    with open(EXAMPLE, encoding="utf-8") as file:
        text = file.read()
    for old, new in {"https://:443": f"https://127.0.0.1:{secure}", "http://:80": f"http://127.0.0.1:{plain}",
                     "/etc/sallyport/lists.pem": certificate.cert, "/etc/sallyport/lists.key": certificate.key,
                     "/etc/sallyport/actual.host.pem": backend.certificate.cert,
                     "https://actual.host": f"https://127.0.0.1:{backend.port}"}.items():
        assert old in text, f"examples/sympa.yaml has no {old} any more"
        text = text.replace(old, new)
    gate = start_gate(scope, re.sub(r"\ntests:.*", "\n", text, flags=re.S), secure, name="example")
    return Front("example", plain, secure, gate)


def imported_front(scope, backend, certificate):
    """What `sallyport import apache` makes of the reference front's configuration, unchanged."""
    plain, secure = free_port(), free_port()
    source = scope.write("imported.conf", apache_configuration(scope, backend, certificate, plain, secure))
    done = subprocess.run([scope.binary, "import", "apache", source], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    assert " 0 to decide about" in done.stderr, done.stderr
    gate = start_gate(scope, done.stdout, secure, name="imported")
    return Front("imported", plain, secure, gate)
