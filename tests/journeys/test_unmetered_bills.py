"""Bills of service points without a meter: calculated, priced, told why, replayed, or held."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from tests.journeys.town import VIEWER
from tests.journeys.unmetered_town import ALL_DAY, BEGINS, KNOWN, LampTown, lamp_town

from meterledger.entrypoints.wiring import open_book
from meterledger.facts.bills import Bill
from meterledger.kernel.span import Validity
from meterledger.ledger import RECEIVABLE
from meterledger.rulebook.loading import default_book_folder
from meterledger.usecases.describe_meters import MeterWorkRefused
from meterledger.usecases.explain_bill import explain_bill
from meterledger.usecases.find_corrections import BillToCorrect, bills_to_correct
from meterledger.usecases.rebill_states import Now

ON = date(2026, 4, 16)


@pytest.fixture
def town() -> Iterator[LampTown]:
    made = lamp_town()
    with made.store.viewing(VIEWER, []):
        yield made


def billed(town: LampTown, on: date = ON) -> list[Bill]:
    run = town.bill(1, on=on, known_at=KNOWN)
    assert not run.held, run.held
    return run.issued


class TestLampsToldLate:
    """No file comes with them: the queue of corrections asks for loads by itself."""

    def queue(self, town: LampTown) -> list[BillToCorrect]:
        known_at, sequence = KNOWN + timedelta(hours=2), town.store.lake_sequence()
        now = Now(known_at, date(2026, 12, 1), sequence, town.book, town.lake)
        looked_at, found = bills_to_correct(store=town.store, now=now)
        assert looked_at == 2
        return found

    def test_are_in_the_queue_with_what_they_cost(self, town: LampTown) -> None:
        bills = billed(town)
        assert self.queue(town) == []

        town.light(1, name="L-2", count=8, learned_at=KNOWN + timedelta(hours=1))

        found = self.queue(town)
        assert [one.stored.bill_id for one in found] == [one.bill_id for one in bills]
        assert all(one.difference_cents and one.difference_cents > 0 for one in found)


class TestInTheInventedBook:
    def test_energy_is_calculated_by_the_local_clock(self, town: LampTown) -> None:
        february, march = billed(town)
        assert february.usage.energy_wh == 12 * 150 * 95 // 100 * 28 * 12
        # The night of March 8 has no hour from two to three.
        assert march.usage.energy_wh == 12 * 150 * 95 // 100 * (31 * 12 - 1)
        assert march.usage.daily_wh[7] == 12 * 150 * 95 // 100 * 11

    def test_a_customer_charge_for_each_unit_and_no_other(self, town: LampTown) -> None:
        bill = billed(town)[1]
        lines = {one.code: one for one in bill.lines}
        assert set(lines) == {"unmetered_customer", "energy_winter", "fuel"}
        assert lines["unmetered_customer"].arithmetic == "12 units x 1 month x $2.35 = $28.20"
        assert lines["energy_winter"].arithmetic == "634.41 kWh x $0.088 = $55.83"
        assert bill.total_cents == 2820 + 5583 + 266

    def test_every_line_cites_the_clause_of_service_without_a_meter(self, town: LampTown) -> None:
        for line in billed(town)[0].lines:
            assert line.citations[-1].text == (
                "Sheet 51, Service without a meter, rev. Original, Billing"
            )

    def test_the_record_names_the_loads_and_the_arithmetic(self, town: LampTown) -> None:
        bill = billed(town)[1]
        (load,) = bill.as_json()["usage"]["loads"]
        assert load == {
            "load": "L-1",
            "device": "lighting",
            "count": 12,
            "volt_amperes": 150,
            "hours": [["00:00", "06:00"], ["18:00", "24:00"]],
            "from": "2026-03-01",
            "to": "2026-04-01",
            "seconds": (31 * 12 - 1) * 3600,
        }
        found = [one.finding for one in bill.reasons]
        assert (
            "634410 Wh are calculated, not measured: 2404080000 volt-ampere-seconds x 0.95 / 3600, "
            "rounded once" in found
        )
        assert "calculated energy at PL-S2, all of it but its customer charge" in found

    def test_it_is_replayed_to_the_byte(self, town: LampTown) -> None:
        for bill in billed(town):
            assert town.replay(bill.bill_id).same_bytes

    def test_a_load_learned_later_leaves_the_bill_as_it_was_known(self, town: LampTown) -> None:
        bill = billed(town)[1]
        town.light(1, name="L-2", count=1, learned_at=KNOWN + timedelta(hours=1))
        assert town.replay(bill.bill_id).same_bytes
        now = town.replay(bill.bill_id, as_known=KNOWN + timedelta(hours=2))
        assert not now.same_bytes
        assert now.bill.usage.energy_wh > bill.usage.energy_wh

    def test_what_is_posted_is_the_total(self, town: LampTown) -> None:
        bills = billed(town)
        posted = sum(
            leg.cents
            for entry in town.store.entries_of_account(town.account_id(1))
            for leg in entry.legs
            if leg.ledger_account == RECEIVABLE
        )
        assert posted == sum(one.total_cents for one in bills)

    def test_a_new_count_is_in_force_from_its_day(self, town: LampTown) -> None:
        town.light(1, count=20, days=Validity(date(2026, 3, 11)))
        bill = billed(town)[1]
        before, after = bill.usage.loads
        assert (before.count, before.until_day) == (12, date(2026, 3, 11))
        assert (after.count, after.from_day) == (20, date(2026, 3, 11))
        assert bill.lines[0].arithmetic.startswith("20 units x")

    def test_meters_beside_it_are_billed_in_the_same_run(self, town: LampTown) -> None:
        town.start(2, schedule="PL-S2", from_day=BEGINS, learned_at=KNOWN - timedelta(hours=1))
        town.read("M2", (BEGINS, ON))
        run = town.bill(1, 2, on=ON, known_at=KNOWN)
        assert not run.held
        plain = [one for one in run.issued if one.account_id == town.account_id(2)]
        assert len(plain) == 2
        assert all(b'"loads"' not in one.record() for one in plain)
        assert {line.code for line in plain[0].lines} == {"customer", "energy_winter", "fuel"}


class TestHeld:
    def held(self, town: LampTown, number: int = 1, on: date = ON) -> tuple[str, str]:
        run = town.bill(number, on=on, known_at=KNOWN)
        assert not run.issued
        return run.held[0].code, run.held[0].sentence

    def test_where_neither_a_meter_nor_a_load_is_known(self, town: LampTown) -> None:
        town.start_without_meter(2)
        code, sentence = self.held(town, 2)
        assert code == "meter.not_whole"
        assert "No meter measured service point SP2" in sentence

    def test_where_a_day_has_no_load(self, town: LampTown) -> None:
        town.start_without_meter(2)
        town.light(2, name="L-2", days=Validity(BEGINS + timedelta(days=1)))
        code, sentence = self.held(town, 2)
        assert code == "meter.unmetered"
        assert "No load without a meter is known on 2026-02-01" in sentence

    def test_where_the_agreement_is_on_another_schedule(self, town: LampTown) -> None:
        town.start_without_meter(2, schedule="PL-R1")
        town.light(2, name="L-2")
        code, sentence = self.held(town, 2)
        assert code == "meter.unmetered"
        assert "is on PL-R1, and energy without a meter is billed at PL-S2" in sentence

    def test_a_meter_and_a_load_are_not_there_at_once(self, town: LampTown) -> None:
        town.start(2, schedule="PL-S2", from_day=BEGINS, learned_at=KNOWN - timedelta(hours=1))
        with pytest.raises(MeterWorkRefused, match="Meter M2 measures there"):
            town.light(2)


class TestInTheFirstBook:
    """GRR IV.E takes the customer charge of 6(M), of which no price is held."""

    def test_the_bill_is_held_with_the_sentence_of_the_silent_book(self) -> None:
        town = LampTown(book=open_book(default_book_folder()))
        with town.store.viewing(VIEWER, []):
            town.start_without_meter(1, schedule="2M-single-phase", sales_tax_place="none")
            town.light(1, hours=ALL_DAY)
            run = town.bill(1, on=ON, known_at=KNOWN)
        assert not run.issued
        (held,) = run.held
        assert held.code == "book.silent"
        assert "lighting_usd_per_kwh" in held.sentence


def test_why_opens_every_line(town: LampTown) -> None:
    bill = billed(town)[1]
    answer = explain_bill(bill_id=bill.bill_id, store=town.store)
    assert [line["code"] for line in answer["lines"]] == [
        "unmetered_customer",
        "energy_winter",
        "fuel",
    ]
    assert answer["lines"][0]["inputs"]["units"] == "12"


def test_service_without_a_meter_is_started_and_one_with_it_as_before(town: LampTown) -> None:
    asked = {"schedule": "PL-S2", "from_day": BEGINS, "learned_at": KNOWN}
    town.start(3, meter_id=None, **asked)
    town.start(4, **asked)
    assert [one.installations for one in town.services(3, known_at=KNOWN)] == [()]
    assert [len(one.installations) for one in town.services(4, known_at=KNOWN)] == [1]
