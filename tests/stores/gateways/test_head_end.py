"""Asking a head-end over HTTP: what is asked, and every way in which no readings come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread
from typing import Any
from xml.etree import ElementTree

import pytest

from meterledger.stores.gateways import head_end
from meterledger.stores.gateways.head_end import (
    HeadEndNotNamed,
    HeadEndUnreachable,
    HttpHeadEnd,
    request_message,
)

ASKED = datetime(2026, 12, 1, 12, tzinfo=UTC)
Answering = Callable[[Any], None]


class Answers:
    """A head-end on this machine that does as it is told."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.answering: Answering = lambda handler: say(handler, b"<answer/>")
        self.over = Event()
        answers = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                answers.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
                answers.answering(self)

            def log_message(self, *args: Any) -> None:
                """Keep quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/readings"


def say(handler: Any, body: bytes, status: int = 200, length: int | None = None) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def answers() -> Iterator[Answers]:
    made = Answers()
    thread = Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.over.set()
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def ask(answers: Answers, **how: Any) -> bytes:
    asking = HttpHeadEnd(answers.address, **how)
    return asking.read_now("M-1", message_id="m-1", asked_at=ASKED)


class TestAsking:
    def test_brings_the_answer_as_it_came(self, answers: Answers) -> None:
        assert ask(answers) == b"<answer/>"

    def test_says_which_meter_in_the_words_of_the_standard(self, answers: Answers) -> None:
        ask(answers)

        root = ElementTree.fromstring(answers.asked[0])
        message, get = f"{{{head_end.MESSAGE}}}", f"{{{head_end.GET_READINGS}}}"
        assert root.tag == f"{message}RequestMessage"
        header = {one.tag.removeprefix(message): one.text for one in root[0]}
        assert header == {
            "Verb": "get",
            "Noun": "MeterReadings",
            "Timestamp": "2026-12-01T12:00:00Z",
            "Source": "Meterledger",
            "MessageID": "m-1",
        }
        assert root.findtext(f".//{get}GetMeterReadings/{get}EndDevice/{get}mRID") == "M-1"

    def test_escapes_what_it_is_given(self) -> None:
        asked = request_message("<&>", message_id="&", asked_at=ASKED)

        assert "<&>" in ElementTree.fromstring(asked).itertext()


class TestNoReadings:
    @pytest.mark.parametrize("status", [204, 302, 404, 500])
    def test_of_another_status(self, status: int, answers: Answers) -> None:
        answers.answering = lambda handler: say(handler, b"", status)

        with pytest.raises(HeadEndUnreachable, match=f"HTTP status {status}") as no:
            ask(answers)

        assert no.value.sentence.startswith("meter M-1: The head-end gave no readings.")

    def test_of_an_answer_that_is_too_large(
        self, answers: Answers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(head_end, "ANSWER_BYTES_MAX", 100)
        answers.answering = lambda handler: say(handler, b"x" * 101)

        with pytest.raises(HeadEndUnreachable, match="larger than 100 bytes"):
            ask(answers)

    def test_of_an_answer_that_is_cut_off(self, answers: Answers) -> None:
        answers.answering = lambda handler: say(handler, b"x" * 10, length=25)

        with pytest.raises(HeadEndUnreachable, match=r"cut off|IncompleteRead"):
            ask(answers)

    @pytest.mark.parametrize("part", [b"", b"HTTP/1.0 200 OK\r\n", b"HTTP/1.0 200 OK\r\n\r\n<a"])
    def test_of_one_that_never_comes_or_never_ends(self, part: bytes, answers: Answers) -> None:
        def stall(handler: Any) -> None:
            handler.wfile.write(part)
            answers.over.wait(60)

        answers.answering = stall

        with pytest.raises(HeadEndUnreachable):
            ask(answers, seconds=1)

        assert not answers.over.is_set()  # it was we who hung up
        answers.over.set()

    @pytest.mark.parametrize("part", [b"X-Word: y\r\n", b"x"])
    def test_of_one_that_comes_byte_by_byte(self, part: bytes, answers: Answers) -> None:
        def drip(handler: Any) -> None:
            handler.wfile.write(b"HTTP/1.0 200 OK\r\n" + (b"\r\n" if part == b"x" else b""))
            while not answers.over.wait(0.2):
                try:
                    handler.wfile.write(part)
                except OSError:
                    return

        answers.answering = drip

        with pytest.raises(HeadEndUnreachable):
            ask(answers, seconds=1)

        answers.over.set()

    def test_of_no_head_end_at_all(self, answers: Answers) -> None:
        nobody = HttpHeadEnd("http://127.0.0.1:1/readings")

        with pytest.raises(HeadEndUnreachable, match="It said: "):
            nobody.read_now("M-1", message_id="m-1", asked_at=ASKED)


class TestTheAddress:
    @pytest.mark.parametrize(
        ("address", "said"),
        [
            ("127.0.0.1:80", "is not one"),
            ("ftp://127.0.0.1/x", "is not one"),
            ("http://", "is not one"),
            ("http://127.0.0.1:99999/x", "is not one"),
            ("https://user:word@head-end.example/x", "is not one"),
            ("http://head-end.example/x", "do not travel between machines in plain HTTP"),
            ("http://192.0.2.7/x", "do not travel between machines in plain HTTP"),
        ],
    )
    def test_that_cannot_be_used_is_refused(self, address: str, said: str) -> None:
        with pytest.raises(HeadEndNotNamed, match=said) as no:
            HttpHeadEnd(address)

        assert "word" not in no.value.sentence

    @pytest.mark.parametrize(
        "address", ["http://localhost/x", "http://[::1]:8/x", "https://head-end.example/x"]
    )
    def test_of_this_machine_or_in_https_is_taken(self, address: str) -> None:
        assert HttpHeadEnd(address)

    @pytest.mark.parametrize("seconds", [0, 121])
    def test_waits_for_a_bounded_time(self, seconds: int) -> None:
        with pytest.raises(HeadEndNotNamed, match="cannot be waited"):
            HttpHeadEnd("http://localhost/x", seconds=seconds)
