"""h11 and httpx against a server: http11.py http://HOST:PORT

h11 is strict about what it reads, and lets the cases be sent that a client library hides.
"""

import socket
import sys
from urllib.parse import urlsplit

import h11

try:
    import httpx
except ImportError:
    httpx = None

BASE = sys.argv[1]
ADDRESS = (urlsplit(BASE).hostname, urlsplit(BASE).port)
HOST = ("Host", urlsplit(BASE).netloc)


class Connection:
    def __init__(self):
        self.socket = socket.create_connection(ADDRESS, timeout=20)
        self.state = h11.Connection(h11.CLIENT)

    def send(self, *events):
        for event in events:
            self.socket.sendall(self.state.send(event))

    def next(self):
        while True:
            event = self.state.next_event()
            if event is not h11.NEED_DATA:
                return event
            self.state.receive_data(self.socket.recv(65536))

    def answer(self):
        """Status, fields, body and trailers."""
        first, body, informational = self.next(), b"", []
        while isinstance(first, h11.InformationalResponse):
            informational.append(first.status_code)
            first = self.next()
        event = self.next()
        while isinstance(event, h11.Data):
            body += event.data
            event = self.next()
        assert isinstance(event, h11.EndOfMessage), event
        return first.status_code, dict(first.headers), body, informational

    def ask(self, method, target, fields=(), body=None):
        fields = [HOST, *fields]
        self.send(h11.Request(method=method, target=target, headers=fields))
        if body is not None:
            self.send(h11.Data(data=body))
        self.send(h11.EndOfMessage())
        return self.answer()


def keeps_the_connection():
    connection = Connection()
    for _ in range(20):
        status, _, body, _ = connection.ask("GET", "/plaintext")
        assert (status, body) == (200, b"Hello, World!")
        connection.state.start_next_cycle()


def answers_to_head_have_no_body():
    status, fields, body, _ = Connection().ask("HEAD", "/plaintext")
    assert (status, fields[b"content-length"], body) == (200, b"13", b"")


def chunks_are_joined():
    connection = Connection()
    connection.send(h11.Request(method="POST", target="/echo", headers=[HOST, ("Transfer-Encoding", "chunked")]))
    for piece in (b"one ", b"two ", b"x" * 70_000):
        connection.send(h11.Data(data=piece))
    connection.send(h11.EndOfMessage(headers=[("X-Sum", "1")]))
    status, _, body, _ = connection.answer()
    assert status == 200 and body == b"one two " + b"x" * 70_000


def expectation_is_answered():
    connection = Connection()
    connection.send(h11.Request(method="POST", target="/echo", headers=[
        HOST, ("Content-Length", "3"), ("Expect", "100-continue")]))
    first = connection.next()
    assert isinstance(first, h11.InformationalResponse) and first.status_code == 100, first
    connection.send(h11.Data(data=b"abc"), h11.EndOfMessage())
    assert connection.answer()[2] == b"abc"


def close_is_announced():
    status, fields, _, _ = Connection().ask("GET", "/plaintext", [("Connection", "close")])
    assert status == 200 and fields[b"connection"] == b"close"


def several_ranges_come_in_parts():
    status, fields, body, _ = Connection().ask("GET", "/files/large.txt", [("Range", "bytes=0-9,1000-1009")])
    assert status == 206 and fields[b"content-type"].startswith(b"multipart/byteranges"), (status, fields)
    assert body.count(b"Content-Range") == 2 or body.count(b"content-range") == 2


def httpx_takes_it():
    with httpx.Client(base_url=BASE) as client:
        assert client.get("/plaintext").text == "Hello, World!"
        assert client.post("/echo", content=b"x" * 200_000).content == b"x" * 200_000
        assert client.post("/echo", content=(b"piece" for _ in range(3))).content == b"piece" * 3
        large = client.get("/files/large.txt", headers={"Accept-Encoding": "gzip"})
        assert large.headers["content-encoding"] == "gzip" and len(large.text) == 300_000
        assert client.get("/none").status_code == 404


cases = [keeps_the_connection, answers_to_head_have_no_body, chunks_are_joined, expectation_is_answered,
         close_is_announced, several_ranges_come_in_parts]
for case in cases + ([httpx_takes_it] if httpx else []):
    case()
