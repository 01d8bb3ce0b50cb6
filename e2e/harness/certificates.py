"""Keys and certificates, made by openssl. EC keys: they are made in no time."""
import base64
import hashlib
import os
import ssl
import subprocess

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def openssl(*arguments, **options):
    done = subprocess.run(["openssl", *arguments], capture_output=True, timeout=30, **options)
    assert done.returncode == 0, f"openssl {arguments[0]}: {done.stderr.decode()}"
    return done.stdout


class Certificate:
    def __init__(self, folder, name):
        self.cert = os.path.join(folder, name + ".pem")
        self.key = os.path.join(folder, name + ".key")

    def pin(self):
        """The SHA-256 of the public key, as upstream_tls.pin wants it."""
        public = openssl("x509", "-in", self.cert, "-noout", "-pubkey")
        der = openssl("pkey", "-pubin", "-outform", "DER", input=public)
        return base64.b64encode(hashlib.sha256(der).digest()).decode()

    def server_context(self):
        """For a server that shows it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context

    def fingerprint(self):
        der = openssl("x509", "-in", self.cert, "-outform", "DER")
        return hashlib.sha256(der).hexdigest()


def alternative_names(names):
    return ",".join(("IP:" if name.replace(".", "").isdigit() or ":" in name else "DNS:") + name for name in names)


def self_signed(folder, name, *names, days=30, common_name=None):
    made = Certificate(folder, name)
    openssl("req", "-x509", *KEY, "-days", str(days), "-subj", f"/CN={common_name or names[0]}",
            "-addext", "subjectAltName=" + alternative_names(names), "-keyout", made.key, "-out", made.cert)
    os.chmod(made.key, 0o644)
    return made


class Authority(Certificate):
    def __init__(self, folder, name="ca"):
        super().__init__(folder, name)
        self.folder = folder
        openssl("req", "-x509", *KEY, "-days", "30", "-subj", f"/CN=Authority {name}", "-addext", "basicConstraints=critical,CA:TRUE",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", self.key, "-out", self.cert)

    def sign(self, name, *names, common_name=None, use="serverAuth", dates=()):
        """A certificate for these names; `dates` are options of `openssl ca` such as -startdate."""
        made = Certificate(self.folder, name)
        request, extensions = made.cert + ".csr", made.cert + ".ext"
        openssl("req", *KEY, "-subj", f"/CN={common_name or names[0]}", "-keyout", made.key, "-out", request)
        with open(extensions, "w", encoding="ascii") as file:
            file.write(f"basicConstraints=CA:FALSE\nextendedKeyUsage={use}\n")
            if names:
                file.write(f"subjectAltName={alternative_names(names)}\n")
        if dates:
            self._sign_with_dates(made, request, extensions, dates)
        else:
            openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key, "-CAcreateserial", "-days", "20",
                    "-sha256", "-extfile", extensions, "-out", made.cert)
        os.chmod(made.key, 0o644)
        return made

    def _sign_with_dates(self, made, request, extensions, dates):
        index, settings = made.cert + ".index", made.cert + ".cnf"
        open(index, "w", encoding="ascii").close()
        with open(settings, "w", encoding="ascii") as file:
            file.write(f"[ca]\ndefault_ca=x\n[x]\ndatabase={index}\nnew_certs_dir={self.folder}\nrand_serial=yes\n"
                       "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
        openssl("ca", "-batch", "-config", settings, "-cert", self.cert, "-keyfile", self.key, "-in", request,
                "-extfile", extensions, "-out", made.cert, "-notext", *dates)
