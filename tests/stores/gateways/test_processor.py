"""A processor over HTTP: signed both ways, silent where anything is unsure."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from meterledger.facts.checkouts import Answer, Checkout, Said
from meterledger.facts.money import Tender
from meterledger.stores.gateways.processor import (
    SIGNATURE,
    HttpProcessor,
    ProcessorNotNamed,
    answer_body,
    signature_of,
)
from meterledger.usecases.channel_ports import ProcessorSilent

SECRET = b"a secret of sixteen bytes"
CHECKOUT = Checkout(
    "pay-0001", "4000000010", 165_19, Tender.CARD, datetime(2025, 6, 2, tzinfo=UTC), "here"
)
OPEN = Answer("pay-0001", Said.OPEN, 0, 1, "", "https://pay.example/1")


class Fake(HTTPServer):
    """Answers as a test says."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.answer, self.secret = 200, answer_body(OPEN), SECRET
        self.heard: list[tuple[str, str, bytes, str]] = []


class Handler(BaseHTTPRequestHandler):
    """One exchange."""

    server: Fake

    def _exchange(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        signed = self.headers.get(SIGNATURE, "")
        self.server.heard.append((self.command, self.path, body, signed))
        self.send_response(self.server.status)
        self.send_header(SIGNATURE, signature_of(self.server.answer, self.server.secret))
        self.end_headers()
        self.wfile.write(self.server.answer)

    do_GET = do_POST = _exchange  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Fake]:
    made = Fake()
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def processor_of(server: Fake) -> HttpProcessor:
    return HttpProcessor(f"http://127.0.0.1:{server.server_port}/v1", SECRET, seconds=5)


def test_a_checkout_is_begun_under_our_key_and_signed(server: Fake) -> None:
    assert processor_of(server).start(CHECKOUT) == OPEN
    ((verb, path, body, signed),) = server.heard
    assert (verb, path) == ("POST", "/v1/checkouts")
    assert body == b'{"cents":16519,"checkout":"pay-0001","tender":"card"}\n'
    assert signed == signature_of(body, SECRET)


def test_it_is_asked_by_our_key(server: Fake) -> None:
    assert processor_of(server).ask("pay-0001") == OPEN
    assert server.heard[0][:2] == ("GET", "/v1/checkouts/pay-0001")


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": 500},
        {"status": 302},
        {"secret": b"another secret of bytes"},
        {"answer": b"{}"},
        {"answer": b"<html>"},
        {"answer": answer_body(Answer("pay-0002", Said.PAID, 1, 9))},
        {"answer": b" " * 20_000},
    ],
)
def test_an_answer_that_cannot_be_trusted_is_silence(server: Fake, wrong: dict[str, Any]) -> None:
    for name, value in wrong.items():
        setattr(server, name, value)
    with pytest.raises(ProcessorSilent, match="no answer that can be used"):
        processor_of(server).ask("pay-0001")


def test_nobody_at_the_address_is_silence(server: Fake) -> None:
    processor = processor_of(server)
    server.shutdown()
    server.server_close()
    with pytest.raises(ProcessorSilent):
        processor.start(CHECKOUT)


@pytest.mark.parametrize(
    "address", ["", "processor", "http://processor.example/v1", "ftp://127.0.0.1/", "https://x:y/"]
)
def test_an_address_is_one_and_never_plain_to_another_machine(address: str) -> None:
    with pytest.raises(ProcessorNotNamed, match="address of the processor is not one"):
        HttpProcessor(address, SECRET)


def test_a_secret_is_long_enough() -> None:
    with pytest.raises(ProcessorNotNamed, match="fewer than 16 bytes"):
        HttpProcessor("https://processor.example/v1", b"short")
