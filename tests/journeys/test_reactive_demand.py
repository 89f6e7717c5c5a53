"""Reactive demand, from a file to a bill: what is beyond half of the billing demand is charged."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from pypdf import PdfReader
from tests.journeys.programs_town import BEGINS, KNOWN, LEARNED, ProgramTown
from tests.journeys.town import CHICAGO, VIEWER
from tests.journeys.unmetered_town import PRAIRIE

from meterledger.entrypoints.documents.composing import compose
from meterledger.entrypoints.documents.content import content_of
from meterledger.facts.bills import Bill, HeldBill
from meterledger.facts.corrections import CorrectionCause
from meterledger.kernel.local_days import day_start_utc, intervals_in_day
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.loading import load_book
from meterledger.stores.gateways import read_bytes
from meterledger.stores.lake import IntervalLake
from meterledger.usecases.find_corrections import bills_to_correct, now_of
from meterledger.usecases.gather_statements import statement_of
from meterledger.usecases.receive_readings import receive_readings

FEBRUARY = (BEGINS, date(2026, 3, 1))
ISSUED = date(2026, 3, 2)
PEAK = datetime(2026, 2, 10, 20, 30, tzinfo=UTC)
"""The quarter-hour from 14:30 at the utility: in the on-peak hours of demand."""

Values = Callable[[datetime], "int | None"]


def flat(value: int, at_peak: int | None = None, *, missing: datetime | None = None) -> Values:
    def of(start: datetime) -> int | None:
        if start == missing:
            return None
        return at_peak if at_peak is not None and start == PEAK else value

    return of


class G3Town(ProgramTown):
    """One customer of Large General with a meter of both energies, over a lake of files."""

    def arrive(
        self,
        unit: str,
        values: Values,
        *,
        learned_at: datetime = LEARNED,
        seconds: int = 900,
        meter: str = "M1",
        span: tuple[date, date] = FEBRUARY,
    ) -> None:
        """A file of comma separated values, as somebody sends it."""
        lines = ["meter,start,value,unit,interval_seconds"]
        for day in DaySpan(*span).days():
            begin = day_start_utc(day, CHICAGO)
            for slot in range(intervals_in_day(day, CHICAGO, seconds)):
                start = begin + timedelta(seconds=slot * seconds)
                value = values(start)
                if value is not None:
                    lines.append(f"{meter},{start:%Y-%m-%dT%H:%M:%SZ},{value},{unit},{seconds}")
        file = read_bytes(f"{unit}.csv", "\n".join(lines).encode(), received_at=learned_at)
        received = receive_readings(
            file=file,
            store=self.store,
            lake=self.lake,
            utility=self.view.name,
            zone_name=CHICAGO,
            learned_at=learned_at,
        )
        assert received.status == "stored"

    def february(self) -> tuple[list[Bill], list[HeldBill]]:
        run = self.bill(1, on=ISSUED, known_at=KNOWN)
        return list(run.issued), list(run.held)


def open_town(folder: Path, **how: Any) -> G3Town:
    """100 kW in every quarter-hour of February."""
    town = G3Town()
    for name, value in how.items():
        setattr(town, name, value)
    town.lake = IntervalLake(folder / "lake", zone=CHICAGO, files_at=town.store.lake_files)
    return town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[G3Town]:
    made = open_town(tmp_path)
    with made.store.viewing(VIEWER, ["everything"]):
        made.begin(1, "PL-G3")
        made.arrive("kWh", flat(25))
        yield made


def reactive(bill: Bill) -> list[Any]:
    return [line for line in bill.lines if line.code == "reactive"]


class TestABillWithReactiveDemand:
    def test_charges_the_kvar_beyond_half_of_the_billing_demand(self, town: G3Town) -> None:
        town.arrive("kvarh", flat(10, 16))  # 40 kvar, and 64 in one quarter-hour

        ((bill,), held) = town.february()

        assert held == []
        (line,) = reactive(bill)
        assert (line.quantity, line.unit, line.cents) == ("14", "kvar", 6_30)
        assert line.arithmetic == "14 kvar x $0.45 = $6.30"
        (reason,) = [one for one in bill.reasons if "reactive" in one.finding]
        assert reason.finding == "the highest reactive demand of 15 minutes was 64 kvar"
        assert reason.citation.text.startswith("Sheet 30, Large General, rev. Original, Reactive")

    @pytest.mark.parametrize(("peak", "charged"), [(12_500, 0), (12_501, 1)])
    def test_half_of_it_is_free_to_the_var(self, town: G3Town, peak: int, charged: int) -> None:
        town.arrive("varh", flat(1_000, peak))  # 4 x 12 501 var-hours: 50.004 kvar

        ((bill,), _) = town.february()

        assert len(reactive(bill)) == charged
        assert [line.quantity for line in reactive(bill)] == ["0.004"] * charged

    def test_is_replayed_to_the_byte_and_shown_on_paper(self, town: G3Town) -> None:
        town.arrive("kvarh", flat(10, 16))
        ((bill,), _) = town.february()

        assert town.replay(bill.bill_id).same_bytes
        statement = statement_of(
            town.store.bill(bill.bill_id), store=town.store, book=town.book, known_at=KNOWN
        )
        pdf = PdfReader(io.BytesIO(compose(content_of(statement))))
        text = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
        assert "Reactive demand" in text
        assert "14 kvar" in text

    def test_counts_what_the_meter_multiplies(self, tmp_path: Path) -> None:
        town = open_town(tmp_path)
        with town.store.viewing(VIEWER, ["everything"]):
            town.begin(1, "PL-G3", multiplier=40)
            town.arrive("Wh", flat(625))
            town.arrive("varh", flat(250, 400))

            ((bill,), _) = town.february()

        assert [line.quantity for line in reactive(bill)] == ["14"]

    def test_corrected_later_is_found_by_its_cause(self, town: G3Town) -> None:
        town.arrive("kvarh", flat(10, 16))
        ((bill,), _) = town.february()
        later = KNOWN + timedelta(hours=1)
        town.arrive("kvarh", flat(10, 15), learned_at=later)

        assert town.replay(bill.bill_id).same_bytes
        known_at = later + timedelta(hours=1)
        assert not town.replay(bill.bill_id, known_at).same_bytes
        now = now_of(town.store, known_at=known_at, book=town.book, lake=town.lake)
        (one,) = bills_to_correct(store=town.store, now=now)[1]
        assert one.difference_cents is not None
        assert one.difference_cents < 0
        assert one.cause is CorrectionCause.READING


class TestABillWithoutItIsHeld:
    def held(self, town: G3Town) -> HeldBill:
        issued, (held,) = town.february()
        assert issued == []
        return held

    def test_where_no_kvar_was_ever_read(self, town: G3Town) -> None:
        held = self.held(town)

        assert held.code == "usage.demand_unknown"
        assert "not every interval of reactive energy is known" in held.sentence
        assert "meter M1" in held.sentence
        assert "Ingest the meter's channel of kVArh" in held.sentence

    def test_where_one_quarter_hour_is_missing(self, town: G3Town) -> None:
        town.arrive("kvarh", flat(10, 16, missing=PEAK + timedelta(minutes=15)))

        held = self.held(town)

        assert held.code == "usage.demand_unknown"
        assert "What nobody measured is never taken for zero" in held.sentence

    def test_where_two_channels_say_it(self, town: G3Town) -> None:
        town.arrive("kvarh", flat(10, 16))
        town.arrive("varh", flat(10_000))

        assert (
            "electricity/delivered/VArh and electricity/delivered/kVArh" in self.held(town).sentence
        )

    def test_where_an_hour_hides_the_quarter(self, town: G3Town) -> None:
        town.arrive("kvarh", flat(40), seconds=3600)

        held = self.held(town)

        assert held.code == "usage.interval_too_long"
        assert "Demand is measured over 15 minutes" in held.sentence

    def test_where_the_energy_is_not_in_intervals_of_one_length(self, tmp_path: Path) -> None:
        town, day, after = open_town(tmp_path), date(2026, 2, 5), date(2026, 2, 6)
        with town.store.viewing(VIEWER, ["everything"]):
            town.begin(1, "PL-G3")
            town.arrive("kWh", flat(25), span=(FEBRUARY[0], day))
            town.arrive("kWh", flat(8), span=(day, after), seconds=300)
            town.arrive("kWh", flat(25), span=(after, FEBRUARY[1]))
            town.arrive("kvarh", flat(10, 16))

            held = self.held(town)

        assert held.code == "usage.demand_unknown"
        assert "whole days of one meter in intervals of one length" in held.sentence

    def test_where_the_sheet_does_not_say_over_how_many_minutes(self, tmp_path: Path) -> None:
        copytree(PRAIRIE, tmp_path / "book")
        schedule = tmp_path / "book" / "sheet_30_large_general" / "schedules" / "PL-G3.yaml"
        text = schedule.read_text(encoding="utf-8")
        assert text.count(", minutes: 15}\n") == 2  # a demand, and the charge
        before, _, after = text.rpartition(", minutes: 15}\n")
        schedule.write_text(f"{before}}}\n{after}", encoding="utf-8")
        town = open_town(tmp_path, book=load_book(tmp_path / "book"))
        with town.store.viewing(VIEWER, ["everything"]):
            town.begin(1, "PL-G3")
            town.arrive("kWh", flat(25))
            town.arrive("kvarh", flat(10, 16))

            held = self.held(town)

        assert held.code == "usage.demand_unknown"
        assert "does not say over how many minutes" in held.sentence
