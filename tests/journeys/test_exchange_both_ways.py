"""A meter of a net-metered home, or of a shop billed for kvar, is exchanged inside a window."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.programs_town import BEGINS, KNOWN, LEARNED, ProgramTown
from tests.journeys.proofs import holds
from tests.journeys.test_reactive_demand import FEBRUARY, PEAK, open_town, reactive
from tests.journeys.town import CHICAGO, VIEWER, even

import meterledger_verify as verifier
from meterledger.facts.bills import Bill
from meterledger.facts.meters import LinkSource
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.local_days import intervals_in_day
from meterledger.kernel.span import DaySpan
from meterledger.stores.gateways.bill_signing import BillSigner
from meterledger.usecases.beside_usage import received_wh
from meterledger.usecases.change_meters import exchange_meter
from meterledger.usecases.compare_schedules import compare_schedules
from meterledger.usecases.meter_checks import Linked, Visit
from meterledger.usecases.prove_bill import prove_bill, signed_bytes

VISIT_DAY = date(2026, 2, 10)
TEN_SEVEN = datetime(2026, 2, 10, 16, 7, tzinfo=UTC)  # seven past ten in Missouri
SCANNED = Linked(LinkSource.INSTALLER_SCAN, 95, "scan of the label, work order 12")
SLOTS = 41
"""Quarter-hours of the day that began before seven past ten; the last one is of both meters."""


def exchange(town: ProgramTown, *, multiplier: int | None = None) -> None:
    visit = Visit("SP1", TEN_SEVEN, "due for its test", (), ())
    visit = visit if multiplier is None else replace(visit, multiplier=multiplier)
    how: dict[str, Any] = {"learned_at": LEARNED + timedelta(minutes=1), "zone_name": CHICAGO}
    exchange_meter(visit, "M9", SCANNED, **how, store=town.store)


def prove_with(town: Any, bill: Bill, folder: Path) -> dict[str, Any]:
    """The signed proof of a bill, checked as anybody would check it."""
    signer = BillSigner(folder)
    made = prove_bill(bill_id=bill.bill_id, store=town.store, lake=town.lake, book=town.book)
    made["signature"] = signer.sign(signed_bytes(made))
    data = json.dumps(made).encode()
    assert verifier.verify(verifier.read_proof(data), signer.public_key) == signer.public_key
    return made


def old(wh: int, day: date, count: int) -> list[int | None]:
    return [wh] * SLOTS + [None] * (count - SLOTS) if day == VISIT_DAY else [wh] * count


def new(wh: int, day: date, count: int) -> list[int | None]:
    first = SLOTS - 1
    return [None] * first + [wh] * (count - first) if day == VISIT_DAY else [wh] * count


class TestANetMeteredHome:
    """100 Wh delivered and 20 Wh received in every quarter-hour, by whichever meter is there."""

    @pytest.fixture
    def home(self) -> Iterator[ProgramTown]:
        town = ProgramTown()
        with town.store.viewing(VIEWER, ["everything"]):
            town.begin(1, "PL-R1")
            town.join(1, "prairie_net_metering")
            yield town

    def read(self, town: ProgramTown, *, back: int = 20, until: date = date(2026, 3, 1)) -> None:
        following = VISIT_DAY + timedelta(days=1)
        town.read("M1", (BEGINS, following), lambda day, n: old(100, day, n))
        town.read("M9", (VISIT_DAY, until), lambda day, n: new(7, day, n))
        for meter, span, values, wh in (
            ("M1", DaySpan(BEGINS, following), old, back),
            ("M9", DaySpan(VISIT_DAY, until), new, 3),
        ):
            name = pseudonym(meter, town.view.name)
            for day in span.days():
                count = intervals_in_day(day, CHICAGO, 900)
                town.lake.back.put(name, day, values(wh, day, count), town.files)

    def test_is_billed_what_both_meters_delivered_less_what_both_received(
        self, home: ProgramTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        exchange(home)
        self.read(home)

        run = home.bill(1, on=date(2026, 3, 2), known_at=KNOWN)

        assert not run.held
        (bill,) = run.issued
        old_slots, new_slots = 9 * 96 + SLOTS, 18 * 96 + 96 - SLOTS + 1
        delivered, received = 100 * old_slots + 7 * new_slots, 20 * old_slots + 3 * new_slots
        assert bill.usage.energy_wh == delivered
        assert [one.energy_wh for one in bill.usage.meters] == [100 * old_slots, 7 * new_slots]
        assert received_wh(one.finding for one in bill.reasons) == received
        billed = [line for line in bill.lines if line.code.startswith("energy")]
        assert sum(float(line.quantity) for line in billed) == (delivered - received) / 1000
        assert home.replay(bill.bill_id, None).same_bytes
        proof = prove_with(home, bill, tmp_path)
        assert [len(one["meters"]) for one in proof["readings"]["received"]] == [2]
        monkeypatch.setattr(verifier, "signature_holds", lambda *_: True)
        proof["readings"]["received"][0]["meters"][1]["wh"][3] += 1
        assert not holds(proof)

    def test_counts_each_meter_by_its_own_multiplier(self, home: ProgramTown) -> None:
        exchange(home, multiplier=40)
        self.read(home)

        (bill,) = home.bill(1, on=date(2026, 3, 2), known_at=KNOWN).issued

        found = received_wh(one.finding for one in bill.reasons)
        assert found == 20 * (9 * 96 + SLOTS) + 40 * 3 * (18 * 96 + 96 - SLOTS + 1)

    def test_costs_what_one_meter_would_where_both_measure_alike(self, home: ProgramTown) -> None:
        """At ten sharp no quarter-hour is of both."""
        following, gone = VISIT_DAY + timedelta(days=1), 40
        visit = Visit("SP1", TEN_SEVEN - timedelta(minutes=7), "due for its test", (), ())
        how: dict[str, Any] = {"learned_at": LEARNED + timedelta(minutes=1), "zone_name": CHICAGO}
        exchange_meter(visit, "M9", SCANNED, **how, store=home.store)
        home.begin(2, "PL-R1")
        home.join(2, "prairie_net_metering")
        until = date(2026, 3, 1)

        def first(wh: int, day: date, n: int) -> list[int | None]:
            return [wh] * gone + [None] * (n - gone) if day == VISIT_DAY else [wh] * n

        def then(wh: int, day: date, n: int) -> list[int | None]:
            return [None] * gone + [wh] * (n - gone) if day == VISIT_DAY else [wh] * n

        home.read("M1", (BEGINS, following), lambda day, n: first(100, day, n))
        home.read("M9", (VISIT_DAY, until), lambda day, n: then(100, day, n))
        home.read("M2", (BEGINS, until), even(100))
        home.received(2, (BEGINS, until), 20)
        for meter, span, values in (
            ("M1", DaySpan(BEGINS, following), first),
            ("M9", DaySpan(VISIT_DAY, until), then),
        ):
            for day in span.days():
                count = intervals_in_day(day, CHICAGO, 900)
                name = pseudonym(meter, home.view.name)
                home.lake.back.put(name, day, values(20, day, count), home.files)

        one, other = home.bill(1, 2, on=date(2026, 3, 2), known_at=KNOWN).issued

        assert one.total_cents == other.total_cents
        assert [line.cents for line in one.lines] == [line.cents for line in other.lines]

    @pytest.mark.parametrize(("meter", "day"), [("M1", BEGINS), ("M9", date(2026, 2, 27))])
    def test_is_held_where_one_of_them_does_not_say_what_it_received(
        self, home: ProgramTown, meter: str, day: date
    ) -> None:
        exchange(home)
        self.read(home)
        home.lake.back.put(pseudonym(meter, home.view.name), day, [None] * 96, home.files)

        run = home.bill(1, on=date(2026, 3, 2), known_at=KNOWN)

        (held,) = run.held
        assert not run.issued
        assert "Not every interval of the energy received" in held.sentence
        assert f"meter {meter}" in held.sentence
        assert f"from local day {day}" in held.sentence
        assert "What nobody measured is never taken for zero" in held.sentence

    def test_is_held_where_the_old_one_received_after_it_was_gone(self, home: ProgramTown) -> None:
        exchange(home)
        self.read(home)
        home.lake.back.put(pseudonym("M1", home.view.name), VISIT_DAY, [20] * 96, home.files)

        (held,) = home.bill(1, on=date(2026, 3, 2), known_at=KNOWN).held

        assert "It reports energy from" in held.sentence
        assert "meter M1" in held.sentence

    def test_is_compared_as_it_is_billed(self, home: ProgramTown) -> None:
        exchange(home)
        self.read(home)
        (bill,) = home.bill(1, on=date(2026, 3, 2), known_at=KNOWN).issued

        found = compare_schedules(
            account_id=home.account_id(1),
            span=DaySpan(BEGINS, date(2026, 3, 1)),
            known_at=KNOWN,
            asked=date(2026, 3, 2),
            store=home.store,
            lake=home.lake,
            book=home.book,
        )

        (own,) = [one for one in found.answers if one.schedule == "PL-R1"]
        assert own.windows_cents == (bill.total_cents,)


class TestAShopBilledForKvar:
    """From seven past ten on 10 February another meter measures kWh and kvarh."""

    @pytest.fixture
    def shop(self, tmp_path: Path) -> Iterator[Any]:
        town = open_town(tmp_path)
        with town.store.viewing(VIEWER, ["everything"]):
            town.begin(1, "PL-G3")
            exchange(town)
            yield town

    def arrive(self, town: Any, unit: str, first: int, then: int, peak: int) -> None:
        edge = TEN_SEVEN.replace(minute=0)
        following = VISIT_DAY + timedelta(days=1)
        town.arrive(
            unit,
            lambda at: first if at <= edge else None,
            meter="M1",
            span=(FEBRUARY[0], following),
        )
        town.arrive(
            unit,
            lambda at: None if at < edge else peak if at == PEAK else then,
            meter="M9",
            span=(VISIT_DAY, FEBRUARY[1]),
        )

    def test_is_billed_the_highest_of_both_meters(self, shop: Any, tmp_path: Path) -> None:
        self.arrive(shop, "kWh", 12, 13, 13)
        self.arrive(shop, "kvarh", 6, 6, 13)

        issued, held = shop.february()

        assert held == []
        (bill,) = issued
        told = [one.finding for one in bill.reasons if "reactive demand" in one.finding]
        assert told == ["the highest reactive demand of 15 minutes was 52 kvar"]
        assert reactive(bill)
        assert shop.replay(bill.bill_id, None).same_bytes
        proof = prove_with(shop, bill, tmp_path)
        assert len(proof["readings"]["reactive"][0]["meters"]) == 2

    def test_adds_the_parts_of_the_quarter_hour_of_the_exchange(self, shop: Any) -> None:
        """Both sent the quarter-hour from ten on: 9 and 9 kvarh, more than any other."""
        self.arrive(shop, "kWh", 12, 13, 13)
        self.arrive(shop, "kvarh", 9, 9, 16)

        (bill,) = shop.february()[0]

        told = [one.finding for one in bill.reasons if "reactive demand" in one.finding]
        assert told == ["the highest reactive demand of 15 minutes was 72 kvar"]

    def test_is_held_where_the_new_one_sent_no_kvarh(self, shop: Any) -> None:
        self.arrive(shop, "kWh", 12, 13, 13)
        edge = TEN_SEVEN.replace(minute=0)
        span = (FEBRUARY[0], VISIT_DAY + timedelta(days=1))
        shop.arrive("kvarh", lambda at: 5 if at <= edge else None, meter="M1", span=span)

        issued, (held,) = shop.february()

        assert issued == []
        assert "not every interval of reactive energy is known" in held.sentence
