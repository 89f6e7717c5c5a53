"""Make the documents of a cycle's bills: statements, paper, and where each of them goes.

Lives here      the run: every bill is printed, sent electronically or set aside with its reason,
                once, however often the run is started; what is made is kept before it leaves.
Lives elsewhere statements (``gather_statements``), one bill's documents (``one_document``), the
                print file (``print_file``), the press (``entrypoints/documents``).
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from meterledger.billing import (
    ChannelFacts,
    ContentsFacts,
    decide_bill_channel,
    decide_bill_contents,
    decide_usual_due_day,
    floor_clause,
)
from meterledger.facts.bills import BillKind
from meterledger.facts.documents import (
    NOT_RENDERED,
    PAPER,
    Channel,
    DeadMailbox,
    Delivery,
    DocumentKind,
    IssuedDocument,
    KeptPlace,
    SetAside,
    cycle_run,
)
from meterledger.facts.statements import Statement
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import local_day_of
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.series import NoRuleInForce
from meterledger.rulebook.terms import Terms
from meterledger.usecases.document_ports import Deliveries, Press, Printed, Unprintable
from meterledger.usecases.gather_statements import (
    Services,
    StatementStore,
    Surroundings,
    in_batches,
    statements_of,
)
from meterledger.usecases.intake_ports import KeptFile
from meterledger.usecases.make_statement import due_later
from meterledger.usecases.ports import StoredBill

BATCH_BILLS = 128
"""Bills whose paper is kept as one pack: few enough that reading one of them opens little."""
FUEL_CODE = "FAC"


class DocumentVault(Protocol):
    """Packs of documents, byte for byte under their hash, encrypted."""

    def keep(self, data: bytes) -> KeptFile:
        """Keep the bytes, durably when this returns."""

    def read(self, sha256: str) -> bytes:
        """The bytes as they were kept; refused if they are not there, or not the same."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A document of a run that goes out, and what is said of it to whoever takes it."""

    document: IssuedDocument
    charges_cents: int
    asked_cents: int
    due_day: date
    postal_code: str
    utility: str
    holder: str
    combination: str = ""
    """The combination whose statement asks for the bill; nothing is asked with this document."""


@dataclass(frozen=True, slots=True)
class DocumentRun:
    """What a run made. Bills = printed + electronic + set aside + not rendered, in count and in
    cents.
    """

    run_id: str
    bills: int
    cents: int
    printed: tuple[Outgoing, ...]
    electronic: tuple[Outgoing, ...]
    set_aside: tuple[tuple[SetAside, int], ...]
    """Each with the cents of its bill."""
    newly_made: int
    not_rendered: tuple[SetAside, ...] = ()
    """Final bills of less than the floor: nothing is asked, and no document is made (GRR V.E.2)."""

    def __post_init__(self) -> None:
        out = len(self.printed) + len(self.electronic)
        ensure(
            self.bills == out + len(self.set_aside) + len(self.not_rendered),
            "every bill of a run is printed, sent electronically, set aside or not rendered",
        )


@dataclass(slots=True)
class _Made:
    """A bill with what becomes of it."""

    bill: StoredBill
    statement: Statement
    channel: Channel
    address: str
    content: bytes
    due_day: date | None


@dataclass(frozen=True, slots=True)
class _Going:
    """What a run knows of how its bills go out."""

    run_id: str
    made_at: datetime
    sent: date
    view: BookView
    came_back: Container[str]
    wanted: Mapping[str, Delivery]
    dead: Sequence[DeadMailbox]
    later: Mapping[str, date]

    def mailbox_is_dead(self, account_id: str, delivery: Delivery) -> DeadMailbox | None:
        """That a bill came back from the address since the customer gave it, or gave it again."""
        for one in self.dead:
            if (one.account_id, one.address) != (account_id, delivery.address):
                continue
            if delivery.told_at is None or delivery.told_at <= one.learned_at:
                return one
        return None

    def due_later(self, bill: StoredBill) -> date | None:
        """Until when a bill may be paid that goes out after its day (20 CSR 4240-13.015): the days
        count from when it was mailed or posted. None where its own due day leaves that time. What
        an earlier document gave stays.
        """
        before = self.later.get(bill.bill_id)
        if self.sent <= bill.issued_day:
            return before
        counted = decide_usual_due_day(self.sent, self.view).outcome
        due = counted if before is None else max(before, counted)
        return due if due > bill.due_day else None


def make_cycle_documents(
    *,
    cycle: int,
    on: date,
    made_at: datetime,
    store: StatementStore,
    vault: DocumentVault,
    press: Press,
    deliveries: Deliveries,
    book: TariffBook,
    sent: date | None = None,
) -> DocumentRun:
    """Documents of every bill of the cycle's accounts that was issued on ``on``, of those that
    came back and wait for paper, and of those of any cycle that left on a day of their own before
    ``on`` and no run took. ``made_at`` is now: contacts and weather are as known now. ``sent`` is
    the day on which they are mailed and posted, that of ``made_at`` unless given: the time to pay
    counts from it.

    Started twice it makes nothing twice: what is kept is answered as it was kept.

    :raises NotViewing: outside ``viewing``
    """
    run_id = cycle_run(cycle, on)
    bills = _bills_of_run(store, cycle, on, run_id)
    view = book.as_known(made_at.date())
    beside = Surroundings(store, view, made_at)
    services = Services(store, cycle)
    printed: list[Outgoing] = []
    electronic: list[Outgoing] = []
    aside: list[tuple[SetAside, int]] = []
    newly = 0
    for batch in in_batches(bills, BATCH_BILLS):
        history = store.bills_of_accounts([one.account_id for one in batch])
        statements = list(
            statements_of(
                batch,
                store=store,
                book=book,
                beside=beside,
                services=services,
                history=history,
                later={},
            )
        )
        names = [one.bill_id for one in batch]
        kept = _kept_of_run(store, names, run_id)
        accounts = [one.account_id for one in batch]
        going_out = _Going(
            *(run_id, made_at, sent or local_day_of(made_at, view.time_zone), view),
            came_back=set(store.came_back_of_bills(names)),
            wanted=deliveries.deliveries(accounts, on),
            dead=store.dead_mailboxes(accounts),
            later=store.later_due_days(names),
        )
        to_make, refused = _decide(batch, statements, kept, going_out, press)
        documents, unprintable = _set_and_keep(
            to_make, press, vault, run_id=run_id, made_at=made_at
        )
        newly += store.record_documents(documents, [*refused, *unprintable])
        kept.update({one.bill_id: one for one in documents})
        cents = {one.bill_id: one.total_cents for one in batch}
        aside += [(one, cents[one.bill_id]) for one in (*refused, *unprintable)]
        for bill, statement in zip(batch, statements, strict=True):
            document = kept.get(statement.bill_id)
            if document is not None:
                going = printed if document.channel is Channel.PRINT else electronic
                going.append(_outgoing(document, statement, bill.due_day))
    return DocumentRun(
        run_id=run_id,
        bills=len(bills),
        cents=sum(one.total_cents for one in bills),
        printed=tuple(sorted(printed, key=_mail_order)),
        electronic=tuple(electronic),
        set_aside=tuple(one for one in aside if not one[0].is_not_rendered),
        newly_made=newly,
        not_rendered=tuple(one for one, _ in aside if one.is_not_rendered),
    )


def _bills_of_run(store: StatementStore, cycle: int, on: date, run_id: str) -> list[StoredBill]:
    """Bills issued on the day, but for those that another run took; those that came back and wait;
    those that left on a day of their own (released, trued up, billed alone); and those that went
    out in this run before.
    """
    issued = store.bills_issued(cycle, on)
    names = {one.bill_id for one in issued}
    mine = {one.bill_id for one in store.documents_of_run(run_id)}
    wanted = mine | set(store.waiting_for_paper()) | set(store.left_without_document(on))
    gone = {
        bill_id
        for bill_id, made in store.documents_of_bills(sorted(names - wanted)).items()
        if any(one.kind is not DocumentKind.DUPLICATE for one in made)
    }
    here = [one for one in issued if one.bill_id not in gone]
    return [*here, *(store.bill(one) for one in sorted(wanted - names))]


def _kept_of_run(
    store: StatementStore, names: Sequence[str], run_id: str
) -> dict[str, IssuedDocument]:
    """What this run has made of the bills already."""
    return {
        bill_id: one
        for bill_id, made in store.documents_of_bills(names).items()
        for one in made
        if one.run_id == run_id and one.kind is not DocumentKind.DUPLICATE
    }


def _decide(
    batch: Sequence[StoredBill],
    statements: Sequence[Statement],
    kept: Mapping[str, IssuedDocument],
    going: _Going,
    press: Press,
) -> tuple[list[_Made], list[SetAside]]:
    """Which bills are to be set, and which may not go out as they are."""
    to_make: list[_Made] = []
    refused: list[SetAside] = []
    for bill, statement in zip(batch, statements, strict=True):
        if bill.bill_id in kept:
            continue
        why = why_not_rendered(statement, going.view) or what_lacks(statement, going.view)
        if why:
            aside = SetAside(bill.bill_id, bill.account_id, going.run_id, why, going.made_at)
            refused.append(aside)
            continue
        delivery = going.wanted.get(bill.account_id, PAPER)
        dead = going.mailbox_is_dead(bill.account_id, delivery) if delivery.electronic else None
        channel = channel_of(
            delivery,
            came_back=bill.bill_id in going.came_back or dead is not None,
            on=bill.issued_day,
            view=going.view,
        )
        address = delivery.address if channel is Channel.ELECTRONIC else ""
        due = going.due_later(bill)
        said = statement if due is None else due_later(statement, due)
        if dead is not None:
            said = replace(said, messages=(came_back_from(dead), *said.messages))
        to_make.append(_Made(bill, said, channel, address, press.content(said), due))
    return to_make, refused


def why_not_rendered(statement: Statement, view: BookView) -> str:
    """Why no document is made of a final bill; empty where one is (GRR V.E.2).

    One that settles a budget plan asks for something, and goes out.
    """
    of_plan = 0 if statement.budget is None else statement.budget.asked_cents
    if statement.kind != BillKind.FINAL.value or statement.charges_cents or of_plan:
        return ""
    floor = floor_clause(view, statement.issued_day)
    for finding, citation in statement.reasons:
        if citation == floor:
            return f"{NOT_RENDERED}{finding} ({citation.text})"
    return ""


def came_back_from(dead: DeadMailbox) -> str:
    """What the paper says that takes the place of an electronic bill."""
    return (
        f"A bill that we sent to {dead.address} came back. You get your bills on paper until you "
        "give us an address that takes them."
    )


def channel_of(delivery: Delivery, *, came_back: bool, on: date, view: BookView) -> Channel:
    """How a bill goes out (20 CSR 4240-13.015)."""
    facts = ChannelFacts(delivery.electronic, bool(delivery.address), came_back)
    return Channel(decide_bill_channel(facts, Terms(view, on)).outcome.channel)


def what_lacks(statement: Statement, view: BookView) -> str:
    """Why a bill may not go out: what it does not show and must, or that the book does not say
    what that is; empty where nothing lacks.
    """
    facts = ContentsFacts(
        shown=_shown(statement),
        estimated=statement.usage.estimate is not None,
        fuel_adjustment_charged=any(line.code == FUEL_CODE for line in statement.lines),
    )
    try:
        outcome = decide_bill_contents(facts, Terms(view, statement.issued_day)).outcome
    except NoRuleInForce as silence:
        return silence.sentence
    if outcome.complete:
        return ""
    return (
        f"The bill does not show what it must: {', '.join(outcome.missing)}. Complete the tariff "
        "book's folder bill_contacts, or correct the bill, and run again."
    )


def _shown(statement: Statement) -> tuple[str, ...]:
    """What the statement shows, by the names of the book's list.

    Usage measured by intervals, with its first and last day, stands in place of readings.
    """
    shown = [
        *("readings", "reading dates", "billing date", "delinquent date"),
        *("previous balance", "current charge", "taxes apart", "total due"),
    ]
    if statement.usage.estimate is not None:
        shown.append("estimated mark")
    if statement.contact is not None:
        shown.append("contact number")
    if any(line.code == FUEL_CODE and line.group == "rider" for line in statement.lines):
        shown.append("fuel adjustment line")
    return tuple(shown)


def _set_and_keep(
    to_make: Sequence[_Made],
    press: Press,
    vault: DocumentVault,
    *,
    run_id: str,
    made_at: datetime,
) -> tuple[list[IssuedDocument], list[SetAside]]:
    """Set the contents and keep the paper, durably, before anything is said of it."""
    ready: list[tuple[_Made, Printed]] = []
    aside: list[SetAside] = []
    contents = [one.content for one in to_make]
    for one, done in zip(to_make, press.set(contents), strict=True):
        if isinstance(done, Unprintable):
            bill = one.bill
            aside.append(SetAside(bill.bill_id, bill.account_id, run_id, done.reason, made_at))
        else:
            ready.append((one, done))
    parts = [(made.content, done.pdf) for made, done in ready]
    places = keep_pack(vault, parts)
    documents = [
        IssuedDocument(
            bill_id=made.bill.bill_id,
            account_id=made.bill.account_id,
            kind=DocumentKind.CORRECTION if made.bill.corrects else DocumentKind.ORIGINAL,
            channel=made.channel,
            sha256=sha256_hex(done.pdf),
            content_sha256=sha256_hex(made.content),
            template=press.revision,
            template_sha256=press.revision_sha256,
            compiler=press.compiler,
            page_count=done.page_count,
            place=place,
            run_id=run_id,
            address=made.address,
            made_at=made_at,
            due_day=made.due_day,
        )
        for (made, done), place in zip(ready, places, strict=True)
    ]
    return documents, aside


def keep_pack(vault: DocumentVault, parts: Sequence[tuple[bytes, bytes]]) -> list[KeptPlace]:
    """Keep (content, paper) pairs as one pack; where each of them lies in it."""
    if not parts:
        return []
    pack = b"".join(content + pdf for content, pdf in parts)
    sha256 = vault.keep(pack).sha256
    places = []
    at = 0
    for content, pdf in parts:
        places.append(KeptPlace(sha256, at + len(content), len(pdf), at, len(content)))
        at += len(content) + len(pdf)
    return places


def _outgoing(document: IssuedDocument, statement: Statement, due_day: date) -> Outgoing:
    """``due_day`` is the bill's own: a document that went out late has a later one."""
    return Outgoing(
        document,
        statement.charges_cents,
        statement.to_pay_cents,
        document.due_day or due_day,
        statement.postal_code,
        statement.utility,
        statement.holders[0] if statement.holders else "",
        statement.combination,
    )


def _mail_order(one: Outgoing) -> tuple[str, str, str]:
    return (one.postal_code, one.document.account_id, one.document.bill_id)


PACKS_OPEN = 32


class Paper:
    """Documents as they are kept, pack by pack: a pack is opened once for its neighbors."""

    def __init__(self, vault: DocumentVault) -> None:
        """Read from this vault."""
        self._vault = vault
        self._opened: dict[str, bytes] = {}

    def pdf(self, document: IssuedDocument) -> bytes:
        """The paper. :raises InvariantBroken: if it has another hash"""
        found = self.part(document)
        ensure(sha256_hex(found) == document.sha256, f"paper of {document.bill_id} has its hash")
        return found

    def content(self, document: IssuedDocument) -> bytes:
        """What the paper was set from. :raises InvariantBroken: if it has another hash"""
        found = self.content_part(document)
        ensure(
            sha256_hex(found) == document.content_sha256,
            f"content of {document.bill_id} has its hash",
        )
        return found

    def part(self, document: IssuedDocument) -> bytes:
        """What lies where the paper should, whatever its hash."""
        place = document.place
        return self._pack(place.pack_sha256)[place.offset : place.offset + place.size_bytes]

    def content_part(self, document: IssuedDocument) -> bytes:
        """What lies where the content should, whatever its hash."""
        place = document.place
        end = place.content_offset + place.content_size_bytes
        return self._pack(place.pack_sha256)[place.content_offset : end]

    def _pack(self, sha256: str) -> bytes:
        if sha256 not in self._opened:
            if len(self._opened) >= PACKS_OPEN:
                self._opened.pop(next(iter(self._opened)))
            self._opened[sha256] = self._vault.read(sha256)
        return self._opened[sha256]


def papers(vault: DocumentVault, going: Sequence[Outgoing]) -> Iterator[bytes]:
    """The paper of each, in order."""
    paper = Paper(vault)
    for one in going:
        yield paper.pdf(one.document)
