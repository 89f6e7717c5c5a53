"""Bills whose season goes by the number of their billing period: whole, by cycle, and replayed.

``PL-R3`` goes by numbers through 2025 and by the day of service from 2026; 24 kWh a day are used.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.journeys.programs_town import KNOWN, ProgramTown
from tests.journeys.proofs import holds, not_found_out
from tests.journeys.town import VIEWER, even

import meterledger_verify as verifier
from meterledger.entrypoints.documents.content import content_of
from meterledger.facts.bills import Bill
from meterledger.kernel.span import DaySpan, Validity
from meterledger.stores.gateways.bill_signing import BillSigner
from meterledger.usecases.compare_schedules import compare_schedules
from meterledger.usecases.explain_bill import explain_bill
from meterledger.usecases.gather_statements import statement_of
from meterledger.usecases.prove_bill import prove_bill, signed_bytes

BEGINS = date(2025, 5, 25)
SWITCH = "Sheet 20, Seasons by period, rev. Original, Change of method"
A_KILOWATT = even(250)


@pytest.fixture
def town() -> Iterator[ProgramTown]:
    made = ProgramTown()
    with made.store.viewing(VIEWER, ["everything"]):
        yield made


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> BillSigner:
    return BillSigner(tmp_path_factory.mktemp("signer"))


@pytest.fixture
def prove(signer: BillSigner) -> Callable[[ProgramTown, Bill], dict[str, Any]]:
    def do(town: ProgramTown, bill: Bill) -> dict[str, Any]:
        made = prove_bill(bill_id=bill.bill_id, store=town.store, lake=town.lake, book=town.book)
        made["signature"] = signer.sign(signed_bytes(made))
        assert verifier.verify(verifier.read_proof(json.dumps(made).encode()), None)
        return made

    return do


def home(town: ProgramTown, number: int, cycle: int, **changed: Any) -> None:
    """A home of a cycle that uses a kilowatt, always."""
    town.begin(number, changed.pop("schedule", "PL-R3"), from_day=BEGINS, cycle=cycle, **changed)
    town.read(f"M{number}", (BEGINS, date(2026, 7, 2)), A_KILOWATT)


def billed(town: ProgramTown, *numbers: int, on: date) -> list[Bill]:
    run = town.bill(*numbers, on=on, known_at=KNOWN)
    assert not run.held, run.held
    return list(run.issued)


def seasons(bill: Bill) -> set[str]:
    return {line.code.split("_")[0] for line in bill.lines if "peak" in line.code}


def reasons(bill: Bill) -> str:
    return "; ".join(one.finding for one in bill.reasons)


class TestBills:
    def test_of_a_year_have_four_on_summer_prices_each_whole(self, town: ProgramTown) -> None:
        home(town, 1, 20)
        bills = billed(town, 1, on=date(2026, 5, 20))
        found = [(one.days.until_day.month, seasons(one)) for one in bills]
        assert found == [
            *((month, {"summer"}) for month in (6, 7, 8, 9)),
            *((month, {"winter"}) for month in (10, 11, 12, 1, 2, 3, 4, 5)),
        ]

    def test_say_which_period_and_why(self, town: ProgramTown) -> None:
        home(town, 1, 20)
        bill = billed(town, 1, on=date(2025, 6, 20))[0]
        assert bill.days == DaySpan(BEGINS, date(2025, 6, 20))
        assert "the days lie in billing period 6 of 2025" in reasons(bill)
        assert (
            "the season of billing period 6 of 2025: summer by its number, whatever its days"
            in reasons(bill)
        )
        cited = {one.text for line in bill.lines for one in line.citations}
        assert "Sheet 20, Seasons by period, rev. Original, Number of a period" in cited
        statement = statement_of(
            town.store.bill(bill.bill_id), store=town.store, book=town.book, known_at=KNOWN
        )
        assert b"summer by its number, whatever its days" in content_of(statement)
        told = explain_bill(bill_id=bill.bill_id, store=town.store)
        assert "summer by its number" in json.dumps(told["reasons"])

    def test_of_the_same_days_differ_by_cycle_in_one_run(self, town: ProgramTown) -> None:
        """Both begin on the 25th of May and end on the 10th of June; one cycle is read then."""
        home(town, 1, 10)
        home(town, 2, 20)
        ends = date(2025, 6, 10)
        services = town.services(1, 2, known_at=KNOWN)
        cut = [
            replace(one, agreement=replace(one.agreement, days=Validity(BEGINS, ends)))
            for one in services
        ]
        run = town.bill(on=ends, known_at=KNOWN, services=cut, dry_run=True)
        assert not run.held
        assert {one.account_id: seasons(one) for one in run.issued} == {
            town.account_id(1): {"winter"},
            town.account_id(2): {"summer"},
        }

    def test_go_by_the_day_of_service_from_2026(self, town: ProgramTown) -> None:
        home(town, 1, 20)
        bill = billed(town, 1, on=date(2026, 6, 20))[-1]
        assert bill.days.from_day == date(2026, 5, 20)
        assert seasons(bill) == {"winter", "summer"}
        assert "billing period" not in reasons(bill)

    def test_across_the_change_go_whole_by_their_periods_year(self, town: ProgramTown) -> None:
        home(town, 1, 12)
        home(town, 2, 20)
        last_by_number = billed(town, 1, on=date(2026, 1, 12))[-1]
        first_by_day = billed(town, 2, on=date(2026, 1, 20))[-1]
        for bill, said in (
            (last_by_number, "billing period 12 of 2025: winter by its number"),
            (first_by_day, "billing period 1 of 2026: each day by its date"),
        ):
            assert said in reasons(bill)
            assert "priced whole by the method of the year that it belongs to" in reasons(bill)
            of_season = [line for line in bill.lines if "peak" in line.code]
            assert all("billing.season_method_switch" in line.reading_keys for line in of_season)
            assert all(SWITCH in [one.text for one in line.citations] for line in of_season)

    def test_are_replayed_to_the_byte(self, town: ProgramTown) -> None:
        home(town, 1, 20)
        for bill in billed(town, 1, on=date(2026, 2, 20)):
            assert town.replay(bill.bill_id).same_bytes


class TestProof:
    def test_of_either_method_and_across_the_change_holds(
        self, town: ProgramTown, prove: Any
    ) -> None:
        home(town, 1, 20)
        home(town, 2, 12)
        bills = billed(town, 1, on=date(2026, 6, 20)) + billed(town, 2, on=date(2026, 1, 12))
        told = {one.days.until_day: prove(town, one) for one in bills}
        assert told[date(2025, 6, 20)]["reading_day"] == 20
        assert told[date(2026, 1, 20)]["reading_day"] == 20
        assert told[date(2026, 1, 12)]["reading_day"] == 12
        assert "reading_day" not in told[date(2026, 6, 20)]

    def test_with_another_reading_day_is_of_another_season(
        self, town: ProgramTown, prove: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home(town, 1, 20)
        proof = prove(town, billed(town, 1, on=date(2025, 6, 20))[0])
        monkeypatch.setattr(verifier, "signature_holds", lambda *_: True)
        for day, found in (
            (20, True),
            (21, True),
            (19, False),
            (4, True),
            (0, False),
            (29, False),
        ):
            changed = copy.deepcopy(proof) | {"reading_day": day}
            assert holds(changed) == found, day

    def test_has_no_leaf_that_is_changed_unseen(
        self, town: ProgramTown, prove: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home(town, 1, 12)
        proof = prove(town, billed(town, 1, on=date(2026, 1, 12))[-1])
        hours = {
            f"values.prairie_hours.*.2.by_season.winter.{kind}"
            for kind in ("working_day", "rest_day")
        }
        # Only a cycle that has another fifteenth would be of another period.
        may_be = {"reading_day", "values.r_tou_first_kwh", "values.prairie_holidays"} | hours
        assert not_found_out(proof, monkeypatch, may_be) == set()

    def test_of_a_ratchet_counts_periods_before_by_their_number(
        self, town: ProgramTown, prove: Any
    ) -> None:
        """100 kW in the first weeks, 20 kW after them: summer in cycle 19, winter in cycle 10."""
        for number, cycle, first in ((1, 19, date(2025, 6, 19)), (2, 10, date(2025, 6, 10))):
            town.begin(number, "PL-G4", from_day=BEGINS, cycle=cycle)
            town.read(f"M{number}", (BEGINS, first), even(25_000))
            town.read(f"M{number}", (first, date(2026, 1, 20)), even(5_000))
        kw = []
        for number, on in ((1, date(2026, 1, 19)), (2, date(2026, 1, 10))):
            bill = billed(town, number, on=on)[-1]
            kw += [line.quantity for line in bill.lines if line.code.startswith("demand")]
            assert prove(town, bill)["reading_day"] == (19, 10)[number - 1]
        assert kw == ["60", "25"]


class TestCompare:
    def test_prices_each_window_by_the_cycle_of_the_account(self, town: ProgramTown) -> None:
        """The same days lie in a sixth period of one cycle, and in a fifth of the other."""
        home(town, 1, 20)
        home(town, 2, 10)

        def answers(number: int) -> dict[str, Any]:
            found = compare_schedules(
                account_id=town.account_id(number),
                span=DaySpan(BEGINS, date(2025, 6, 10)),
                known_at=KNOWN,
                asked=date(2025, 6, 20),
                store=town.store,
                lake=town.lake,
                book=town.book,
            )
            return {one.schedule: one.windows_cents for one in found.answers}

        one, other = answers(1), answers(2)
        assert one["PL-R1"] == other["PL-R1"]
        assert one["PL-R3"] == (54_51,)
        assert other["PL-R3"] == (42_95,)
