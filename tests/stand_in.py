"""A server on this machine that stands in for somebody else's: it keeps what it was sent and answers what it is told to."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

Seen = list[tuple[str, dict[str, str], bytes]]
Answers = list[tuple[int, str]]


@contextlib.contextmanager
def stand_in() -> Iterator[tuple[str, Seen, Answers]]:
    """Give its address, what it has seen (path, headers in lower case, body), and the answers to come (status, body); 200 `{}` without."""
    seen: Seen = []
    answers: Answers = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status, said = answers.pop(0) if answers else (200, "{}")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(said.encode())

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", seen, answers
    server.shutdown()
