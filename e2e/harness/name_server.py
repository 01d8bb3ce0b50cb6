"""A name server of our own, and how a program is made to ask it. Needs root."""
import shutil
import socket
import struct
import subprocess
import threading

from harness.runner import skip


class NameServer:
    """Answers A and AAAA from a table, after a delay or never; counts what it was asked. A program that is started with
    its `prefix` asks it: in a mount namespace of its own, where /etc/resolv.conf is ours."""

    def __init__(self, scope, address):
        self.names, self.asked, self.silent, self.delay = {}, [], False, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.bind((address, 53))
        except PermissionError as error:
            skip(f"no name server can be started on {address}: {error}")
        resolv = scope.write("resolv.conf", f"nameserver {address}\noptions timeout:1 attempts:1\n")
        self.prefix = ["unshare", "--mount", "sh", "-c", f'mount --bind {resolv} /etc/resolv.conf && exec "$@"', "sh"]
        if not shutil.which("unshare") or subprocess.run([*self.prefix, "true"], capture_output=True, check=False).returncode != 0:
            skip("no mount namespace can be made here")
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        scope.callback(self.end)

    def end(self):
        """A thread that waits would keep the socket, and with it the address, which other tests want."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
            bell.sendto(b"", self.socket.getsockname())
        self.thread.join(10)
        self.socket.close()

    def serve(self):
        while True:
            try:
                question, client = self.socket.recvfrom(4096)
                if not question:
                    return
                answer = self.answer(question)
                if not self.silent:
                    threading.Timer(self.delay, self.socket.sendto, (answer, client)).start()
            except OSError:
                return

    def answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        kind, = struct.unpack("!H", question[at + 1:at + 3])
        name = ".".join(labels).lower()
        self.asked.append((name, kind))
        addresses, ttl = self.names.get(name, (None, 0))
        family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
        found = [socket.inet_pton(family, address) for address in addresses or () if family and (":" in address) == (kind == 28)]
        records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data for data in found)
        status = 0x8180 if addresses is not None else 0x8183
        return question[:2] + struct.pack("!HHHHH", status, 1, len(found), 0, 0) + question[12:at + 5] + records
