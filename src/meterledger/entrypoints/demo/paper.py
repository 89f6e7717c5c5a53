"""Documents of one cycle of the town: its bills on paper, their print file and messages.

Lives here      which run, when, and where its folder is.
Lives elsewhere making documents (``usecases/make_documents``), setting pages and writing files
                (``entrypoints/documents``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from meterledger.entrypoints.demo.nights import Utility
from meterledger.entrypoints.demo.story import after_the_story
from meterledger.entrypoints.demo.town import LAST_RUN_DAY
from meterledger.usecases.document_ports import PreferredDeliveries
from meterledger.usecases.make_documents import DocumentVault, make_cycle_documents

PRINTED_CYCLE, PRINTED_ON = 1, LAST_RUN_DAY
FOLDER = "print"
PORTAL = "http://127.0.0.1:8000"


class UtilityWithPaper(Utility, Protocol):
    """A utility that keeps documents, too."""

    @property
    def documents(self) -> DocumentVault:
        """The vault of documents."""


@dataclass(frozen=True, slots=True)
class PaperTold:
    """What a run of documents came to, and where its files are."""

    cycle: int
    on: date
    bills: int
    printed: int
    electronic: int
    set_aside: int
    folder: Path

    @property
    def sentence(self) -> str:
        """In words."""
        aside = f" + {self.set_aside} set aside" if self.set_aside else ""
        return (
            f"Documents of cycle {self.cycle}, {self.on}: {self.bills} bills = {self.printed} "
            f"printed + {self.electronic} electronic{aside}: {self.folder / 'bills.pdf'}"
        )


def make_documents(utility: UtilityWithPaper, folder: Path) -> PaperTold:
    """Make and keep the documents of the last cycle, and write them. Safe to do again."""
    from meterledger.entrypoints.documents.files import write_run  # the compiler is not small
    from meterledger.entrypoints.documents.pool import OnePress

    made_at = after_the_story(utility.book)
    run = make_cycle_documents(
        cycle=PRINTED_CYCLE,
        on=PRINTED_ON,
        made_at=made_at,
        store=utility.store,
        vault=utility.documents,
        press=OnePress(),
        deliveries=PreferredDeliveries(utility.store, made_at),
        book=utility.book,
        sent=PRINTED_ON,
    )
    out = folder / FOLDER
    write_run(run, out, vault=utility.documents, portal=PORTAL)
    return PaperTold(
        cycle=PRINTED_CYCLE,
        on=PRINTED_ON,
        bills=run.bills,
        printed=len(run.printed),
        electronic=len(run.electronic),
        set_aside=len(run.set_aside) + len(run.not_rendered),
        folder=out,
    )
