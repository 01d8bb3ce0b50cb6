"""What a test module starts and must end: processes by their id, sockets, folders."""
import contextlib
import os
import shutil
import signal
import subprocess
import time


class Process:
    """A program of ours. What it writes goes to NAME.out and NAME.err in the scope's folder."""

    def __init__(self, scope, name, command, **options):
        self.name = name
        self.out_path = os.path.join(scope.folder, name + ".out")
        self.err_path = os.path.join(scope.folder, name + ".err")
        # It ends with us, whatever happens to us.
        command = ["setpriv", "--pdeathsig", "KILL", "--", *command]
        options.setdefault("cwd", scope.folder)
        options.setdefault("stdin", subprocess.DEVNULL)
        with open(self.out_path, "ab") as out, open(self.err_path, "ab") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err, **options)

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds):
        """Its exit status; fails if it does not end in time."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {seconds} s") from None

    def end(self):
        """A gate that is told twice does not wait for the connections that a test has left open."""
        for number, seconds in ((signal.SIGTERM, 0.5), (signal.SIGTERM, 5), (signal.SIGKILL, None)):
            if self.alive():
                self.signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(seconds)
        return self.process.returncode

    def stderr(self):
        with open(self.err_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stdout(self):
        with open(self.out_path, encoding="utf-8", errors="replace") as file:
            return file.read()


class Scope(contextlib.ExitStack):
    """Ends everything that was started in it, the last first."""

    def __init__(self, folder, binary):
        super().__init__()
        self.folder = folder
        self.binary = binary
        self._names = {}
        os.makedirs(folder)
        os.chmod(folder, 0o755)

    def unique(self, name):
        count = self._names[name] = self._names.get(name, 0) + 1
        return name if count == 1 else f"{name}-{count}"

    def start(self, name, command, **options):
        """Starts a program; a name that was used before gets a number."""
        return self.start_as(self.unique(name), command, **options)

    def start_as(self, name, command, **options):
        process = Process(self, name, command, **options)
        self.callback(process.end)
        return process

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        return path

    def directory(self, name):
        path = self.path(name)
        os.makedirs(path, exist_ok=True)
        return path

    def part(self, name):
        """A scope of its own inside this one, for what a single test starts."""
        return Scope(self.path(self.unique(name)), self.binary)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def eventually(check, seconds=10, what="it", every=0.05):
    """Waits until check() gives something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(every)
