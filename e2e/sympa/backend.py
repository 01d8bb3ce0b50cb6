"""Debian's Sympa with a configuration, database and list of its own, behind an HTTPS server whose certificate has another
name than the one the public uses."""
import os
import pwd
import grp
import shutil
import socket
import subprocess

from harness.certificates import self_signed
from harness.ports import free_port
from harness.runner import skip
from harness.servers import apache_head, apache_modules, apache_process

DOMAIN = "lists.example.com"
BACKEND_NAME = "sympa-backend.internal"
LIBRARY = "/usr/share/sympa/lib"
PROGRAMS = "/usr/lib/cgi-bin/sympa"
SPOOLS = {"spool": "", "queue": "msg", "queueautomatic": "automatic", "queuedigest": "digest", "queuemod": "moderation",
          "queueauth": "auth", "queueoutgoing": "outgoing", "queuesubscribe": "subscribe", "queuetopic": "topic",
          "queuebounce": "bounce", "queuetask": "task", "queuebulk": "bulk", "tmpdir": "tmp", "viewmail_dir": "viewmail"}

ADD_USERS = r"""
use strict; use warnings; use Conf; use Sympa::DatabaseManager; use Sympa::User;
my ($domain, @names) = @ARGV;
Conf::load() or die 'no configuration'; Sympa::DatabaseManager->instance or die 'no database';
for my $name (@names) {
    Sympa::User::add_global_user({email => "$name\@$domain", password => "$name-secret", lang => 'en_US', gecos => $name}) or die $name;
}
"""

LIST = f"""<?xml version="1.0"?>
<list>
  <listname>announce</listname><type>discussion_list</type>
  <subject>News of the house</subject><description>What happens here</description>
  <status>open</status><shared_edit><status>closed</status></shared_edit>
  <topic>computers</topic><language>en-US</language>
  <owner multiple="1"><email>owner@{DOMAIN}</email></owner>
</list>
"""

# What arrived, as JSON: environment, size and digest of the body.
ECHO = """#!/usr/bin/python3
import hashlib, json, os, sys
body = sys.stdin.buffer.read()
names = ("REQUEST_METHOD", "REQUEST_URI", "SERVER_NAME", "SERVER_PORT", "HTTPS", "SSL_TLS_SNI", "REMOTE_ADDR", "CONTENT_TYPE", "CONTENT_LENGTH",
         "PATH_INFO", "QUERY_STRING")
seen = {name: value for name, value in os.environ.items() if name in names or name.startswith("HTTP_")}
seen["body"] = [len(body), hashlib.sha256(body).hexdigest()]
sys.stdout.write("Content-Type: application/json\\r\\nSet-Cookie: echo=1; path=/static-sympa; secure\\r\\n\\r\\n" + json.dumps(seen, sort_keys=True))
"""

# ?own=PATH redirects to the backend's own name, ?to=URL as given; ?cookie=TEXT sets a cookie.
REDIRECT = """#!/usr/bin/python3
import os, sys, urllib.parse
sys.stdin.buffer.read()  # a program that leaves content unread may cost its server the connection
query = {name: values[0] for name, values in urllib.parse.parse_qs(os.environ.get("QUERY_STRING", "")).items()}
place = query["to"] if "to" in query else "https://@OWN@" + query.get("own", "/static-sympa/")
print("Status: %s Moved\\r\\nLocation: %s\\r\\nContent-Location: %s" % (query.get("status", "302"), place, place), end="\\r\\n")
if "refresh" in query: print("Refresh: 0; url=" + place, end="\\r\\n")
if "cookie" in query: print("Set-Cookie: " + query["cookie"], end="\\r\\n")
print("Content-Type: text/plain\\r\\n\\r\\nelsewhere", end="")
"""

SEEN = ('{\\"method\\":\\"%m\\",\\"uri\\":\\"%U%q\\",\\"host\\":\\"%{Host}i\\",\\"sni\\":\\"%{SSL_TLS_SNI}x\\",'
        '\\"front_end_https\\":\\"%{Front-End-Https}i\\",\\"x_forwarded_for\\":\\"%{X-Forwarded-For}i\\",'
        '\\"x_forwarded_host\\":\\"%{X-Forwarded-Host}i\\",\\"status\\":%>s}')


class Backend:
    def __init__(self, scope):
        if os.geteuid() != 0:
            skip("Sympa runs as a user of its own, so this needs root")
        if not shutil.which("sympa") and not os.path.exists("/usr/lib/sympa/bin/sympa.pl"):
            skip("Sympa is not installed")
        self.scope = scope
        self.folder = scope.directory("sympa")
        self.user = pwd.getpwnam("sympa")
        self.environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "LANG": "C.UTF-8", "SYMPA_CONFIG": self.folder + "/sympa.conf"}
        self.certificate = self_signed(scope.folder, "backend", BACKEND_NAME)
        self.port = free_port()
        self.seen_path = scope.path("seen.log")
        self._write_configuration()
        self._fill_database()
        self._start_program("wwsympa", "wwsympa.fcgi", 2)
        self._start_program("sympasoap", "sympa_soap_server.fcgi", 1)
        self._start_apache()

    def _own(self, *paths):
        for path in paths:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def _write_configuration(self):
        os.chmod(self.folder, 0o755)
        settings = {"domain": DOMAIN, "listmaster": f"listmaster@{DOMAIN}", "lang": "en_US", "supported_lang": "en_US",
                    "title": "Lists for tests", "wwsympa_url": f"https://{DOMAIN}/sympa", "soap_url": f"https://{DOMAIN}/sympasoap",
                    "cookie_domain": DOMAIN, "cookie": "a secret of these tests", "db_type": "SQLite",
                    "db_name": self.folder + "/database", "sendmail": "/bin/true", "sendmail_aliases": "none", "log_level": "0",
                    "log_socket_type": "unix", "static_content_path": "/usr/share/sympa/static_content",
                    "static_content_url": "/static-sympa", "css_url": "/static-sympa/css", "pictures_url": "/static-sympa/pictures"}
        for key, name in {"home": "lists", "etc": "etc", "bounce_path": "bounce", "arc_path": "archive", "css_path": "css",
                          "pictures_path": "pictures", **{key: "spool/" + name for key, name in SPOOLS.items()}}.items():
            settings[key] = os.path.join(self.folder, name).rstrip("/")
            os.makedirs(settings[key], exist_ok=True)
            self._own(settings[key])
        self._own(self.folder)
        self.scope.write("sympa/sympa.conf", "".join(f"{key} {value}\n" for key, value in settings.items()))
        os.makedirs("/run/sympa", exist_ok=True)
        self._own("/run/sympa")

    def _as_sympa(self, *command, **options):
        done = subprocess.run(command, env=self.environment, user="sympa", group="sympa", extra_groups=[], cwd=self.folder,
                              capture_output=True, text=True, timeout=90, **options)
        assert done.returncode == 0, f"{command[:3]}: {done.stdout[-1500:]}{done.stderr[-1500:]}"

    def _fill_database(self):
        program = "/usr/lib/sympa/bin/sympa.pl"
        open(self.folder + "/database", "ab").close()
        self._own(self.folder + "/database")
        self._as_sympa(program, "--health_check")
        self._as_sympa("perl", "-I" + LIBRARY, "-", DOMAIN, "user", "owner", "listmaster", input=ADD_USERS)
        self.scope.write("sympa/announce.xml", LIST)
        self._as_sympa(program, "--create_list", "--robot=" + DOMAIN, "--input_file=" + self.folder + "/announce.xml")

    def _start_program(self, name, program, count):
        """FastCGI programs of one socket, which is their standard input."""
        path = os.path.join(self.folder, name + ".sock")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.listen(64)
        for _ in range(count):
            self.scope.start(name, [os.path.join(PROGRAMS, program)], stdin=listener, env=self.environment, cwd=self.folder,
                             user="sympa", group="sympa", extra_groups=[grp.getgrnam("sympa").gr_gid])
        listener.close()

    def _start_apache(self):
        docroot, programs = self.scope.directory("docroot"), self.scope.directory("cgi")
        own = f"127.0.0.1:{self.port}"
        self.scope.write("cgi/echo", ECHO, 0o755)
        self.scope.write("cgi/redirect", REDIRECT.replace("@OWN@", own), 0o755)
        granted = "".join(f"<Directory {folder}>\n    Require all granted\n</Directory>\n"
                          for folder in (docroot, self.folder + "/css", self.folder + "/pictures", "/usr/share/sympa/static_content"))
        apache_process(self.scope, "backend", f"""\
ServerName {BACKEND_NAME}
{apache_head(self.scope.folder, "backend")}
{apache_modules("alias", "mime", "dir", "env", "socache_shmcb", "ssl", "proxy", "proxy_fcgi", "cgid")}
Listen {own}
TypesConfig /etc/mime.types
ScriptSock {self.scope.folder}/cgi.sock
LogFormat "{SEEN}" seen
CustomLog {self.seen_path} seen
# Without a document root that exists, Apache splits the paths of FastCGI programs wrongly, and Sympa answers 421.
DocumentRoot {docroot}
UseCanonicalName Off
<Directory />
    Require all denied
</Directory>
{granted}
<Directory {programs}>
    Options +ExecCGI
    SetHandler cgi-script
    SSLOptions +StdEnvVars
    Require all granted
</Directory>
ScriptAlias /static-sympa/echo {programs}/echo
ScriptAlias /static-sympa/redirect {programs}/redirect
Alias /static-sympa/css {self.folder}/css
Alias /static-sympa/pictures {self.folder}/pictures
Alias /static-sympa /usr/share/sympa/static_content
<Location /sympa>
    SetHandler "proxy:unix:{self.folder}/wwsympa.sock|fcgi://localhost"
</Location>
<Location /sympasoap>
    SetHandler "proxy:unix:{self.folder}/sympasoap.sock|fcgi://localhost"
</Location>
<VirtualHost {own}>
    ServerName {BACKEND_NAME}
    ServerAlias *
    SSLEngine on
    SSLCertificateFile {self.certificate.cert}
    SSLCertificateKeyFile {self.certificate.key}
</VirtualHost>
""", self.port)

    def seen_so_far(self):
        return os.path.getsize(self.seen_path) if os.path.exists(self.seen_path) else 0

    def seen_since(self, offset):
        with open(self.seen_path, encoding="latin-1") as file:
            file.seek(offset)
            return file.read()
