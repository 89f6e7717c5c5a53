"""``POST /api/readings``: a file of readings, as ``ingest`` takes it, in the same shape of answer.

The body is the file, byte for byte. ``X-File-Name`` names it; ``X-Source``, ``X-Sequence`` and
``X-Signature`` say who sent it; ``X-Content-SHA256`` lets us notice a body that was damaged on its
way. ``?meter=``, ``?zone=`` and ``?unit=`` say what a table does not. 201 where it was stored, 200
where it was known, 422 where it was refused, with the sentence.

Lives here      reading the request, bounded; the status of the answer.
Lives elsewhere the journey (``usecases.take_file``), the answer (``entrypoints/intake``), who may
                ask (``policy``; docs/decisions/0010: this machine only).
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from meterledger.entrypoints.intake import answer_of, refused_answer, take
from meterledger.entrypoints.web.policy import taking
from meterledger.entrypoints.wiring import System
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.take_file import Delivery, refuse_unreadable

DOOR = "api"
BODY_BYTES_MAX = 64 * 1024 * 1024
NAME_MAX = 200
STATUS = {"stored": 201, "known": 200, "refused": 422}


class RequestUnusable(Refusal):
    """The request cannot be taken for a file; nothing of it was kept."""

    def __init__(self, what: str, *, do: str, status: int = 400) -> None:
        """``status`` is the answer's."""
        super().__init__(what, where="POST /api/readings", why="Nothing of it was kept", do=do)
        self.status = status


@taking("receive readings")
def take_readings(request: HttpRequest, system: System) -> HttpResponse:
    """Take one file."""
    name = "upload"
    try:
        name = _name(request.headers.get("X-File-Name", name))
        delivery = Delivery(
            name=name,
            data=_body(request),
            door=DOOR,
            source=_word(request, "X-Source") or "",
            sequence=_sequence(request),
            signature=_word(request, "X-Signature"),
            meter=_asked(request, "meter"),
            zone=_asked(request, "zone"),
            unit=_asked(request, "unit"),
        )
    except RequestUnusable as refusal:
        refuse_unreadable(
            name, refusal, door=DOOR, source="", store=system.store, learned_at=system.now
        )
        answer = refused_answer(name, None, refusal.sentence)
        return JsonResponse({"files": [answer]}, status=refusal.status)
    answer = answer_of(name, take(delivery, system))
    return JsonResponse({"files": [answer]}, status=STATUS[answer["status"]])


def _body(request: HttpRequest) -> bytes:
    too_large = RequestUnusable(
        f"The file is larger than {BODY_BYTES_MAX // 1024 // 1024} MB",
        do="Split it, or put it into the landing folder",
        status=413,
    )
    told = request.headers.get("Content-Length", "")
    if not told.isascii() or not told.isdigit() or len(told) > 18:
        raise RequestUnusable(
            "The request does not say how long its body is",
            do="Send it with a Content-Length",
            status=411,
        )
    if int(told) > BODY_BYTES_MAX:
        raise too_large
    data = request.read(BODY_BYTES_MAX + 1)
    if len(data) > BODY_BYTES_MAX:
        raise too_large
    if len(data) != int(told):
        raise RequestUnusable(
            f"The body ended after {len(data)} of {told} bytes", do="Send it again"
        )
    wanted = request.headers.get("X-Content-SHA256")
    if wanted is not None and wanted.strip().lower() != sha256_hex(data):
        raise RequestUnusable(
            f"The body has the hash {sha256_hex(data)}, and not the one that was said",
            do="It was damaged on its way: send it again",
        )
    return data


def _name(text: str) -> str:
    if not 1 <= len(text) <= NAME_MAX or not text.isprintable() or "/" in text or "\\" in text:
        raise RequestUnusable(
            "X-File-Name is not the name of a file",
            do=f"Use up to {NAME_MAX} printable letters without a slash",
        )
    return text


def _word(request: HttpRequest, header: str) -> str | None:
    text = request.headers.get(header)
    if text is not None and (len(text) > 1024 or not text.isprintable()):
        raise RequestUnusable(f"{header} cannot be read", do="Send printable letters")
    return text


def _asked(request: HttpRequest, name: str) -> str | None:
    text = request.GET.get(name)
    if text is not None and (len(text) > NAME_MAX or not text.isprintable()):
        raise RequestUnusable(f"?{name}= cannot be read", do="Send printable letters")
    return text


def _sequence(request: HttpRequest) -> int | None:
    text = request.headers.get("X-Sequence")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise RequestUnusable("X-Sequence is not a number", do="Send up to 18 digits")
    return int(text)
