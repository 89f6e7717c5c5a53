"""One bill's documents: what there is, a duplicate, one that came back, and making one again.

Lives here      the journeys.
Lives elsewhere a cycle's documents (``make_documents``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.documents import (
    CameBack,
    Channel,
    DocumentKind,
    IssuedDocument,
    SetAside,
)
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import TariffBook
from meterledger.usecases.document_ports import Press, Printed
from meterledger.usecases.gather_statements import StatementStore, statement_of
from meterledger.usecases.make_documents import DocumentVault, Paper, keep_pack


class NotPrinted(Refusal):
    """A document of a bill cannot be made as asked."""


class NotSent(Refusal):
    """What is said to have come back was never sent."""


class Remaking(Protocol):
    """Sets a content with a template that may be an older one."""

    def again(self, content: bytes, template: str) -> bytes:
        """The paper of a content. :raises NoSuchTemplate: if the revision is not held"""

    def template_sha256(self, template: str) -> str:
        """The hash of a template. :raises NoSuchTemplate: if the revision is not held"""


@dataclass(frozen=True, slots=True)
class BillDocuments:
    """All that is known of a bill's documents."""

    documents: tuple[IssuedDocument, ...]
    came_back: tuple[CameBack, ...]
    set_aside: tuple[SetAside, ...]


def documents_of_bill(bill_id: str, store: StatementStore) -> BillDocuments:
    """What was made of the bill, what came back and what was set aside.

    :raises NotFound: if there is no such bill
    """
    store.bill(bill_id)
    return BillDocuments(
        tuple(store.documents_of_bills([bill_id]).get(bill_id, ())),
        tuple(store.came_back_of_bills([bill_id]).get(bill_id, ())),
        tuple(store.set_aside_of_bill(bill_id)),
    )


def first_document(documents: BillDocuments) -> IssuedDocument | None:
    """The document that the bill went out with first; None if it has not."""
    firsts = [one for one in documents.documents if one.kind is not DocumentKind.DUPLICATE]
    return firsts[0] if firsts else None


def make_duplicate(
    bill_id: str,
    *,
    on: date,
    made_at: datetime,
    store: StatementStore,
    vault: DocumentVault,
    press: Press,
    book: TariffBook,
) -> IssuedDocument:
    """A copy that is marked as such with its day, kept like the first. Twice a day it is one.

    :raises NotFound: if there is no such bill
    :raises NotPrinted: if it was never issued on paper or electronically, or cannot be set
    """
    known = documents_of_bill(bill_id, store)
    bill = store.bill(bill_id)
    if first_document(known) is None:
        raise NotPrinted(
            f"Bill {bill_id} has not gone out yet, so there is nothing to make a duplicate of",
            where="documents",
            do=(
                "Make the documents of its cycle first, with "
                f"`meterledger documents cycle CYCLE --on {bill.issued_day} --out FOLDER`"
            ),
        )
    statement = statement_of(bill, store=store, book=book, known_at=made_at)
    content = press.content(statement, on)
    for one in known.documents:
        if one.content_sha256 == sha256_hex(content) and one.kind is DocumentKind.DUPLICATE:
            return one
    done = next(iter(press.set([content])))
    if not isinstance(done, Printed):
        raise NotPrinted(
            f"No duplicate of bill {bill_id} can be set",
            where="documents",
            why=done.reason,
            do="Read the bill on its page",
        )
    place = keep_pack(vault, [(content, done.pdf)])[0]
    document = IssuedDocument(
        bill_id=bill_id,
        account_id=bill.account_id,
        kind=DocumentKind.DUPLICATE,
        channel=Channel.PRINT,
        sha256=sha256_hex(done.pdf),
        content_sha256=sha256_hex(content),
        template=press.revision,
        template_sha256=press.revision_sha256,
        compiler=press.compiler,
        page_count=done.page_count,
        place=place,
        run_id=f"duplicate on {on.isoformat()}",
        address="",
        made_at=made_at,
    )
    store.record_documents([document])
    return document


def say_it_came_back(
    bill_id: str, *, reason: str, author: str, learned_at: datetime, store: StatementStore
) -> CameBack:
    """Keep that the electronic bill was not delivered: the next print file takes it.

    :raises NotFound: if there is no such bill
    :raises NotSent: if it was not sent electronically, or no reason is given
    """
    if not reason.strip():
        raise NotSent(
            "Why the bill came back is not said",
            where="--reason",
            do="Say it in a few words, like 'mailbox unknown'",
        )
    known = documents_of_bill(bill_id, store)
    sent = [one for one in known.documents if one.channel is Channel.ELECTRONIC]
    if not sent:
        raise NotSent(
            f"Bill {bill_id} was not sent electronically, so it cannot have come back",
            where="documents",
            do=f"Look at what went out with `meterledger documents show {bill_id}`",
        )
    back = CameBack(bill_id, sent[-1].account_id, sent[-1].sha256, reason, author, learned_at)
    if not store.record_came_back(back):
        return known.came_back[-1]
    return back


def remade(document: IssuedDocument, paper: Paper, press: Remaking) -> bytes:
    """The document made again from its kept content and its template.

    :raises NotPrinted: if the template of that revision is not the one that made it
    """
    if press.template_sha256(document.template) != document.template_sha256:
        raise NotPrinted(
            f"The template {document.template} is not the one that made a document of "
            f"{document.bill_id}",
            where="documents",
            why="A template that has printed is never edited",
            do="Put the template back as it was, and give the change a revision of its own",
        )
    return press.again(paper.content(document), document.template)


def check_documents(store: StatementStore, vault: DocumentVault) -> tuple[int, list[str]]:
    """How many documents were opened, and a sentence for each that is not as it was kept."""
    paper = Paper(vault)
    documents = store.documents_kept()
    broken = []
    for document in documents:
        try:
            whole = (
                sha256_hex(paper.part(document)) == document.sha256
                and sha256_hex(paper.content_part(document)) == document.content_sha256
            )
        except Refusal as refusal:
            broken.append(f"{document.bill_id}: {refusal.of_one_case().sentence}")
            continue
        if not whole:
            broken.append(f"{document.bill_id}: a kept document has another hash")
    return len(documents), broken
