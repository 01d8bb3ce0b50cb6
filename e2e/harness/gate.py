"""The program under test."""
import json
import os
import signal

from harness.ports import wait_for_port
from harness.scope import eventually


class Gate:
    """A running Sallyport. `text` is its configuration; paths in it are relative to the scope's folder."""

    def __init__(self, scope, text, name="gate", prefix=(), environment=None, wait=True):
        self.scope = scope
        self.name = scope.unique(name)
        self.config = scope.path(self.name + ".yaml")
        self.access = scope.path(self.name + ".access")
        self.write(text)
        self.process = scope.start_as(self.name, [*prefix, scope.binary, "run", "-c", self.config],
                                      env={**os.environ, **(environment or {})})
        if wait:
            self.await_log("notice ready", 15)

    def write(self, text):
        """Writes the configuration, without telling the program."""
        if "log:" not in text:
            text += f"\nlog: {{ access: {self.access}, format: json }}\n"
        self.scope.write(self.name + ".yaml", text)

    def log(self):
        """What it told its operator."""
        return self.process.stderr()

    def await_log(self, text, seconds=10, times=1):
        def found():
            log = self.log()
            if log.count(text) >= times:
                return True
            if not self.process.alive():
                raise AssertionError(f"{self.name} ended with {self.process.process.returncode}: {log[-3000:]}")
            return False
        eventually(found, seconds, f"`{text}` in the log of {self.name}")

    def records(self, **wanted):
        """The lines of the access log with these values."""
        if not os.path.exists(self.access):
            return []
        with open(self.access, encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines if line.endswith("\n")]
        return [record for record in records if all(record.get(key) == value for key, value in wanted.items())]

    def record(self, seconds=5, **wanted):
        """The last such line, which may take a moment to come."""
        return eventually(lambda: self.records(**wanted), seconds, f"an access log line with {wanted}")[-1]

    def reload(self, text=None, seconds=15):
        """Reloads, and waits until it is done."""
        if text is not None:
            self.write(text)
        before = self.log().count("notice reloaded")
        self.process.signal(signal.SIGHUP)
        self.await_log("notice reloaded", seconds, before + 1)

    def reload_often(self, times, text, number, meanwhile, every=10):
        """SIGHUP after SIGHUP, each with a route /number of its own in text(route), and meanwhile(which) behind it. After so many
        of them it is waited until number(), which asks for that route, has the last one."""
        for which in range(times):
            self.write(text(f'          - {{ exact: /number, respond: {{ body: "{which}" }} }}\n'))
            self.process.signal(signal.SIGHUP)
            meanwhile(which)
            if (which + 1) % every == 0:
                eventually(lambda which=which: number() == b"%d" % which, 10, f"reload {which}", 0.01)

    def memory_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as lines:
            return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def sockets(self):
        folder, count = f"/proc/{self.process.pid}/fd", 0
        for name in os.listdir(folder):
            try:
                count += os.readlink(os.path.join(folder, name)).startswith("socket:")
            except FileNotFoundError:
                pass  # closed meanwhile
        return count

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            parts = file.read().rsplit(")", 1)[1].split()
        return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self, seconds=10):
        self.process.signal(signal.SIGTERM)
        return self.process.wait(seconds)


def start_gate(scope, text, *ports, **options):
    gate = Gate(scope, text, **options)
    for port in ports:
        wait_for_port(port, gate.process)
    return gate
