"""An API server whose first answer to a kind of request never comes: the request was carried out, and nobody knows."""

import contextlib
import http.client
import http.server
import threading
import urllib.parse


class _Losing(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        behind = http.client.HTTPConnection(self.server.behind, timeout=30)
        behind.request(self.command, self.path, body, {**self.headers, "Connection": "close"})
        answer = behind.getresponse()
        text = answer.read()
        path = urllib.parse.urlsplit(self.path).path
        if (self.command, path.rpartition("/")[2]) == self.server.lost and self.server.left:
            self.server.left -= 1
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = do_DELETE = _pass_on

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def losing(url, method, resource):
    """The address of a proxy of the API server at `url` that loses the answer to the first `method` on `resource`."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Losing)
    server.behind, server.lost, server.left = urllib.parse.urlsplit(url).netloc, (method, resource), 1
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
        assert not server.left, f"there was no {method} on {resource}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
