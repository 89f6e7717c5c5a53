"""Events of extensions with their canonical records: what was given, known, decided.

Lives here      the desk of a journey, events with their records, asking a rule for a contract.
Lives elsewhere the journeys (``extension_*``), the rules (``extensions``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from meterledger.facts.extensions import ExtensionAct, ExtensionOnFile
from meterledger.facts.extensions import ExtensionEvent as Event
from meterledger.facts.money import Entry
from meterledger.kernel.canonical import canonical_bytes
from meterledger.kernel.money import usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.standing import weakest
from meterledger.ledger import reverse_entry
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.forms import plain_form
from meterledger.rulebook.pinned import as_pinned
from meterledger.rulebook.rules import Rule
from meterledger.usecases.decide import Ruling, decide_filled
from meterledger.usecases.extension_ports import ExtensionMoved

Part = TypeVar("Part")
Answer = TypeVar("Answer")

TRIES = 100
"""How often a step is done again before which somebody else came. Each time another is done."""

REVISION = "extension-1"
"""The revision of these calculations; a record names the one that made it."""


class ExtensionRefused(Refusal):
    """What was asked of a contract cannot be done."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The instant at which all is read as known, and the book of then."""

    known_at: datetime
    view: BookView

    @classmethod
    def at(cls, known_at: datetime, book: TariffBook) -> Moment:
        """The book as known on the day of the instant."""
        return cls(known_at, book.as_known(known_at.date()))

    @classmethod
    def of(cls, known_at: datetime, record: bytes, book: TariffBook) -> Moment:
        """The moment of a record, with the book that it was decided by."""
        pinned = str(json.loads(record)["pins"]["book_sha256"])
        return cls(known_at, as_pinned(book, known_at.date(), pinned))


@dataclass(slots=True)
class Asked:
    """Rules asked for one event, in their order, with the facts that they were given."""

    moment: Moment
    rulings: list[tuple[Ruling, Any]] = field(default_factory=list)

    def ask(self, rule: Rule, facts: Any, *, day: date) -> Any:
        """The outcome of a rule on the day that counts.

        :raises NoRuleInForce: where the book is silent on the day
        """
        ruling = decide_filled(rule=rule, facts=facts, day=day, view=self.moment.view)
        self.rulings.append((ruling, facts))
        return ruling.decision.outcome

    def as_json(self) -> dict[str, Any]:
        """What the record says of them."""
        told: dict[str, Any] = {
            "decisions": [
                ruling.as_json() | {"facts": plain_form(facts)} for ruling, facts in self.rulings
            ],
            "reading_keys": sorted({key for one, _ in self.rulings for key in one.reading_keys}),
        }
        if self.rulings:
            told["standing"] = weakest(one.standing for one, _ in self.rulings).value
        return told


def record_of(moment: Moment, asked: Asked, told: Mapping[str, Any]) -> bytes:
    """The canonical record: what is told, what was decided, and what both rest on."""
    return canonical_bytes(
        {
            **told,
            **asked.as_json(),
            "pins": {
                "known_at": moment.known_at.isoformat(),
                "book_sha256": moment.view.sha256,
                "calculation_revision": REVISION,
            },
        }
    )


def event_of(
    on_file: ExtensionOnFile,
    act: ExtensionAct,
    *,
    about: str,
    on: date,
    moment: Moment,
    asked: Asked | None = None,
    cents: int = 0,
    advance_cents: int = 0,
    by: str = "",
    reason: str = "",
    data: Mapping[str, Any] | None = None,
    rests_on: Sequence[Any] = (),
) -> Event:
    """The next event of a contract, with its record."""
    contract = on_file.contract
    key = event_key(contract.contract_id, act, about)
    given = dict(data or {})
    record = record_of(
        moment,
        asked or Asked(moment),
        {
            "event": key,
            "contract": contract.contract_id,
            "account": contract.account_id,
            "requested": contract.requested_day.isoformat(),
            "act": act.value,
            "on": on.isoformat(),
            "about": about,
            "usd": usd_text(cents),
            "advance_usd": usd_text(advance_cents),
            "by": by,
            "reason": reason,
            "data": given,
            "rests_on": list(rests_on),
        },
    )
    return Event(
        contract_id=contract.contract_id,
        number=on_file.next_number,
        key=key,
        act=act,
        on=on,
        about=about,
        cents=cents,
        advance_cents=advance_cents,
        by=by,
        reason=reason,
        data=given,
        record=record,
        learned_at=moment.known_at,
    )


def undoing(
    on_file: ExtensionOnFile, step: Event, on: date, by: str, reason: str, moment: Moment
) -> Event:
    """The event by which another one that moved money does not stand any more; never before it."""
    contract_id = on_file.contract.contract_id
    return event_of(
        on_file,
        ExtensionAct.TAKEN_BACK,
        about=step.key.removeprefix(f"{contract_id}."),
        on=max(on, step.on),
        moment=moment,
        cents=step.cents,
        advance_cents=-step.advance_cents,
        by=by,
        reason=reason,
        data={"event": step.key},
    )


def reversals_of(
    events: Sequence[Event], posted: Sequence[Entry], moment: Moment
) -> tuple[Entry, ...]:
    """The entries that take back what events posted that do not stand any more."""
    by_key = {one.entry_id.partition(":")[2]: one for one in posted if not one.reverses}
    return tuple(
        reverse_entry(
            by_key[one.data["event"]],
            on=one.on,
            learned_at=moment.known_at,
            cause=f"taken back: {by_key[one.data['event']].cause}",
        )
        for one in events
        if one.cents
    )


def again(work: Callable[[], Answer]) -> Answer:
    """Do it; where somebody else moved the contract first, with what they did in sight.

    :raises ExtensionMoved: if others come first every time
    """
    for _ in range(TRIES - 1):
        try:
            return work()
        except ExtensionMoved:
            continue
    return work()


def event_key(contract_id: str, act: ExtensionAct, about: str) -> str:
    """The name of an event, which names its entries too: ``EXT-7.refunded.2018-08-01``."""
    return f"{contract_id}.{act.value.replace(' ', '-')}.{about}"


def about_anew(on_file: ExtensionOnFile, act: ExtensionAct, about: str) -> str:
    """What an event is about; done again after it was taken back, with how often: ``….again.1``."""
    contract_id = on_file.contract.contract_id
    name, number = about, 0
    while on_file.event(event_key(contract_id, act, name)) is not None:
        number += 1
        name = f"{about}.again.{number}"
    return name


def part_of(part: Part | None, contract_id: str) -> Part:
    """A part of a contract that a step needs.

    :raises ExtensionRefused: if the contract has none
    """
    if part is None:
        raise ExtensionRefused(
            "The contract has no such part",
            where=f"extension {contract_id}",
            do="Look at `meterledger extension show`",
        )
    return part


def plain_name(name: str, where: str) -> str:
    """A name that people choose: a payment's key, a connection, a facility.

    :raises ExtensionRefused: if it is empty, long, or not of plain characters
    """
    plain = name.strip()
    if not plain or len(plain) > 64 or not plain.isascii() or not plain.isprintable():
        raise ExtensionRefused(
            f"'{name[:70]}' is no name", where=where, do="Give up to 64 plain characters"
        )
    return plain


def in_name_of(by: str, where: str) -> str:
    """The name of who acts.

    :raises ExtensionRefused: if there is none
    """
    if not by.strip():
        raise ExtensionRefused("Nobody's name is given", where=where, do="Say who, with --by")
    return by.strip()
