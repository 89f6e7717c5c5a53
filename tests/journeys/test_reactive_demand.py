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

from meterledger.billing import WayOut
from meterledger.entrypoints.documents.composing import compose
from meterledger.entrypoints.documents.content import content_of
from meterledger.facts.bills import Bill, HeldBill
from meterledger.facts.corrections import CorrectionCause
from meterledger.facts.held import HeldCase
from meterledger.kernel.local_days import day_start_utc, intervals_in_day
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.loading import load_book
from meterledger.stores.gateways import read_bytes
from meterledger.stores.lake import IntervalLake
from meterledger.usecases.find_corrections import bills_to_correct, now_of
from meterledger.usecases.gather_statements import statement_of
from meterledger.usecases.rebill_ceiling import DoubtedKvar, refuse_doubted
from meterledger.usecases.rebill_states import right_bill
from meterledger.usecases.receive_readings import receive_readings
from meterledger.usecases.settle_held import (
    CannotSettle,
    Desk,
    findings_of_bill,
    kind_of_case,
    release_held,
    rerun_held,
    ways_out,
)

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
        town.arrive("varh", flat(10_000, peak))  # 4 x 12 501 var-hours: 50.004 kvar

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


class TestADoubtfulReading:
    """Holds the bill until the channel is put right or a person accepts it with a reason."""

    def spike(self, town: G3Town) -> HeldCase:
        town.arrive("kvarh", flat(10, 29))  # 116 kvar, where the day has 40
        issued, (held,) = town.february()
        assert issued == []
        (case,) = town.store.held_cases()
        assert case.seen.code == held.code
        return case

    def desk(self, town: G3Town, hours: int = 1) -> Desk:
        return Desk(town.store, town.lake, town.book, ISSUED, KNOWN + timedelta(hours=hours))

    @pytest.mark.parametrize(("peak", "held"), [(28, 0), (29, 1)])
    def test_is_one_far_above_the_rest_of_its_day(self, town: G3Town, peak: int, held: int) -> None:
        town.arrive("kvarh", flat(10, peak))

        assert len(town.february()[1]) == held

    def test_says_what_where_and_the_ways_out(self, town: G3Town) -> None:
        case = self.spike(town)

        assert case.seen.code == "usage.reactive_spike"
        assert "the reading of 2026-02-10 14:30 has 116 kvar" in case.seen.sentence
        (finding,) = case.seen.findings
        assert finding.citation.text.startswith("Sheet 30, Large General")
        told = dict(finding.evidence)
        assert (told["meter"], told["validation_reactive_spike_percent"]) == ("M1", "180")
        assert set(ways_out(case)) == set(WayOut)
        assert "Send the channel of kVArh again" in kind_of_case(case).correct

    def test_is_billed_once_the_channel_is_sent_again(self, town: G3Town) -> None:
        case = self.spike(town)
        town.arrive("kvarh", flat(10, 16), learned_at=KNOWN + timedelta(minutes=30))

        settled = rerun_held(case.case_id, desk=self.desk(town))

        assert settled.run is not None
        (bill,) = settled.run.issued
        assert [line.quantity for line in reactive(bill)] == ["14"]

    def test_is_billed_as_it_is_where_a_person_accepts_it(self, town: G3Town) -> None:
        case = self.spike(town)
        with pytest.raises(CannotSettle, match="Who decides, and why, is missing"):
            release_held(case.case_id, by="Ana", reason=" ", desk=self.desk(town))

        settled = release_held(
            case.case_id, by="Ana", reason="a motor was started", desk=self.desk(town)
        )

        assert settled.run is not None
        (bill,) = settled.run.issued
        assert [line.quantity for line in reactive(bill)] == ["66"]
        assert town.replay(bill.bill_id).same_bytes
        ((kept, finding),) = findings_of_bill(bill.bill_id, town.store)
        assert finding.code == "usage.reactive_spike"
        assert [(one.by, one.reason) for one in kept.steps if one.by] == [
            ("Ana", "a motor was started")
        ]

    def test_accepted_is_held_again_where_another_one_has_come(self, town: G3Town) -> None:
        case = self.spike(town)
        town.arrive("kvarh", flat(10, 30), learned_at=KNOWN + timedelta(minutes=30))

        settled = release_held(case.case_id, by="Ana", reason="a motor", desk=self.desk(town))

        assert settled.run is not None
        assert settled.run.issued == []
        assert settled.case.decided is None

    def test_that_is_not_billed_holds_nothing(self, town: G3Town) -> None:
        # At night 8 kvar were 36, against the 40 kvar of the day: the bill is the same.
        night = datetime(2026, 2, 12, 8, tzinfo=UTC)

        def values(start: datetime) -> int:
            if start.date() == night.date():
                return 9 if start == night else 2
            return 10

        town.arrive("kvarh", values)

        ((bill,), held) = town.february()
        assert held == []
        assert "reactive demand of 15 minutes was 40 kvar" in str(bill.reasons)

    def test_is_a_power_factor_that_no_load_has(self, town: G3Town) -> None:
        town.arrive("kWh", lambda at: 4 if at == PEAK else 25, learned_at=KNOWN)
        town.arrive("kvarh", flat(10, 16))

        run = town.bill(1, on=ISSUED, known_at=KNOWN)

        (held,) = run.held
        assert held.code == "usage.reactive_power_factor"
        assert "64 kvar beside 16 kW: a power factor of 0.24, below 0.30" in held.sentence

    def test_is_a_unit_that_was_taken_for_another(self, town: G3Town) -> None:
        town.arrive("kvarh", flat(10_000, 16_000))  # var-hours, sent as kvarh

        (held,) = town.february()[1]

        assert held.code == "usage.reactive_unit"
        assert "as of a wrong unit or multiplier" in held.sentence

    def test_is_below_zero(self, town: G3Town) -> None:
        town.arrive("kvarh", flat(10, -1))

        (held,) = town.february()[1]

        assert held.code == "usage.reactive_negative"

    def test_is_off_from_the_month_before_by_a_multiplier(self, tmp_path: Path) -> None:
        town, first = open_town(tmp_path), date(2025, 12, 30)
        with town.store.viewing(VIEWER, ["everything"]):
            town.begin(1, "PL-G3", from_day=first)
            town.arrive("kWh", flat(25), span=(first, FEBRUARY[1]))
            town.arrive("kvarh", flat(1), span=(first, FEBRUARY[0]))
            town.arrive("kvarh", flat(10, 16), span=FEBRUARY)

            run = town.bill(1, on=ISSUED, known_at=KNOWN)

        assert [one.days.until_day for one in run.issued][-1] == FEBRUARY[0]
        (held,) = run.held
        assert held.code == "usage.reactive_multiplier"
        assert "0.400 kvarh to a kWh, and the days before had 0.040" in held.sentence

    # The invented book has no clauses of corrections: here the question alone is put.

    def correct(self, town: G3Town, bill: Bill, known_at: datetime, other: str = "") -> Bill:
        now = now_of(town.store, known_at=known_at, book=town.book, lake=town.lake)
        stored = town.store.bill(bill.bill_id)
        right, service = right_bill(stored, town.store, now)
        refuse_doubted([(stored, service, right)], author="Ana", approved_by=other, now=now)
        return right

    @pytest.mark.parametrize("other", ["", "ana ", "Ben"])
    def test_that_comes_after_the_bill_corrects_it_only_with_two_people(
        self, town: G3Town, other: str
    ) -> None:
        town.arrive("kvarh", flat(10, 16))
        ((bill,), _) = town.february()
        later = KNOWN + timedelta(hours=1)
        town.arrive("kvarh", flat(10, 29), learned_at=later)

        if other == "Ben":
            (line,) = reactive(self.correct(town, bill, later, other))
            assert line.quantity == "66"
        else:
            with pytest.raises(DoubtedKvar, match="has 116 kvar, where the third highest"):
                self.correct(town, bill, later, other)

    def test_that_was_accepted_is_not_asked_about_again(self, town: G3Town) -> None:
        case = self.spike(town)
        settled = release_held(case.case_id, by="Ana", reason="a motor", desk=self.desk(town))
        assert settled.run is not None
        (bill,) = settled.run.issued
        later = KNOWN + timedelta(hours=2)
        town.arrive("kWh", flat(26), learned_at=later)

        (line,) = reactive(self.correct(town, bill, later))
        assert line.quantity == "64"

    def test_of_one_meter_holds_its_bill_alone_and_the_lake_is_asked_once_for_all(
        self, town: G3Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[int] = []
        real = IntervalLake.reactive

        def count(lake: Any, meters: Any, days: Any, **how: Any) -> Any:
            asked.append(len(meters))
            return real(lake, meters, days, **how)

        for number in (2, 3):
            town.begin(number, "PL-G3")
            town.arrive("kWh", flat(25), meter=f"M{number}")
        for number, peak in ((1, 16), (2, 29), (3, 16)):
            town.arrive("kvarh", flat(10, peak), meter=f"M{number}")
        monkeypatch.setattr(IntervalLake, "reactive", count)

        run = town.bill(1, 2, 3, on=ISSUED, known_at=KNOWN)

        assert [one.account_id for one in run.held] == [town.account_id(2)]
        assert len(run.issued) == 2
        assert asked == [3, 3]  # to bill it, and to check it; nobody was there before

    def test_is_not_looked_for_where_the_book_has_no_threshold(self, tmp_path: Path) -> None:
        copytree(PRAIRIE, tmp_path / "book")
        (tmp_path / "book" / "validation" / "validation_reactive_floor_var.yaml").unlink()
        town = open_town(tmp_path, book=load_book(tmp_path / "book"))
        with town.store.viewing(VIEWER, ["everything"]):
            town.begin(1, "PL-G3")
            town.arrive("kWh", flat(25))
            town.arrive("kvarh", flat(10, 16))

            issued, (held,) = town.february()

        assert issued == []
        assert held.code == "book.silent"
        assert "validation_reactive_floor_var" in held.sentence

    def test_that_cannot_be_set_beside_its_energy_holds_the_bill(
        self, town: G3Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The kWh of a bill may be estimated where a meter sent none: then nobody has looked."""
        town.arrive("kvarh", flat(10, 16))
        monkeypatch.setattr("meterledger.usecases.doubted_reactive.find_gaps", lambda usage: {0: 1})

        _, (held,) = town.february()

        assert "cannot be checked beside its kWh" in held.sentence
        assert "Its measured days are not complete" in held.sentence
        assert "Take in the readings that are missing" in held.sentence
