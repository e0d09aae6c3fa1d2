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
        try:
            front = self.server.context.wrap_socket(self.request, server_side=True)
        except (ssl.SSLError, OSError):
            # Who does not trust the certificate hangs up.
            self.server.given_up += 1
            return
        with front, socket.create_connection(self.server.behind) as back, contextlib.suppress(OSError):
            while True:
                ready = [front] if front.pending() else select.select([front, back], [], [])[0]
                for side, other in ((front, back), (back, front)):
                    if side in ready:
                        part = side.recv(1 << 16)
                        if not part:
                            return
                        other.sendall(part)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


@contextlib.contextmanager
def encrypted(url, authority, name="127.0.0.1"):
    """A server with TLS before `url`, until the end of the block: its `server_address`, and how many have `given_up`."""
    place = urllib.parse.urlsplit(url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    with _Server(("127.0.0.1", 0), _Connection) as server:
        server.behind, server.context, server.given_up = (place.hostname, place.port), context, 0
        with contextlib.ExitStack() as stack:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            yield server
