"""A meter that is billed on its register, on one bill with another meter: kWh add up (GRR IV.C)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from tests.journeys.register_town import NEXT, RegisterTown
from tests.journeys.test_bills_together import AUGUST, BOTH, JULY, arrange, part, with_a_barn
from tests.journeys.test_prove_bill import BillSigner, signed
from tests.journeys.town import even

import meterledger_verify as verifier
from meterledger.entrypoints.documents.composing import compose
from meterledger.entrypoints.documents.content import content_of
from meterledger.entrypoints.web.statement_words import interval_words, read_rows
from meterledger.usecases.find_corrections import bills_to_correct, now_of
from meterledger.usecases.gather_statements import statement_of
from meterledger.usecases.joined_services import NotTogether
from meterledger.usecases.ports import Viewer
from meterledger.usecases.prove_bill import prove_bill
from meterledger.usecases.rebill import rebill
from meterledger.usecases.unbilled_revenue import unbilled_revenue

CAME = JULY.from_day
HOUSE_WH = 31 * 96 * 100


@pytest.fixture
def town() -> Iterator[RegisterTown]:
    """A house with intervals, and a barn whose register is read on the first of the month."""
    made = RegisterTown()
    made.start(1)
    with_a_barn(made)
    made.read("M1", BOTH, even(100))
    with made.store.viewing(Viewer("test", "billing"), []):
        made.set_up("M2", came=CAME)
        yield made


def read(town: RegisterTown, *shown: int, **how: Any) -> None:
    days = (JULY.from_day, AUGUST.from_day, AUGUST.until_day)
    town.reads("M2", *zip(days, shown, strict=False), **how)


def bill(town: RegisterTown, on: date = AUGUST.from_day, **how: Any) -> Any:
    return town.bill(1, on=on, **{"known_at": NEXT, **how})


class TestTheKwhOfARegister:
    def test_are_added_to_those_of_intervals(self, town: RegisterTown) -> None:
        read(town, 100, 121)
        arrange(town)

        (made,) = bill(town).issued

        assert made.usage.energy_wh == HOUSE_WH + 21_000
        assert [one.usage.energy_wh for one in made.usage.points] == [HOUSE_WH, 21_000]
        told = [one.finding for one in made.reasons]
        assert "2 meters of the account, energy by sum" in told
        assert any(one.startswith("SP2: ") for one in told)
        assert town.replay(made.bill_id).same_bytes

    def test_cost_what_the_same_kwh_cost_in_one_meter(self, town: RegisterTown) -> None:
        read(town, 100, 131)  # 1 kWh a day
        arrange(town)
        one = RegisterTown()
        one.start(1)
        one.read("M1", BOTH, lambda day, count: [100] * (count - 1) + [1_100])

        (made,) = bill(town).issued
        with one.store.viewing(Viewer("test", "billing"), []):
            (same,) = one.bill(1, on=AUGUST.from_day, known_at=NEXT).issued

        assert made.usage.energy_wh == same.usage.energy_wh
        assert made.total_cents == same.total_cents

    def test_go_on_from_what_the_bill_before_closed_on(self, town: RegisterTown) -> None:
        read(town, 100, 121, 150)
        arrange(town)

        first, second = bill(town, AUGUST.until_day).issued

        opened = second.usage.points[1].usage.registers[0].opening
        assert opened == first.usage.points[1].usage.registers[0].closing
        assert second.usage.points[1].usage.energy_wh == 29_000
        assert town.replay(second.bill_id).same_bytes

    def test_are_billed_once_when_a_read_of_the_day_between_comes_late(
        self, town: RegisterTown
    ) -> None:
        town.reads("M2", (JULY.from_day, 100), (AUGUST.from_day, 121), hour=10)
        arrange(town)
        (first,) = bill(town).issued
        later = NEXT + timedelta(hours=1)
        town.reads("M2", (AUGUST.from_day, 119), hour=8, learned_at=later)
        town.reads("M2", (AUGUST.until_day, 150), learned_at=later)

        (second,) = bill(town, AUGUST.until_day, known_at=later + timedelta(hours=1)).issued

        both = [one.usage.points[1].usage.energy_wh for one in (first, second)]
        assert both == [21_000, 29_000]

    def test_of_two_registers_are_added_too(self, town: RegisterTown) -> None:
        read(town, 100, 121)
        town.set_up("M1", came=CAME)
        town.reads("M1", (JULY.from_day, 5), (AUGUST.from_day, 45))
        arrange(town)

        (made,) = bill(town).issued

        assert made.usage.energy_wh == 61_000
        assert town.replay(made.bill_id).same_bytes

    def test_go_on_alone_when_the_arrangement_ends(self, town: RegisterTown) -> None:
        read(town, 100, 121, 150)
        arrange(town)
        bill(town)
        part(town, AUGUST.from_day, NEXT + timedelta(minutes=5))

        run = bill(town, AUGUST.until_day, known_at=NEXT + timedelta(hours=1))

        assert run.held == []
        barn = next(one for one in run.issued if one.service_point_id == "SP2")
        assert barn.usage.energy_wh == 29_000

    def test_go_on_alone_from_what_the_one_bill_closed_on(self, town: RegisterTown) -> None:
        """A read of the day between that comes late opens no bill: its kWh are billed."""
        town.reads("M2", (JULY.from_day, 100), (AUGUST.from_day, 121), hour=10)
        arrange(town)
        (first,) = bill(town).issued
        later = NEXT + timedelta(hours=1)
        town.reads("M2", (AUGUST.from_day, 119), hour=8, learned_at=later)
        town.reads("M2", (AUGUST.until_day, 150), learned_at=later)
        part(town, AUGUST.from_day, later)

        run = bill(town, AUGUST.until_day, known_at=later + timedelta(hours=1))

        assert run.held == []
        barn = next(one for one in run.issued if one.service_point_id == "SP2")
        both = [first.usage.points[1].usage.energy_wh, barn.usage.energy_wh]
        assert both == [21_000, 29_000]
        assert town.replay(barn.bill_id).same_bytes


class TestWhatHoldsTheBill:
    def test_a_read_that_is_missing_and_nothing_is_estimated(self, town: RegisterTown) -> None:
        read(town, 100)
        arrange(town)

        (held,) = bill(town).held

        assert held.code == "usage.of_one_meter"
        assert (
            "What meter M2 registered from 2025-07-01 to 2025-08-01 is not known" in held.sentence
        )

    def test_an_opening_read_that_is_missing(self, town: RegisterTown) -> None:
        town.reads("M2", (AUGUST.from_day, 121))
        arrange(town)

        (held,) = bill(town).held

        assert held.code == "usage.of_one_meter"
        assert "There is no actual read of 2025-07-01" in held.sentence
        assert "Ingest the read of that day" in held.sentence

    def test_an_estimate_that_its_own_bill_before_closed_on(self) -> None:
        june, july, august, september = (date(2025, n, 1) for n in (6, 7, 8, 9))
        made = RegisterTown()
        made.start(1, from_day=june)
        made.read("M1", (june, september), even(100))
        with_a_barn(made, from_day=june)
        with made.store.viewing(Viewer("test", "billing"), []):
            made.set_up("M2", came=june)
            made.reads("M2", (june, 100), (july, 400))
            assert len(bill(made, august).issued) == 4  # the barn's July by the sheet's ladder
            arrange(made, on=august, at=NEXT + timedelta(minutes=1))
            late = NEXT + timedelta(minutes=2)
            made.reads("M2", (september, 1_000), learned_at=late)

            (held,) = bill(made, september, known_at=NEXT + timedelta(hours=1)).held

        assert held.code == "usage.of_one_meter"
        assert "none is estimated for one of several meters" in held.sentence
        assert "correct that one first" in held.sentence

    def test_a_rate_that_asks_for_times_is_refused_at_the_start(self) -> None:
        made = RegisterTown()
        made.start(1, schedule="1M-smart")
        with_a_barn(made, schedule="1M-smart")
        with made.store.viewing(Viewer("test", "billing"), []):
            made.set_up("M2", came=CAME)
            with pytest.raises(NotTogether, match="prices energy by the time of day") as refused:
                arrange(made)
        assert "Two reads of a register say how much was used, and not when" in str(
            refused.value.sentence
        )

    def test_days_of_a_part_of_the_period(self) -> None:
        made, late = RegisterTown(), date(2025, 7, 15)
        made.start(1)
        made.read("M1", BOTH, even(100))
        with_a_barn(made, from_day=late)
        with made.store.viewing(Viewer("test", "billing"), []):
            arrange(made, on=late)
            made.set_up("M2", came=late)
            made.reads("M2", (late, 100), (AUGUST.from_day, 121))

            (held,) = made.bill(1, on=AUGUST.from_day, known_at=NEXT).held

        assert held.code == "together.refused"
        assert "stands on the bill from 2025-07-15 to 2025-08-01 only" in held.sentence


class TestAfterTheBill:
    def test_another_read_brings_it_into_the_queue_and_it_is_corrected(
        self, town: RegisterTown
    ) -> None:
        read(town, 100, 121)
        arrange(town)
        (made,) = bill(town).issued
        later = NEXT + timedelta(hours=1)
        town.reads("M2", (AUGUST.from_day, 221), learned_at=later)
        now = now_of(
            town.store, known_at=later + timedelta(hours=1), book=town.book, lake=town.lake
        )
        now = replace(now, on=date(2025, 9, 20))

        (one,) = bills_to_correct(store=town.store, now=now)[1]
        (corrected,) = rebill(
            [made.bill_id],
            author="Ana",
            reason="read again",
            on=now.on,
            known_at=now.known_at,
            store=town.store,
            lake=town.lake,
            book=town.book,
        ).corrected

        assert one.stored.bill_id == made.bill_id
        assert corrected.bill.usage.points[1].usage.energy_wh == 121_000
        assert town.replay(corrected.bill.bill_id).same_bytes
        assert bills_to_correct(store=town.store, now=now)[1] == []

    def test_page_and_paper_tell_both_reads_of_the_register(self, town: RegisterTown) -> None:
        read(town, 100, 121)
        arrange(town)
        (made,) = bill(town).issued
        statement = statement_of(
            town.store.bill(made.bill_id), store=town.store, book=town.book, known_at=NEXT
        )

        house, barn, every = read_rows(statement)

        assert house.opened == "intervals from Jul 1, 2025"
        assert barn.meter == "M2"
        assert (barn.opened, barn.closed) == (
            "00100 kWh, Jul 1, 2025 (actual)",
            "00121 kWh, Aug 1, 2025 (actual)",
        )
        assert (barn.used, every.used) == ("21.000 kWh", "318.600 kWh")
        assert "Each is read on its register, or measures the energy" in interval_words(statement)
        pdf = PdfReader(io.BytesIO(compose(content_of(statement))))
        text = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
        assert "00121 kWh" in text

    def test_a_proof_recomputes_it(self, town: RegisterTown, tmp_path: Path) -> None:
        read(town, 100, 121)
        arrange(town)
        (made,) = bill(town).issued

        stores: Any = {"store": town.store, "lake": town.lake, "book": town.book}
        proof = signed(prove_bill(bill_id=made.bill_id, **stores), BillSigner(tmp_path))

        verifier.verify(verifier.read_proof(json.dumps(proof).encode()), None)

    def test_over_two_seasons_its_kwh_go_by_days_and_those_of_intervals_by_their_times(
        self, tmp_path: Path
    ) -> None:
        first, until = date(2025, 9, 18), date(2025, 10, 18)
        made = RegisterTown()
        made.start(1, cycle=18, from_day=first)
        with_a_barn(made, cycle=18, from_day=first)
        autumn = date(2025, 10, 1)
        made.read("M1", (first, until), lambda day, count: [100 if day < autumn else 0] * count)
        with made.store.viewing(Viewer("test", "billing"), []):
            made.set_up("M2", came=first)
            made.reads("M2", (first, 100), (until, 400))
            arrange(made, on=first)

            (bill,) = made.bill(1, on=until, known_at=NEXT).issued

            assert bill.days.until_day == until
            summer = [line for line in bill.lines if "summer" in line.label.lower()]
            # 13 of 30 days of 300 kWh, and all that the house has used
            assert [line.quantity for line in summer] == ["254.8"]
            assert made.replay(bill.bill_id).same_bytes
            stores: Any = {"store": made.store, "lake": made.lake, "book": made.book}
            proof = signed(prove_bill(bill_id=bill.bill_id, **stores), BillSigner(tmp_path))
        verifier.verify(verifier.read_proof(json.dumps(proof).encode()), None)

    @pytest.mark.parametrize(("shown", "energy_wh"), [((100, 121), 318_600), ((100,), None)])
    def test_a_months_end_accrues_the_sum_or_says_that_it_cannot(
        self, town: RegisterTown, shown: tuple[int, ...], energy_wh: int | None
    ) -> None:
        read(town, *shown)
        arrange(town)

        (line,) = unbilled_revenue(
            date(2025, 7, 31),
            known_at=NEXT,
            today=date(2025, 8, 2),
            store=town.store,
            lake=town.lake,
            view=town.book.as_known(NEXT.date()),
        ).lines

        assert line.energy_wh == energy_wh
        assert (line.why == "") is (energy_wh is not None)
