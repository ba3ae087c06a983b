"""A proxy before PostgreSQL that loses what it is told to lose."""

import socket
import threading
from contextlib import suppress

_APPENDS = (b"\0append\0", b"\0append_one\0")


class Proxy:
    """Passes everything on, but loses the next append as *lose* says.

    "question": it never arrives, and the connection breaks. "answer": it is carried out, and the connection breaks.
    "silently": it is carried out, its answer never comes, and the connection stays. With `shut` nobody new gets in.
    """

    def __init__(self, port):
        self._server = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.lose = None
        self.lost = 0
        self.shut = False
        self._open = []
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def close(self):
        # Shut first: closing alone does not wake whoever waits in accept.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for one in self._open:
            _end(one)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.shut:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self._server))
            self._open += [client, server]
            line = _Line(self, client, server)
            for work in (line.up, line.down):
                threading.Thread(target=work, daemon=True).start()


class _Line:
    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.swallow = None

    def up(self):
        with suppress(OSError):
            while data := self.client.recv(1 << 20):
                if self.proxy.lose and any(name in data for name in _APPENDS):
                    how, self.proxy.lose = self.proxy.lose, None
                    self.proxy.lost += 1
                    if how == "question":
                        break
                    self.swallow = how
                self.server.sendall(data)
        self.end()

    def down(self):
        with suppress(OSError):
            while data := self.server.recv(1 << 20):
                if self.swallow == "answer":
                    break
                if self.swallow is None:
                    self.client.sendall(data)
        self.end()

    def end(self):
        _end(self.client)
        _end(self.server)


def _end(one):
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
