"""Serves function/handler.py on port 5000, behind the watchdog."""
import json
import os
import signal
import socket
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from function import handler


class Event:
    """A request. body is bytes; the names of headers have no case."""

    def __init__(self, request, body):
        url = urlsplit(request.path)
        self.body = body
        self.headers = request.headers
        self.method = request.command
        self.query = dict(reversed(parse_qsl(url.query, keep_blank_values=True)))  # the first of a name
        self.path = url.path


class Context:
    """Where the function runs."""

    def __init__(self):
        self.hostname = socket.gethostname()


def encode(value):
    """Makes a body of what a handler returned, and says its type."""
    if value is None:
        return b"", None
    if isinstance(value, (bytes, bytearray)):
        return bytes(value), "application/octet-stream"
    if isinstance(value, str):
        return value.encode(), "text/plain; charset=utf-8"
    return json.dumps(value).encode(), "application/json"


def answer(result):
    """Makes status, headers and body of what a handler returned."""
    if not isinstance(result, dict) or not {"statusCode", "body", "headers"} & result.keys():
        result = {"body": result}
    body, kind = encode(result.get("body"))
    headers = dict(result.get("headers") or {})
    if kind and "content-type" not in (name.lower() for name in headers):
        headers["Content-Type"] = kind
    return int(result.get("statusCode", 200)), headers, body


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def serve(self):
        try:
            status, headers, body = answer(handler.handle(Event(self, self.read()), Context()))
        except Exception:
            traceback.print_exc()
            status, headers, body = 500, {"Content-Type": "text/plain"}, b"Internal Server Error"
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() != "content-length":
                self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def read(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def __getattr__(self, name):
        if name.startswith("do_"):  # any method is the handler's
            return self.serve
        raise AttributeError(name)

    def log_message(self, *args):
        pass  # the watchdog logs requests


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


if __name__ == "__main__":
    server = Server(("127.0.0.1", int(os.environ.get("http_port", "5000"))), Request)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
