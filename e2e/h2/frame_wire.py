"""A socket that frames come out of, each wait with a limit. Both sides use it: the client's peer and the origin."""
import time

from h2.frames import read_frame


class FrameWire:
    def __init__(self, connected):
        self.socket, self.buffer, self.closed = connected, b"", False

    def send(self, octets):
        """Sends, even if nobody may be listening any more. False: nobody is."""
        try:
            self.socket.sendall(octets)
            return True
        except OSError:
            return False

    def fill(self, seconds):
        """Takes what comes next. False: nothing came in time, or the other side has ended; `closed` says which."""
        if self.closed or seconds <= 0:
            return False
        self.socket.settimeout(seconds)
        try:
            piece = self.socket.recv(262144)
        except TimeoutError:
            return False
        except OSError:
            piece = b""
        self.closed = not piece
        self.buffer += piece
        return bool(piece)

    def next_frame(self, seconds):
        """None: none came in time, or none will come."""
        end = time.monotonic() + seconds
        while True:
            found = read_frame(self.buffer)
            if found:
                self.buffer = found[1]
                return found[0]
            if not self.fill(end - time.monotonic()):
                return None

    def close(self):
        self.socket.close()
