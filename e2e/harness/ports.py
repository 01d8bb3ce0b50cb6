"""Free ports of loopback, below those that the kernel gives to outgoing connections."""
import random
import socket

from harness.scope import eventually

_taken = set()
_first, _end = 20000, 32000


def use_part(number, parts):
    """Only this one of so many equal parts of the range: for processes that run beside each other."""
    global _first, _end
    size = (_end - _first) // parts
    _first, _end = _first + number * size, _first + (number + 1) * size


def free_port(address="127.0.0.1"):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for _ in range(1000):
        port = random.randrange(_first, _end)
        if port in _taken:
            continue
        with socket.socket(family) as probe:
            try:
                probe.bind((address, port))
            except OSError:
                continue
        _taken.add(port)
        return port
    raise AssertionError("no free port")


def listens(port, address="127.0.0.1"):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0


def wait_for_port(port, process=None, seconds=15, address="127.0.0.1"):
    def ready():
        if process is not None and not process.alive():
            raise AssertionError(f"{process.name} ended: {process.stderr()[-2000:]}")
        return listens(port, address)
    eventually(ready, seconds, f"listening on {address}:{port}")
