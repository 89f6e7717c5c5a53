"""A processor of cards and wallets over HTTP, and how its answers are signed and read.

An answer is a JSON object of six named values, or seven, signed whole with a shared secret. What
has another name, another kind, a wrong signature or looks like a card number is refused, and
nothing of it is kept. The customer pays at the processor's own pages: no card number travels so.

Lives here      the form of an answer, its signature, questions over HTTP.
Lives elsewhere what an answer does (``usecases/checkout_answers``), a processor that behaves badly
                (``processor_fake``).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import ssl
from typing import Any
from urllib.parse import quote

from meterledger.facts.card_refunds import CardRefund
from meterledger.facts.checkouts import Answer, Checkout, Said
from meterledger.kernel.canonical import canonical_bytes
from meterledger.kernel.exact_json import NotExactJson, read_exact_json
from meterledger.kernel.money import CENTS_MAX
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_days import day_from_text
from meterledger.stores.gateways.addresses import taken_apart
from meterledger.usecases.channel_ports import CallbackRefused, ProcessorSilent
from meterledger.usecases.no_card_numbers import refuse_card_numbers

ANSWER_BYTES_MAX = 16 * 1024
SEQUENCE_MAX = 10**6
SECRET_MIN = 16
SIGNATURE = "X-Signature"
_OK = 200
_NAMES = frozenset({"checkout", "said", "cents", "sequence", "reference", "redirect", "paid_on"})
_BY_PROCESSOR = {one.value: one for one in Said if one is not Said.SILENT}


class ProcessorNotNamed(Refusal):
    """The processor's address or its secret cannot be used."""


def signature_of(body: bytes, secret: bytes) -> str:
    """HMAC-SHA256 of the body, in hexadecimal digits."""
    return hmac.new(secret, body, hashlib.sha256).hexdigest()


def answer_body(answer: Answer) -> bytes:
    """An answer in its form, as a processor sends it."""
    return canonical_bytes(
        {
            "checkout": answer.checkout_id,
            "said": answer.said.value,
            "cents": answer.cents,
            "sequence": answer.sequence,
            "reference": answer.reference,
            "redirect": answer.redirect,
            **({"paid_on": answer.paid_on.isoformat()} if answer.paid_on else {}),
        }
    )


def read_answer(body: bytes, signature: str, secret: bytes) -> Answer:
    """The answer of these bytes.

    :raises CallbackRefused: if the signature is not the processor's, or the form is another
    :raises CardNumberRefused: if a value looks like a card number
    """
    where = "answer of the processor"
    if len(body) > ANSWER_BYTES_MAX:
        raise CallbackRefused(f"It is larger than {ANSWER_BYTES_MAX} bytes", where=where)
    signed = signature.isascii() and hmac.compare_digest(signature_of(body, secret), signature)
    if not signed:
        raise CallbackRefused(
            "Its signature is not the processor's",
            where=where,
            why="Whoever sent it does not know the secret, and nothing was changed",
            do="Ask the processor how the checkout stands; rotate the secret if this goes on",
        )
    again = "Ask the processor how the checkout stands"
    try:
        told = read_exact_json(body, where=where, do=again)
    except NotExactJson as problem:
        raise CallbackRefused(
            problem.what, where=problem.where, why="Nothing was changed", do=again
        ) from None
    if not isinstance(told, dict) or not _NAMES.issuperset(told):
        raise CallbackRefused("It is not an object of the names that are known", where=where)
    refuse_card_numbers((str(one) for one in told.values()), where=where)
    texts = [told.get(name, "") for name in ("checkout", "reference", "redirect")]
    counts = (told.get("cents"), told.get("sequence"))
    plain = all(isinstance(one, str) and len(one) <= 500 and one.isprintable() for one in texts)
    whole = all(type(one) is int for one in counts)
    said = _BY_PROCESSOR.get(told.get("said", "")) if isinstance(told.get("said"), str) else None
    day = told.get("paid_on")
    paid_on = day_from_text(day) if isinstance(day, str) else None
    is_day = day is None or paid_on is not None
    if not (plain and whole and said and texts[0] and is_day) or not _in_bounds(*counts):
        raise CallbackRefused(
            "A value of it is not of its kind",
            where=where,
            why="Cents and sequence are whole numbers from zero, the day of payment is a day, the "
            "others are texts",
        )
    return Answer(texts[0], said, told["cents"], told["sequence"], texts[1], texts[2], paid_on)


def _in_bounds(cents: Any, sequence: Any) -> bool:
    return bool(0 <= cents <= CENTS_MAX and 0 <= sequence <= SEQUENCE_MAX)


class HttpProcessor:
    """A processor behind an HTTPS address. Plain HTTP only to this machine."""

    def __init__(self, address: str, secret: bytes, *, seconds: int = 20) -> None:
        """``secret`` signs what is sent and what is answered.

        :raises ProcessorNotNamed: if the address or the secret cannot be used
        """
        parts, self._port = taken_apart(address)
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if not parts.hostname or parts.scheme not in (("http", "https") if local else ("https",)):
            raise ProcessorNotNamed(
                "The address of the processor is not one",
                where="METERLEDGER_PROCESSOR",
                do="Write it like https://processor.example/v1",
            )
        if len(secret) < SECRET_MIN:
            raise ProcessorNotNamed(
                f"The secret has fewer than {SECRET_MIN} bytes",
                where="METERLEDGER_PROCESSOR_SECRET_FILE",
                do="Name a file that holds the secret the processor gave",
            )
        self._host, self._secure = parts.hostname, parts.scheme == "https"
        self._path, self._secret, self._seconds = parts.path.rstrip("/"), secret, seconds

    @property
    def name(self) -> str:
        """Its host."""
        return self._host

    def start(self, checkout: Checkout) -> Answer:
        """Begin; our key goes with it, so that a second request begins nothing."""
        body = canonical_bytes(
            {
                "checkout": checkout.checkout_id,
                "cents": checkout.cents,
                "tender": checkout.tender.value,
            }
        )
        return self._exchange("POST", f"{self._path}/checkouts", body, checkout.checkout_id)

    def ask(self, checkout_id: str) -> Answer:
        """How it stands now."""
        path = f"{self._path}/checkouts/{quote(checkout_id, safe='')}"
        return self._exchange("GET", path, b"", checkout_id)

    def refund(self, refund: CardRefund) -> Answer:
        """Give back to the card that paid the checkout; the same key begins one."""
        body = canonical_bytes(
            {
                "refund": refund.refund_id,
                "checkout": refund.checkout_id,
                "cents": refund.cents,
            }
        )
        return self._exchange("POST", f"{self._path}/refunds", body, refund.refund_id)

    def ask_refund(self, refund_id: str) -> Answer:
        """How a refund stands now."""
        path = f"{self._path}/refunds/{quote(refund_id, safe='')}"
        return self._exchange("GET", path, b"", refund_id)

    def read_callback(self, body: bytes, signature: str) -> Answer:
        """An answer that came by itself."""
        return read_answer(body, signature, self._secret)

    def _exchange(self, verb: str, path: str, body: bytes, checkout_id: str) -> Answer:
        headers = {
            "Content-Type": "application/json",
            SIGNATURE: signature_of(body or path.encode(), self._secret),
        }
        try:
            with contextlib.closing(self._connection()) as connection:
                connection.request(verb, path, body=body or None, headers=headers)
                with contextlib.closing(connection.getresponse()) as response:
                    content = response.read(ANSWER_BYTES_MAX + 1)
                    if response.status != _OK:
                        raise _silent(f"It answered with HTTP status {response.status}")
                    answer = read_answer(content, response.headers.get(SIGNATURE, ""), self._secret)
        except (OSError, http.client.HTTPException, CallbackRefused) as problem:
            raise _silent(" ".join(str(problem).split())[:120]) from problem
        if answer.checkout_id != checkout_id:
            raise _silent("It answered about another checkout")
        return answer

    def _connection(self) -> http.client.HTTPConnection:
        if self._secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=self._seconds, context=context
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=self._seconds)


def _silent(why: str) -> ProcessorSilent:
    return ProcessorSilent(
        "The processor gave no answer that can be used",
        where="METERLEDGER_PROCESSOR",
        why=why,
        do="Ask again later with `meterledger checkout ask`",
    )
