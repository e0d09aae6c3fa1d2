"""TLS before a server that has none, with a certificate of an authority of the tests' own."""

import contextlib
import select
import socket
import socketserver
import ssl
import threading
import urllib.parse


class _Connection(socketserver.BaseRequestHandler):
    def handle(self):
        names = []
        context = self.server.context
        context.sni_callback = lambda _, name, __: names.append(name)
        try:
            front = context.wrap_socket(self.request, server_side=True)
        except (ssl.SSLError, OSError):
            # Who does not trust the certificate hangs up.
            self.server.given_up += 1
            return
        place = urllib.parse.urlsplit(self.server.behind.get(names[-1]) or self.server.behind[None])
        with front, socket.create_connection((place.hostname, place.port)) as back, contextlib.suppress(OSError):
            while True:
                ready = [front] if front.pending() else select.select([front, back], [], [])[0]
                for side, other in ((front, back), (back, front)):
                    if side in ready:
                        part = side.recv(1 << 16)
                        if not part:
                            return
                        other.sendall(part)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


@contextlib.contextmanager
def encrypted(behind, authority, port=0):
    """A server with TLS before another, or before several by their names, until the end of the block: its
    `server_address`, and how many have `given_up`."""
    behind = behind if isinstance(behind, dict) else {None: behind}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(name or "127.0.0.1" for name in behind)).configure_cert(context)
    with _Server(("127.0.0.1", port), _Connection) as server:
        server.behind, server.context, server.given_up = behind, context, 0
        with contextlib.ExitStack() as stack:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            yield server
