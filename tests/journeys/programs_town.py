"""Services of the invented utility that look back at bills, or take part in programmes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.journeys.town import PaperLake, Town
from tests.journeys.unmetered_town import PRAIRIE

from meterledger.facts.usage import UsageBatch
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.local_days import intervals_in_day
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.loading import load_book
from meterledger.usecases.programs import join_program

KNOWN = datetime(2026, 12, 1, 12, tzinfo=UTC)
LEARNED = KNOWN - timedelta(hours=2)
JOINED = KNOWN - timedelta(hours=1)
BEGINS = date(2026, 2, 1)


class TwoWayLake(PaperLake):
    """A lake that keeps what meters received beside what they delivered."""

    def __init__(self) -> None:
        super().__init__()
        self.back = PaperLake()
        self.asked_back: list[str] = []

    def received(
        self, meters: Sequence[str], days: DaySpan, *, at_sequence: int
    ) -> list[UsageBatch]:
        self.asked_back += meters
        return self.back.usage(meters, days, at_sequence=at_sequence)


class ProgramTown(Town):
    """A town on the invented utility's book, or on the one given."""

    def __init__(self, book: TariffBook | None = None) -> None:
        super().__init__(lake=TwoWayLake(), book=book or load_book(PRAIRIE))

    @property
    def view(self) -> BookView:
        return self.book.as_known(KNOWN.date())

    def begin(self, number: int, schedule: str, **changed: Any) -> str:
        asked = {"from_day": BEGINS, "schedule": schedule, "sales_tax_place": ""}
        self.start(number, learned_at=LEARNED, **{**asked, **changed})
        return self.account_id(number)

    def received(self, number: int, span: tuple[date, date], wh: int) -> None:
        """So many watt-hours are received in every quarter-hour."""
        meter = pseudonym(f"M{number}", self.view.name)
        for day in DaySpan(*span).days():
            count = intervals_in_day(day, "America/Chicago", 900)
            self.lake.back.put(meter, day, [wh] * count, self.files)

    def join(self, number: int, program: str, **how: Any) -> Any:
        return join_program(
            **{
                "account_id": self.account_id(number),
                "program": program,
                "on": BEGINS,
                "learned_at": JOINED,
                "view": self.view,
                "store": self.store,
                **how,
            }
        )
