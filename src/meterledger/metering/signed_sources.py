"""Signed sources: whether a file is from whom it says, new, and in its place among the others.

Lives here      the decision about one message: unknown source, unsigned, wrongly signed, replayed,
                out of order, a gap before it; pure, nothing is stored.
Lives elsewhere the arithmetic of signatures (``stores/gateways/signatures``), which numbers came
                (``IntakeLog``), reporting gaps (``intake report``).
Read first      facts/sources.py; the rulebook's chapter on AMI safety and security.
"""

from __future__ import annotations

from dataclasses import dataclass

from meterledger.facts.sources import Source
from meterledger.kernel.refusal import Refusal


class MessageRefused(Refusal):
    """The file is not taken: it does not prove that it is from its source, or it is a replay."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is known of a file and its source before anybody reads it.

    ``signature_holds`` is None where the file carries no signature. ``newest_sequence`` is the
    highest number that the source has used; ``sha256_of_sequence`` the file that used this one.
    """

    file_name: str
    source_name: str
    source: Source | None
    sha256: str
    signature_holds: bool | None
    sequence: int | None
    newest_sequence: int | None
    sha256_of_sequence: str | None


@dataclass(frozen=True, slots=True)
class MessageVerdict:
    """The message is taken. ``sequence`` is the number it uses up; ``notes`` what was noticed."""

    sequence: int | None
    notes: tuple[str, ...]


def judge_message(message: Message) -> MessageVerdict:
    """Whether a file is taken from its source.

    :raises MessageRefused: saying which proof is missing or wrong
    """
    source = message.source
    if not message.source_name:
        if message.sequence is not None or message.signature_holds is not None:
            raise _refused(
                message,
                "It carries a number or a signature and no source",
                "Say which source sent it",
            )
        return MessageVerdict(None, ())
    if source is None:
        raise _refused(
            message,
            f"No source {message.source_name[:80]} is registered",
            "Register it with `meterledger source add`, or correct its name",
        )
    _refuse_unproved(message, source)
    return _in_its_place(message, source)


def _refuse_unproved(message: Message, source: Source) -> None:
    if not source.signs:
        return
    if message.signature_holds is None:
        raise _refused(
            message,
            f"It is unsigned, and the source {source.name} signs what it sends",
            "Ask the source for the signature; put it beside the file before the file",
        )
    if not message.signature_holds:
        raise _refused(
            message,
            f"Its signature is not one of the source {source.name} over its name, this number "
            "and these bytes",
            "Ask the source for the file again; if it changed its key, register the new one with "
            "`meterledger source add`",
        )


def _in_its_place(message: Message, source: Source) -> MessageVerdict:
    number = message.sequence
    if not source.is_sequenced:
        return MessageVerdict(None, ())
    if number is None or number < 0:
        raise _refused(
            message,
            f"It carries no number, and the source {source.name} numbers what it sends",
            "Ask the source for the file with its number",
        )
    if message.sha256_of_sequence is not None:
        if message.sha256_of_sequence == message.sha256:
            return MessageVerdict(None, (f"File {number} of {source.name} came again",))
        raise _refused(
            message,
            f"It is a replay: the number {number} of the source {source.name} came before, with "
            "another file",
            "Ask the source which of the two is its own; a number is used once",
        )
    newest = message.newest_sequence
    if newest is None or number == newest + 1:
        return MessageVerdict(number, ())
    if number < newest:
        return MessageVerdict(number, (f"File {number} of {source.name} came after {newest}",))
    missing = (
        f"file {newest + 1}" if number == newest + 2 else f"files {newest + 1} to {number - 1}"
    )
    return MessageVerdict(
        number, (f"Before file {number} of {source.name}, {missing} did not come",)
    )


def _refused(message: Message, what: str, do: str) -> MessageRefused:
    return MessageRefused(
        what,
        where=message.file_name,
        why="Nothing of it was read",
        do=f"{do}. The file lies in the vault",
    )
