"""One of several service points on a bill is left, and that is told after the bill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.register_town import RegisterTown
from tests.journeys.test_bills_together import BOTH, arrange, part, with_a_barn
from tests.journeys.town import VIEWER, Town, even

from meterledger.facts.bills import read_record
from meterledger.facts.corrections import CorrectionCause
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import TariffBook
from meterledger.usecases.budget_plans import JoinRequest, join_budget
from meterledger.usecases.change_then_rebill import NobodyDecides, Signed
from meterledger.usecases.end_billed_service import EndOfService, EndRefused, end_billed_service
from meterledger.usecases.find_corrections import bills_to_correct
from meterledger.usecases.ports import Conflict
from meterledger.usecases.prove_bill import prove_bill
from meterledger.usecases.rebill import rebill
from meterledger.usecases.rebill_gate import FoundByTheGate
from meterledger.usecases.rebill_states import CannotRebill, Now

KNOWN = datetime(2026, 12, 1, 12, tzinfo=UTC)
TOLD = KNOWN + timedelta(hours=1)
AFTER = KNOWN + timedelta(hours=2)
ANA = Signed("Ana", "the barn was left, told late", seen=("gate.band",))
JULY_1, AUGUST_1, SEPTEMBER_1 = date(2025, 7, 1), date(2025, 8, 1), date(2025, 9, 1)
HOUSE, BARN, SHED = 0, 1, 2


@pytest.fixture
def town(first_book: TariffBook) -> Iterator[Town]:
    """A house and a barn on one bill, billed for July and August."""
    made = Town(book=first_book)
    made.start(1)
    with_a_barn(made)
    with made.store.viewing(VIEWER, []):
        made.read("M1", (JULY_1, date(2025, 11, 1)), even(100))
        made.read("M2", (JULY_1, date(2025, 11, 1)), even(7))
        arrange(made)
        yield made


def billed(town: Town, *days: date, at: datetime = KNOWN) -> list[Any]:
    found = []
    for number, on in enumerate(days):
        run = town.bill(1, on=on, known_at=at + timedelta(minutes=number))
        found += run.issued
    return found


def end(
    town: Town, which: int, on: date, signed: Signed = ANA, at: datetime = TOLD, **how: Any
) -> EndOfService:
    service = town.services(1, known_at=at)[which]
    now = Now(at, date(2025, 10, 20), town.store.lake_sequence(), town.book, town.lake)
    return end_billed_service(
        agreement_id=service.agreement.agreement_id, last_day_out=on, signed=signed, now=now,
        store=town.store, **how,
    )  # fmt: skip


def live(town: Town) -> list[Any]:
    return list(town.store.bills_of_account(town.account_id(1)))


def points(stored: Any) -> list[tuple[str, str, str]]:
    told = read_record(stored.record)["usage"].get("points", ())
    return [(one["service_point"], one["from"], one["to"]) for one in told]


def holds(town: Town, *bills: Any) -> None:
    """All of them replay to the byte and prove themselves, and nothing waits for a correction."""
    every = town.store.issued_bills_of_account(town.account_id(1))
    assert {one.bill_id for one in bills} <= {one.bill_id for one in every}
    for one in every:
        assert town.replay(one.bill_id).same_bytes
        prove_bill(bill_id=one.bill_id, store=town.store, lake=town.lake, book=town.book)
    now = Now(
        AFTER + timedelta(days=1), date(2025, 10, 21), town.store.lake_sequence(), town.book,
        town.lake,
    )  # fmt: skip
    assert bills_to_correct(store=town.store, now=now)[1] == []
    charged = sum(one.total_cents for one in live(town))
    assert town.store.balance_cents(town.account_id(1)) == charged


class TestAPointOnTheBillOfAnother:
    def test_has_its_days_until_the_end_and_the_other_goes_on(self, town: Town) -> None:
        july, august = billed(town, AUGUST_1, SEPTEMBER_1)
        ended = end(town, BARN, date(2025, 8, 11))

        assert (ended.corrected, ended.withdrawn, len(ended.cut)) == (None, (), 1)
        first, second = live(town)
        assert (first.bill_id, second.corrects) == (july.bill_id, august.bill_id)
        assert points(second) == [
            ("SP1", "2025-08-01", "2025-09-01"),
            ("SP2", "2025-08-01", "2025-08-11"),
        ]
        assert read_record(second.record)["usage"]["energy_wh"] == 96 * (31 * 100 + 10 * 7)
        assert second.days == august.days
        house, barn = town.services(1, known_at=TOLD)
        assert (house.billed_until, house.agreement.days.until_day) == (SEPTEMBER_1, None)
        assert barn.billed_until == barn.agreement.days.until_day == date(2025, 8, 11)
        holds(town, july, august, second)
        (third,) = billed(town, date(2025, 10, 1), at=AFTER)
        assert (third.days.from_day, third.usage.points) == (SEPTEMBER_1, ())

    def test_says_why_by_whom_and_to_the_cent(self, town: Town) -> None:
        (july,) = billed(town, AUGUST_1)
        (made,) = end(town, BARN, date(2025, 7, 11)).cut

        told = town.store.correction_of(made.bill.bill_id)
        assert told.cause is CorrectionCause.ENDED
        assert (told.author, told.reason) == ("Ana", "the barn was left, told late")
        assert [one.finding for one in made.bill.reasons[:2]] == [
            f"corrects bill {july.bill_id} of 2025-08-01 on its own service period",
            "service at SP2 ended on 2025-07-11, the customer's responsible date: its days from "
            "then on are not on it",
        ]
        causes = json.loads(told.decision)["causes"]
        assert {one["cause"] for one in causes} <= {"end of service", "tax"}
        assert sum(round(float(one["usd"]) * 100) for one in causes) == made.difference_cents
        assert made.difference_cents < 0
        assert town.store.bill(july.bill_id).cancelled_by == made.bill.bill_id

    def test_that_ended_before_later_bills_is_on_none_of_them(self, town: Town) -> None:
        bills = billed(town, AUGUST_1, SEPTEMBER_1, date(2025, 10, 1))
        ended = end(town, BARN, date(2025, 7, 20))

        assert [one.cancelled.bill_id for one in ended.cut] == [one.bill_id for one in bills]
        july, august, september = live(town)
        assert [len(points(one)) for one in (july, august, september)] == [2, 0, 0]
        assert [one.days for one in (july, august, september)] == [one.days for one in bills]
        assert {one.case_id for one in town.store.corrections_of_account(town.account_id(1))} == {
            f"case:{bills[0].bill_id}"
        }
        barn = town.services(1, known_at=TOLD)[BARN]
        assert barn.billed_until == date(2025, 7, 20)
        holds(town, *bills, july, august, september)

    @pytest.mark.parametrize(
        ("on", "cut"), [(AUGUST_1, 1), (date(2025, 8, 2), 1), (SEPTEMBER_1, 0)]
    )
    def test_at_the_first_and_last_day_of_a_bill(self, town: Town, on: date, cut: int) -> None:
        bills = billed(town, AUGUST_1, SEPTEMBER_1)
        ended = end(town, BARN, on)
        assert len(ended.cut) == cut
        assert town.services(1, known_at=TOLD)[BARN].billed_until == on
        assert len(points(live(town)[1])) == (0 if on == AUGUST_1 else 2)
        holds(town, *bills)

    def test_is_the_next_occupants_from_that_day_on(self, town: Town) -> None:
        bills = billed(town, AUGUST_1)
        end(town, BARN, date(2025, 7, 11))
        town.start(
            2, from_day=date(2025, 7, 11), premise_id="PR2", service_point_id="SP2", meter_id=None,
            address="2 Elm Street", learned_at=AFTER,
        )  # fmt: skip
        (first,) = town.bill(2, on=AUGUST_1, known_at=AFTER + timedelta(minutes=1)).issued
        assert (first.days, first.usage.energy_wh) == (
            DaySpan(date(2025, 7, 11), AUGUST_1), 21 * 96 * 7,
        )  # fmt: skip
        holds(town, *bills)

    def test_leaves_a_third_on_the_bill(self, town: Town) -> None:
        with_a_barn(town, 4)
        town.read("M4", BOTH, even(3))
        part(town, JULY_1, at=KNOWN - timedelta(hours=1))
        arrange(town, at=KNOWN - timedelta(minutes=50))
        (july,) = billed(town, AUGUST_1)
        assert len(july.usage.points) == 3
        end(town, BARN, date(2025, 7, 11))
        (made,) = live(town)
        assert points(made) == [
            ("SP1", "2025-07-01", "2025-08-01"),
            ("SP2", "2025-07-01", "2025-07-11"),
            ("SP4", "2025-07-01", "2025-08-01"),
        ]
        holds(town, july, made)

    def test_a_look_changes_nothing_and_nobody_decides_without_a_name(self, town: Town) -> None:
        billed(town, AUGUST_1)
        looked = end(town, BARN, date(2025, 7, 11), Signed(), dry_run=True)
        assert len(looked.cut) == 1
        with pytest.raises(NobodyDecides, match="without days of SP2 from 2025-07-11 on"):
            end(town, BARN, date(2025, 7, 11), Signed())
        assert town.services(1, known_at=TOLD)[BARN].agreement.days.until_day is None
        assert len(live(town)) == 1

    def test_twice_is_refused_the_second_time(self, town: Town) -> None:
        billed(town, AUGUST_1)
        end(town, BARN, date(2025, 7, 11))
        with pytest.raises(Conflict, match="It has ended already on 2025-07-11"):
            end(town, BARN, date(2025, 7, 10), at=AFTER)

    def test_much_of_the_energy_asks_for_a_look_or_a_second_name(self, town: Town) -> None:
        """The house alone uses less than a twentieth of what both did."""
        for meter, wh in (("M1", 20), ("M2", 1500)):
            town.read(meter, (JULY_1, date(2025, 11, 1)), even(wh), learned_at=KNOWN)
        billed(town, AUGUST_1, SEPTEMBER_1, at=KNOWN + timedelta(minutes=10))
        alone = Signed("Ana", "left")
        with pytest.raises(FoundByTheGate):
            end(town, BARN, date(2025, 8, 2), alone)
        assert town.services(1, known_at=TOLD)[BARN].agreement.days.until_day is None
        end(town, BARN, date(2025, 8, 2), Signed("Ana", "left", "Bob"))
        holds(town)

    @pytest.fixture
    def alone_in_july(self, first_book: TariffBook) -> Iterator[Town]:
        """The barn had a bill of its own for July."""
        made = Town(book=first_book)
        made.start(1)
        with_a_barn(made)
        with made.store.viewing(VIEWER, []):
            made.read("M1", BOTH, even(100))
            made.read("M2", BOTH, even(7))
            billed(made, AUGUST_1)
            arrange(made, AUGUST_1, at=KNOWN + timedelta(minutes=5))
            billed(made, SEPTEMBER_1, at=KNOWN + timedelta(minutes=10))
            yield made

    def test_that_was_billed_by_itself_before_has_its_own_final_bill_with_them(
        self, alone_in_july: Town
    ) -> None:
        town = alone_in_july
        house, barn, together = live(town)
        with pytest.raises(NobodyDecides, match="as the final one, until 2025-07-20, and 1 after"):
            end(town, BARN, date(2025, 7, 20), Signed())
        ended = end(town, BARN, date(2025, 7, 20))
        assert ended.corrected is not None
        assert [one.cancelled.bill_id for one in ended.every] == [barn.bill_id, together.bill_id]
        kept, final, august = live(town)
        assert (kept.bill_id, final.corrects) == (house.bill_id, barn.bill_id)
        assert final.days.until_day == date(2025, 7, 20)
        assert (august.corrects, points(august)) == (together.bill_id, [])
        told = town.store.corrections_of_account(town.account_id(1))
        assert {one.case_id for one in told} == {f"case:{barn.bill_id}"}
        assert town.services(1, known_at=TOLD)[BARN].agreement.days.until_day == date(2025, 7, 20)
        holds(town, house, barn, together)

    def test_on_the_day_on_which_both_came_on_one_bill_leaves_its_own(
        self, alone_in_july: Town
    ) -> None:
        end(alone_in_july, BARN, AUGUST_1)
        assert [points(one) for one in live(alone_in_july)] == [[], [], []]
        holds(alone_in_july)

    def test_that_is_billed_by_itself_after_is_refused_with_a_day_that_works(
        self, town: Town
    ) -> None:
        billed(town, AUGUST_1)
        part(town, AUGUST_1, at=KNOWN + timedelta(minutes=5))
        billed(town, SEPTEMBER_1, at=KNOWN + timedelta(minutes=10))
        with pytest.raises(EndRefused, match="and by itself after it, until 2025-09-01") as no:
            end(town, BARN, date(2025, 7, 20))
        assert no.value.do == "Give a day from 2025-08-02 on"
        assert end(town, BARN, date(2025, 8, 2)).corrected is not None
        holds(town)

    def test_moves_what_the_next_bills_of_a_budget_plan_defer(self, town: Town) -> None:
        join_budget(
            JoinRequest(
                town.account_id(1), date(2025, 7, 2), True, settlement_option="b",
                bill_medium="postcard", told_year_cents=120_000, basis="x", service_point_id="SP1",
            ),
            learned_at=KNOWN - timedelta(hours=1), view=town.book.as_known(KNOWN.date()),
            store=town.store,
        )  # fmt: skip
        bills = billed(town, AUGUST_1, SEPTEMBER_1)
        end(town, BARN, date(2025, 7, 20))
        every = town.store.issued_bills_of_account(town.account_id(1))
        assert len(every) == len(bills) + 2
        assert all(town.replay(one.bill_id).same_bytes for one in every)


class TestThePointWhoseBillItIs:
    def test_has_a_final_bill_with_the_days_of_all_until_then(self, town: Town) -> None:
        july, august = billed(town, AUGUST_1, SEPTEMBER_1)
        ended = end(town, HOUSE, date(2025, 8, 11))

        assert ended.corrected is not None
        first, final = live(town)
        assert (first.bill_id, final.corrects) == (july.bill_id, august.bill_id)
        assert points(final) == [
            ("SP1", "2025-08-01", "2025-08-11"),
            ("SP2", "2025-08-01", "2025-08-11"),
        ]
        house, barn = town.services(1, known_at=TOLD)
        assert house.agreement.days.until_day == house.billed_until == date(2025, 8, 11)
        assert (barn.agreement.days.until_day, barn.billed_until) == (None, date(2025, 8, 11))
        assert ended.left == (barn.agreement.agreement_id,)
        holds(town, july, august, final)

    def test_leaves_the_other_to_be_billed_by_itself_from_that_day(self, town: Town) -> None:
        bills = billed(town, AUGUST_1, SEPTEMBER_1)
        end(town, HOUSE, date(2025, 8, 2))
        run = town.bill(1, on=SEPTEMBER_1, known_at=AFTER)
        assert [one.code for one in run.held] == ["together.refused"]
        assert "together end" in run.held[0].sentence

        part(town, date(2025, 8, 2), at=AFTER + timedelta(minutes=1))
        (own,) = town.bill(1, on=SEPTEMBER_1, known_at=AFTER + timedelta(minutes=2)).issued
        assert own.days == DaySpan(date(2025, 8, 2), SEPTEMBER_1)
        assert own.usage.energy_wh == 30 * 96 * 7
        holds(town, *bills, own)

    def test_with_later_bills_leaves_nothing_of_them(self, town: Town) -> None:
        bills = billed(town, AUGUST_1, SEPTEMBER_1)
        ended = end(town, HOUSE, date(2025, 7, 11))
        assert [one.bill_id for one in ended.withdrawn] == [bills[1].bill_id]
        (final,) = live(town)
        assert points(final)[1] == ("SP2", "2025-07-01", "2025-07-11")
        assert {one.billed_until for one in town.services(1, known_at=TOLD)} == {date(2025, 7, 11)}
        holds(town, *bills, final)

    @pytest.mark.parametrize("order", [(HOUSE, BARN), (BARN, HOUSE)])
    def test_and_the_other_with_it_are_one_final_bill(
        self, town: Town, order: tuple[int, int]
    ) -> None:
        bills = billed(town, AUGUST_1)
        on = date(2025, 7, 11)
        end(town, order[0], on)
        end(town, order[1], on, at=AFTER)
        (final,) = live(town)
        assert points(final) == [
            ("SP1", "2025-07-01", "2025-07-11"),
            ("SP2", "2025-07-01", "2025-07-11"),
        ]
        assert {one.agreement.days.until_day for one in town.services(1, known_at=AFTER)} == {on}
        run = town.bill(1, on=SEPTEMBER_1, known_at=AFTER + timedelta(hours=1))
        assert (run.due, run.held) == (0, [])
        holds(town, *bills, final)

    def test_is_refused_where_days_of_the_other_would_be_on_no_bill(self, town: Town) -> None:
        billed(town, AUGUST_1)
        part(town, AUGUST_1, at=KNOWN + timedelta(minutes=5))
        billed(town, SEPTEMBER_1, at=KNOWN + timedelta(minutes=10))
        with pytest.raises(EndRefused, match="has it from 2025-08-01 on") as no:
            end(town, HOUSE, date(2025, 7, 20))
        assert no.value.why == "Its days from 2025-07-20 until then would be on no bill"
        assert no.value.do == "Give a day from 2025-08-01 on"
        assert end(town, HOUSE, date(2025, 8, 20)).corrected is not None

    def test_that_was_cut_is_corrected_again_like_any_bill(self, town: Town) -> None:
        billed(town, AUGUST_1)
        end(town, BARN, date(2025, 7, 11))
        town.read("M2", BOTH, even(90), learned_at=AFTER)
        (before,) = live(town)
        rebill(
            [before.bill_id], author="Ana", reason="read again", on=date(2025, 10, 21),
            known_at=AFTER + timedelta(hours=1), store=town.store, lake=town.lake, book=town.book,
        )  # fmt: skip
        (after,) = live(town)
        assert read_record(after.record)["usage"]["energy_wh"] == 96 * (31 * 100 + 10 * 90)
        assert town.replay(after.bill_id).same_bytes


def test_a_day_before_its_first_is_refused_as_ever(town: Town) -> None:
    billed(town, AUGUST_1)
    with pytest.raises(Refusal, match="begins on 2025-07-01"):
        end(town, BARN, JULY_1)


class TestABarnOnItsRegister:
    """Two reads say how much was used between them, and not when."""

    @pytest.fixture
    def town(self, first_book: TariffBook) -> Iterator[RegisterTown]:
        made = RegisterTown(book=first_book)
        made.start(1)
        with_a_barn(made)
        made.read("M1", (JULY_1, date(2025, 11, 1)), even(100))
        with made.store.viewing(VIEWER, []):
            made.set_up("M2", came=JULY_1)
            made.reads("M2", (JULY_1, 100), (date(2025, 7, 20), 112), (AUGUST_1, 121))
            arrange(made)
            yield made

    def test_is_not_cut_inside_a_period_and_nothing_is_changed(self, town: RegisterTown) -> None:
        (july,) = billed(town, AUGUST_1)
        with pytest.raises(CannotRebill, match="Meter M2 is billed on its register") as no:
            end(town, BARN, date(2025, 7, 20))
        assert "Begin and end it with a billing period" in no.value.sentence
        assert [one.bill_id for one in live(town)] == [july.bill_id]
        assert town.services(1, known_at=TOLD)[BARN].agreement.days.until_day is None

    def test_leaves_whole_periods_past_its_end(self, town: RegisterTown) -> None:
        town.reads("M2", (SEPTEMBER_1, 150))
        bills = billed(town, AUGUST_1, SEPTEMBER_1)
        end(town, BARN, AUGUST_1)
        first, second = live(town)
        assert (first.bill_id, len(points(second))) == (bills[0].bill_id, 0)
        holds(town, *bills)

    def test_stands_on_the_final_bill_of_the_house_with_a_read_of_that_day(
        self, town: RegisterTown
    ) -> None:
        (july,) = billed(town, AUGUST_1)
        end(town, HOUSE, date(2025, 7, 20))
        (final,) = live(town)
        assert read_record(final.record)["usage"]["energy_wh"] == 19 * 96 * 100 + 12_000
        assert town.replay(july.bill_id).same_bytes
        assert town.replay(final.bill_id).same_bytes
