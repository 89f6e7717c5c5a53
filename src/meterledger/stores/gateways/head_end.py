"""Asking a head-end for a meter's readings now, in the manner of IEC 61968-9 GetMeterReadings.

The request is a RequestMessage with the verb ``get`` and the noun ``MeterReadings``, sent with HTTP
POST; the answer is whatever message of readings comes back, at best a ResponseMessage with the verb
``reply``. No redirect is followed, and the whole exchange ends after a number of seconds.

Lives here      the address, the request's words, and bounds of time and size.
Lives elsewhere reading the answer (``iec61968`` and the readers beside it), storing it
                (``usecases.read_on_demand``).
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import datetime
from threading import Timer
from xml.sax.saxutils import escape

from meterledger.kernel.refusal import Refusal
from meterledger.stores.gateways.addresses import taken_apart

MESSAGE = "http://iec.ch/TC57/2011/schema/message"
GET_READINGS = "http://iec.ch/TC57/2011/GetMeterReadings#"
SECONDS_MAX = 120
ANSWER_BYTES_MAX = 4 * 1024 * 1024
_PIECE = 64 * 1024
_OK = 200


class HeadEndUnreachable(Refusal):
    """The head-end does not answer, or not as one does."""


class HeadEndNotNamed(Refusal):
    """The address of the head-end cannot be used."""


class HttpHeadEnd:
    """A head-end behind an HTTP address."""

    def __init__(self, address: str, *, seconds: int = 30) -> None:
        """``seconds`` is how long one question may take as a whole.

        :raises HeadEndNotNamed: if the address is none, or plain HTTP to another machine
        """
        parts, port = taken_apart(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise HeadEndNotNamed(
                "The address of the head-end is not one",
                where="METERLEDGER_HEAD_END",
                do="Write it like http://127.0.0.1:8650/readings or https://head-end.example/read",
            )
        if parts.scheme == "http" and not _is_this_machine(parts.hostname):
            raise HeadEndNotNamed(
                "Readings do not travel between machines in plain HTTP",
                where="METERLEDGER_HEAD_END",
                do="Write an https address, or one of this machine",
            )
        if not 1 <= seconds <= SECONDS_MAX:
            raise HeadEndNotNamed(
                f"{seconds} seconds cannot be waited for an answer",
                where="METERLEDGER_HEAD_END_SECONDS",
                do=f"Give 1 to {SECONDS_MAX}",
            )
        self._host, self._port, self._secure = parts.hostname, port, parts.scheme == "https"
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._seconds = seconds

    def read_now(self, meter_id: str, *, message_id: str, asked_at: datetime) -> bytes:
        """The message that the head-end answers with.

        :raises HeadEndUnreachable: if none comes in time, it is too large, or it is a fault
        """
        deadline = time.monotonic() + self._seconds
        try:
            with contextlib.closing(self._connection()) as connection:
                connection.connect()
                with _hung_up_after(self._seconds, connection.sock):
                    connection.request(
                        "POST",
                        self._path,
                        body=request_message(meter_id, message_id=message_id, asked_at=asked_at),
                        headers={"Content-Type": "application/xml; charset=utf-8"},
                    )
                    with contextlib.closing(connection.getresponse()) as answer:
                        if answer.status != _OK:
                            why = f"It answered with HTTP status {answer.status}"
                            raise self._cannot(meter_id, why)
                        return self._body(answer, deadline, meter_id)
        except (OSError, http.client.HTTPException) as problem:
            said = " ".join(str(problem).split()) or type(problem).__name__
            raise self._cannot(meter_id, f"It said: {said[:120]}") from problem

    def _connection(self) -> http.client.HTTPConnection:
        if self._secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=self._seconds, context=context
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=self._seconds)

    def _body(self, answer: http.client.HTTPResponse, deadline: float, meter_id: str) -> bytes:
        body = bytearray()
        while piece := answer.read1(_PIECE):
            body += piece
            if len(body) > ANSWER_BYTES_MAX:
                raise self._cannot(meter_id, f"Its answer is larger than {ANSWER_BYTES_MAX} bytes")
        if time.monotonic() >= deadline:
            raise self._cannot(meter_id, f"Its answer took longer than {self._seconds} seconds")
        if answer.length:
            raise self._cannot(meter_id, f"Its answer was cut off, {answer.length} bytes short")
        return bytes(body)

    def _cannot(self, meter_id: str, why: str) -> HeadEndUnreachable:
        return HeadEndUnreachable(
            "The head-end gave no readings",
            where=f"meter {meter_id[:80]}",
            why=why,
            do="Ask again, or ask whoever runs the head-end",
        )


@contextlib.contextmanager
def _hung_up_after(seconds: int, sock: socket.socket) -> Iterator[None]:
    """End the exchange then, whatever is being waited for.

    A timeout of the socket alone never ends an answer that comes byte by byte.
    """

    def hang_up() -> None:
        with contextlib.suppress(OSError):  # it has ended by itself meanwhile
            sock.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def request_message(meter_id: str, *, message_id: str, asked_at: datetime) -> bytes:
    """The request for one meter's readings now."""
    at = asked_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<RequestMessage xmlns="{MESSAGE}" xmlns:m="{GET_READINGS}">'
        "<Header><Verb>get</Verb><Noun>MeterReadings</Noun>"
        f"<Timestamp>{at}</Timestamp><Source>Meterledger</Source>"
        f"<MessageID>{escape(message_id)}</MessageID></Header>"
        "<Request><m:GetMeterReadings><m:EndDevice>"
        f"<m:mRID>{escape(meter_id)}</m:mRID>"
        "</m:EndDevice></m:GetMeterReadings></Request></RequestMessage>\n"
    ).encode()


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
