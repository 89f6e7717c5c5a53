"""Documents: what was issued to customers, where its bytes are kept, and what became of it.

Made by ``usecases/make_documents``; kept by ``stores``. All of it is append-only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from meterledger.kernel.ensure import ensure


class DocumentKind(Enum):
    """Why a document was made."""

    ORIGINAL = "original"
    DUPLICATE = "duplicate"
    CORRECTION = "correction notice"


class Channel(Enum):
    """How it leaves."""

    PRINT = "print"
    ELECTRONIC = "electronic"


@dataclass(frozen=True, slots=True)
class KeptPlace:
    """Where a document's bytes lie: a pack of the vault, and the parts of it."""

    pack_sha256: str
    offset: int
    size_bytes: int
    content_offset: int
    content_size_bytes: int


@dataclass(frozen=True, slots=True)
class IssuedDocument:
    """One document of a bill.

    ``sha256`` is of the paper, ``content_sha256`` of the text it is set from; with ``template``
    (its revision and its own hash) and ``compiler`` the paper is made again to the byte.
    ``run_id`` names the run that made it (``cycle 15 on 2025-10-15``), ``address`` is where an
    electronic one was sent. ``due_day`` is until when it may be paid where it went out so late that
    the bill's own due day would leave the customer less time than the rules give; else None.
    """

    bill_id: str
    account_id: str
    kind: DocumentKind
    channel: Channel
    sha256: str
    content_sha256: str
    template: str
    template_sha256: str
    compiler: str
    page_count: int
    place: KeptPlace
    run_id: str
    address: str
    made_at: datetime
    due_day: date | None = None

    def __post_init__(self) -> None:
        ensure(self.page_count >= 1, f"a document of {self.bill_id} has a page")

    @property
    def sheet_count(self) -> int:
        """Sheets of paper, printed on both sides."""
        return -(-self.page_count // 2)


NOT_RENDERED = "Not rendered: "
"""How the reason begins where a bill is no document by its clause, and waits for none."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A bill of a run of which no document could be made, or is made, with the reason."""

    bill_id: str
    account_id: str
    run_id: str
    reason: str
    made_at: datetime

    @property
    def is_not_rendered(self) -> bool:
        """Whether no document is to be made of it at all."""
        return self.reason.startswith(NOT_RENDERED)


@dataclass(frozen=True, slots=True)
class CameBack:
    """An electronic bill that was not delivered: it goes out on paper with the next print file."""

    bill_id: str
    account_id: str
    sha256: str
    reason: str
    author: str
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(self.reason.strip() != "", "what came back says why")


@dataclass(frozen=True, slots=True)
class DeadMailbox:
    """An address from which a bill of an account came back, and when we learned it."""

    account_id: str
    address: str
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an account wants its bills: on paper, or electronically at an address, and when the
    customer said so, where that is known.
    """

    electronic: bool
    address: str = ""
    told_at: datetime | None = None


PAPER = Delivery(electronic=False)


def cycle_run(cycle: int, on: date) -> str:
    """The name of a cycle's run: the same for whoever runs it again."""
    return f"cycle {cycle} on {on.isoformat()}"
