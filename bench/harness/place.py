"""What a peer is told: where it may write, which ports it listens on, and what it stands in front of."""

import importlib.util
import shutil
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

PEERS = Path(__file__).resolve().parent.parent / "peers"


@dataclass
class Place:
    """Plain HTTP/1.1 on 127.0.0.1:`port`, HTTPS on `tls_port`, in front of 127.0.0.1:`origin_port`. One worker."""

    folder: Path
    port: int
    tls_port: int
    origin_port: int
    certificate: Path  # ECDSA P-256
    key: Path
    both: Path  # certificate and key in one file
    sites: int = 0  # 0: every host; else site0.example, site1.example, ...
    routes: int = 0  # of each site: /route0, /route1, ...
    relay: str = ""  # "tcp": octets are passed on instead; "header": with a PROXY header of version 2
    forward: str = ""  # a forward proxy on `port` instead, which may reach the origin only: "absolute" form, or "connect"
    load: list[str] = field(default_factory=list)  # for the peer to set: what it needs the load generator to do

    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def hosts(self) -> list[str]:
        return [f"site{i}.example" for i in range(self.sites)]

    def paths(self) -> list[str]:
        return [f"/route{i}" for i in range(self.routes)]


def free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for s in held:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in held]
    finally:
        for s in held:
            s.close()


def make_certificate(folder: Path) -> tuple[Path, Path, Path]:
    certificate, key, both = folder / "localhost.pem", folder / "localhost.key", folder / "both.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True, timeout=60)
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    return certificate, key, both


def peer(name: str) -> ModuleType:
    """bench/peers/NAME.py: BINARY, VERSION (its arguments) and command(place); WAYS unless it is ways in alone."""
    path = PEERS / f"{name.replace('-', '_')}.py"
    if not path.exists():
        raise SystemExit(f"no such peer: {name} (there are: {', '.join(peer_names())})")
    spec = importlib.util.spec_from_file_location(f"harness.peers.{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_there(module: ModuleType) -> bool:
    return bool(shutil.which(module.BINARY))


def ways(module: ModuleType) -> set[str]:
    """Which scenarios it is measured under: "in" is a reverse proxy, "out" a forward proxy."""
    return getattr(module, "WAYS", {"in"})


def peer_names() -> list[str]:
    return sorted(path.stem.replace("_", "-") for path in PEERS.glob("*.py") if not path.stem.startswith("_"))


def version(module: ModuleType) -> str:
    result = subprocess.run([module.BINARY, *module.VERSION], capture_output=True, text=True, timeout=20)
    return (result.stdout + result.stderr).strip().splitlines()[0]
