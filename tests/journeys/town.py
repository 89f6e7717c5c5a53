"""A small town for the journeys: the memory store, a lake in dictionaries, the first book.

Stands beside the tests and is loaded by path, so that another process can build the very same
town (``python town.py`` prints the hashes of its bills and of their replays).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from meterledger.entrypoints.wiring import open_book
from meterledger.facts.usage import DayValues, KnownInterval, UsageBatch
from meterledger.kernel.ids import pseudonym, with_check_digit
from meterledger.kernel.local_days import day_start_utc, intervals_in_day
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.loading import default_book_folder
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.issue_bills import BillRun, issue_bills
from meterledger.usecases.ports import MetersRefused, Viewer
from meterledger.usecases.replay_bill import Replay, replay_bill
from meterledger.usecases.start_service import ServiceRequest, start_service

CHICAGO = "America/Chicago"
FIRST = datetime(2026, 11, 25, 9, tzinfo=UTC)  # the book was learned the day before
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 26, 12, tzinfo=UTC)
LAST = datetime(2026, 11, 27, 12, tzinfo=UTC)
CLASSES_TOLD = datetime(2026, 12, 1, 12, tzinfo=UTC)  # the book tells classes of service by now
VIEWER = Viewer("test", "billing")


class PaperLake:
    """A lake in dictionaries: versions of whole meter-days, by commit sequence."""

    def __init__(self) -> None:
        self.seconds: dict[str, int] = {}
        self.versions: dict[tuple[str, date], list[tuple[int, list[int | None]]]] = {}
        self.refused: dict[str, Refusal] = {}

    def put(self, meter: str, day: date, values: list[int | None], at_sequence: int) -> None:
        self.versions.setdefault((meter, day), []).append((at_sequence, values))

    def usage(self, meters: Sequence[str], days: DaySpan, *, at_sequence: int) -> list[UsageBatch]:
        unable = {meter: self.refused[meter] for meter in meters if meter in self.refused}
        if unable:
            raise MetersRefused(unable)
        lengths = sorted({self.seconds.get(meter, 900) for meter in meters})
        return [
            self._batch(
                [meter for meter in meters if self.seconds.get(meter, 900) == seconds],
                seconds,
                days,
                at_sequence,
            )
            for seconds in lengths
        ]

    def known_intervals(
        self, meter: str, days: DaySpan, *, at_sequence: int
    ) -> list[KnownInterval]:
        if meter in self.refused:
            raise MetersRefused({meter: self.refused[meter]})
        seconds = self.seconds.get(meter, 900)
        batch = self._batch([meter], seconds, days, at_sequence)
        return [
            KnownInterval(
                int(day_start_utc(values.day, CHICAGO).timestamp()) + slot * seconds,
                seconds,
                int(values.energy_wh[0, slot]),
                0,
            )
            for values in batch.days
            for slot in np.flatnonzero(~values.missing[0]).tolist()
        ]

    def _batch(
        self, meters: list[str], seconds: int, days: DaySpan, at_sequence: int
    ) -> UsageBatch:
        found = []
        for day in days.days():
            width = intervals_in_day(day, CHICAGO, seconds)
            rows: list[list[int | None]] = []
            for meter in meters:
                known = [
                    values
                    for sequence, values in self.versions.get((meter, day), [])
                    if sequence <= at_sequence
                ]
                rows.append(known[-1] if known else [None] * width)
            missing = np.array([[value is None for value in row] for row in rows])
            energy = np.array([[value or 0 for value in row] for row in rows], dtype=np.int64)
            found.append(DayValues(day, energy, missing))
        return UsageBatch(tuple(meters), seconds, CHICAGO, tuple(found), at_sequence)


Values = Callable[[date, int], list[int | None]]
"""Values of a local day of so many intervals."""


def even(wh: int) -> Values:
    return lambda day, count: [wh] * count


def lively(day: date, count: int) -> list[int | None]:
    """Different in every interval, the same for ever."""
    return [(day.toordinal() * 37 + slot * 101) % 700 for slot in range(count)]


@dataclass
class Town:
    """Everything a journey needs, and short words for what happens in a town."""

    store: Any = field(default_factory=MemoryStore)
    lake: Any = field(default_factory=PaperLake)
    book: TariffBook = field(default_factory=lambda: open_book(default_book_folder()))
    files: int = 0

    @property
    def view(self) -> BookView:
        return self.book.as_known(NOON.date())

    def request(self, number: int, **changed: Any) -> ServiceRequest:
        """What an agent is told; ``number`` makes it somebody's."""
        asked = ServiceRequest(
            account_id=with_check_digit(f"{number:09d}"),
            people=((f"P{number}", f"Person {number}"),),
            cycle=1,
            premise_id=f"PR{number}",
            address=f"{number} Elm Street",
            city="University City",
            postal_code="63130",
            tax_place="none",
            service_point_id=f"SP{number}",
            meter_id=f"M{number}",
            multiplier=1,
            schedule="1M-anytime",
            from_day=date(2025, 7, 1),
        )
        return replace(asked, **changed)

    def start(self, number: int, *, learned_at: datetime = FIRST, **changed: Any) -> Any:
        request = self.request(number, **changed)
        with self.store.viewing(VIEWER, [request.account_id]):
            return start_service(request, learned_at=learned_at, view=self.view, store=self.store)

    def read(
        self,
        meter_id: str,
        span: tuple[date, date],
        values: Values = lively,
        *,
        learned_at: datetime = FIRST,
        seconds: int = 900,
    ) -> int:
        """Readings arrive; returns the commit sequence they are published at."""
        self.files += 1
        received = self.store.record_file(
            sha256=f"{self.files:064x}",
            name=f"file{self.files}",
            format="test",
            channels=(),
            quarantined=(),
            lake_files=(f"lake{self.files}",),
            learned_at=learned_at,
        )
        meter = pseudonym(meter_id, self.view.name)
        self.lake.seconds[meter] = seconds
        for day in DaySpan(*span).days():
            count = intervals_in_day(day, CHICAGO, seconds)
            self.lake.put(meter, day, values(day, count), received.lake_sequence)
        return int(received.lake_sequence)

    def services(self, *numbers: int, known_at: datetime = NOON) -> list[Any]:
        """What the store knows of the accounts' service."""
        return [
            service
            for number in numbers
            for service in self.store.services_of_account(self.account_id(number), known_at)
        ]

    def bill(self, *numbers: int, on: date, known_at: datetime = NOON, **how: Any) -> BillRun:
        return issue_bills(
            services=how.pop("services", None) or self.services(*numbers, known_at=known_at),
            on=on,
            known_at=known_at,
            store=how.pop("store", self.store),
            lake=self.lake,
            book=self.book,
            **how,
        )

    def replay(self, bill_id: str, as_known: datetime | None = None, **how: Any) -> Replay:
        return replay_bill(
            bill_id=bill_id,
            store=how.pop("store", self.store),
            lake=self.lake,
            book=self.book,
            as_known=as_known,
        )

    def account_id(self, number: int) -> str:
        return with_check_digit(f"{number:09d}")


def one_year(town: Town) -> list[str]:
    """Five homes, one on each option, billed through both clock changes; hashes of all bills."""
    for number, code in enumerate(
        [one for one in town.view.schedule_codes() if one.startswith("1M-")], start=1
    ):
        town.start(number, schedule=code, cycle=3 * number, tax_place="university_city")
        town.read(f"M{number}", (date(2025, 7, 1), date(2026, 6, 20)), seconds=3600)
    run = town.bill(1, 2, 3, 4, 5, on=date(2026, 6, 16))
    hashes = []
    for bill in run.issued:
        again = town.replay(bill.bill_id)
        hashes.append(f"{bill.bill_id} {bill.record_sha256} {again.bill.record_sha256}")
    return hashes


def days_after(day: date, count: int) -> date:
    return day + timedelta(days=count)


if __name__ == "__main__":
    made = Town()
    with made.store.viewing(VIEWER, []):
        print("\n".join(one_year(made)))
