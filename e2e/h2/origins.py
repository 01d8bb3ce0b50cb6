"""Servers of HTTP/2 that others have written, all with the same files below /files/; those that run programs have an application below /app/."""
import os

from harness.installation import go_program
from harness.ports import free_port, wait_for_port
from harness.servers import apache_head, apache_modules, apache_process, nginx_process

HERE = os.path.dirname(os.path.abspath(__file__))
APPLICATION = {"go", "node", "node-clear"}  # those that have one


class Site:
    """What a server is to show: files, and with which certificate."""

    def __init__(self, scope, files, shown):
        self.scope, self.files, self.shown = scope, files, shown


def nginx(site, port):
    """It speaks HTTP/2 over TLS only, here: beside HTTP/1.1 in clear text it cannot (1.22)."""
    nginx_process(site.scope, "nginx-two", f"""\
  default_type application/octet-stream;
  client_max_body_size 0;
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {site.shown.cert};
    ssl_certificate_key {site.shown.key};
    location /files/ {{ alias {site.files}/; }}
    location /app/status {{ if ($args = 204) {{ return 204; }} if ($args = 304) {{ return 304; }} }}
  }}
""", port)


def apache(site, port, tls=True):
    name = f"apache-{port}"
    folder = site.scope.directory(name)
    os.chmod(folder, 0o777)
    secure = f"SSLEngine on\nSSLCertificateFile {site.shown.cert}\nSSLCertificateKeyFile {site.shown.key}\n" if tls else ""
    apache_process(site.scope, name, f"""\
ServerName origin.internal
{apache_head(folder, name)}
{apache_modules("mime", "dir", "alias", "rewrite", "http2", "ssl")}
Listen 127.0.0.1:{port}
Protocols {"h2" if tls else "h2c"}
{secure}TypesConfig /etc/mime.types
DocumentRoot {site.files}
Alias /files {site.files}
<Directory />
    Require all denied
</Directory>
<Directory {site.files}>
    Require all granted
</Directory>
RewriteEngine on
RewriteRule ^/app/status - [R=204]
""", port)


def nghttpd(site, port):
    top = site.scope.directory("nghttpd")
    if not os.path.lexists(os.path.join(top, "files")):
        os.symlink(site.files, os.path.join(top, "files"))
    wait_for_port(port, site.scope.start("nghttpd", ["nghttpd", "--no-tls", "--echo-upload", "-d", top, str(port)]))


def go(site, port):
    program = go_program(os.path.join(HERE, "serve.go"))
    wait_for_port(port, site.scope.start("go", [program, str(port), site.shown.cert, site.shown.key, site.files]))


def node(site, port, tls=True):
    command = ["node", os.path.join(HERE, "serve.mjs"), str(port), site.files] + ([site.shown.cert, site.shown.key] if tls else [])
    wait_for_port(port, site.scope.start("node", command))


# How each is started, and how it is asked.
KINDS = {"nginx": (nginx, "https"), "apache": (apache, "https"), "apache-clear": (lambda site, port: apache(site, port, False), "h2c"),
         "nghttpd": (nghttpd, "h2c"), "go": (go, "https"), "node": (node, "https"), "node-clear": (lambda site, port: node(site, port, False), "h2c")}


def start_all(scope, files, shown):
    """The URL of each."""
    site, urls = Site(scope, files, shown), {}
    for kind, (start, scheme) in KINDS.items():
        port = free_port()
        start(site, port)
        urls[kind] = f"{scheme}://127.0.0.1:{port}"
    return urls
