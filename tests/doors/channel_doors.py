"""A town behind commands and pages, with a processor that behaves badly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.channel_town import NOW, town
from tests.rooms.rulebook_on import the_book
from tests.stores.paper_town import bill_of

from meterledger.entrypoints import wiring
from meterledger.entrypoints.web.system import Library
from meterledger.entrypoints.wiring import open_book
from meterledger.kernel.local_days import day_start_utc
from meterledger.rulebook.book import BookView
from meterledger.rulebook.loading import default_book_folder
from meterledger.stores.gateways.processor_fake import BadProcessor
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.ports import Viewer

BOOK = open_book(default_book_folder())
DUE = bill_of(1)[0].due_day
ZONE = the_book().time_zone


class KnowingSystem(wiring.System):
    """A system of a day before the book was entered, that knows the whole book all the same."""

    @property
    def view(self) -> BookView:
        """All that was ever entered."""
        return the_book()


@dataclass
class ChannelTown:
    """Puts the town behind doors; ``now`` moves as a test says."""

    folder: Path
    store: MemoryStore = field(default_factory=town)
    processor: BadProcessor = field(default_factory=BadProcessor)
    now: datetime = NOW

    def on(self, day: date, *, minutes: int = 0) -> None:
        """It is noon of a day, or so many minutes later."""
        self.now = day_start_utc(day, ZONE) + timedelta(hours=12, minutes=minutes)

    def system(self) -> wiring.System:
        """The system now."""
        return KnowingSystem(self.store, None, BOOK, self.now, self.folder)  # type: ignore[arg-type]

    def library(self) -> Library:
        """The book."""
        return Library(BOOK, self.now)

    @contextmanager
    def open_system(self, *, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        """As commands open it."""
        with self.store.viewing(viewer, subjects):
            yield self.system()


def behind_doors(folder: Path, patch: pytest.MonkeyPatch) -> Any:
    """The town behind commands and pages, on the due day of its first bills."""
    made = ChannelTown(folder)
    made.on(DUE)
    patch.setattr(wiring, "open_system", made.open_system)
    patch.setattr(wiring, "open_processor", lambda: made.processor)
    return made
