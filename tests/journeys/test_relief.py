"""Charges of named months adjusted by agreement, for a load that is disturbed (GRR V.H.4)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from tests.journeys.plant_town import (
    AUGUST,
    JULY,
    JUNE,
    NORMAL,
    OCTOBER,
    SEPTEMBER,
    TOLD,
    Plant,
    priced_book,
)
from tests.journeys.town import VIEWER, even

from meterledger.billing import LoadCause
from meterledger.entrypoints.web.statement_words import balance_rows
from meterledger.facts.bills import Bill
from meterledger.facts.relief import ReliefAct, ReliefTerm
from meterledger.kernel.money import usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.ledger import receivable_of_movements
from meterledger.usecases import combined_statements
from meterledger.usecases.autopay_amount import stated_cents
from meterledger.usecases.finance_reports import revenue
from meterledger.usecases.gather_statements import statement_of
from meterledger.usecases.late_charge_base import SaidElsewhere, as_if_right, unpaid_after
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.rebill import rebill
from meterledger.usecases.relief import (
    Agreed,
    ReliefAsked,
    ReliefDesk,
    ReliefRefused,
    approve_relief,
    ask_relief,
    end_relief,
)
from meterledger.usecases.relief_replay import replay_relief

DAY = timedelta(days=1)
LATER, LATEST = TOLD + timedelta(hours=8), TOLD + DAY
HALF = ReliefTerm("demand_summer", share=Fraction(1, 2))


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return priced_book(tmp_path_factory.mktemp("books") / "union_electric_mo6")


@pytest.fixture
def plant(book: Any) -> Any:
    town = Plant(book=book)
    with town.store.viewing(VIEWER, []):
        town.begin()
        yield town


def desk(town: Any, on: date, hours: int = 0) -> ReliefDesk:
    return ReliefDesk(town.store, town.book, on, TOLD + timedelta(hours=hours))


def asked(town: Any, **other: Any) -> Agreed:
    on, hours = other.pop("on", JUNE), other.pop("hours", 0)
    how = {"by": "Ana", "reason": "the hall burned"} | {
        name: other.pop(name) for name in ("by", "reason", "dry_run") if name in other
    }
    request = {
        "account_id": town.account_id(1),
        "cause": LoadCause.FIRE,
        "months": (JULY,),
        "terms": (HALF,),
        **other,
    }
    return ask_relief(ReliefAsked(**request), desk=desk(town, on, hours), **how)


def approved(town: Any, on: date = JUNE, by: str = "Ben", **other: Any) -> Agreed:
    found = asked(town, **other)
    return approve_relief(
        found.agreement.relief_id, by=by, reason="as agreed", desk=desk(town, on, hours=1)
    )


def billed(town: Any, at: datetime = LATER, on: date = OCTOBER) -> list[Bill]:
    run = town.bill(1, on=on, known_at=at)
    assert not run.held
    return sorted(run.issued, key=lambda one: one.days.from_day)


def corrected(town: Any, bill: Bill, on: date = OCTOBER) -> Bill:
    """The bill in the place of one whose readings came later."""
    days = (bill.days.from_day, bill.days.until_day)
    town.read("M1", days, even(NORMAL), learned_at=LATER + timedelta(hours=1))
    run = rebill(
        [bill.bill_id], author="Ana", reason="readings", approved_by="Ben", on=on,
        known_at=LATEST, store=town.store, lake=town.lake, book=town.book,
    )  # fmt: skip
    return run.corrected[0].bill


def posted(town: Any, *, prefix: str) -> dict[str, dict[str, int]]:
    return {
        one.entry_id: {leg.ledger_account: leg.cents for leg in one.legs}
        for one in town.store.entries_of_account(town.account_id(1))
        if one.entry_id.startswith(prefix)
    }


class TestTheBillOfTheMonth:
    def test_is_less_by_half_its_demand_charge_and_the_tax_on_it(self, plant: Any) -> None:
        agreed = approved(plant)

        june, july, *_ = billed(plant)

        (demand,) = [line.cents for line in july.lines if line.code == "demand_summer"]
        (tax,) = [line for line in july.lines if line.code == "state_sales_tax"]
        less = (demand + 1) // 2
        charges = july.total_cents - tax.cents
        tax_less = tax.cents - round((charges - less) * Fraction(tax.price_usd))
        told = plant.store.relief_of_bills([june.bill_id, july.bill_id])
        assert list(told) == [july.bill_id]
        relief = told[july.bill_id]
        assert (relief.relief_id, relief.charge_cents) == (agreed.agreement.relief_id, less)
        assert relief.tax_cents == tax_less > 0
        assert posted(plant, prefix="relief:") == {
            f"relief:{july.bill_id}": {
                "442": less, "241.state_sales.mo": tax_less, "142": -(less + tax_less),
            }
        }  # fmt: skip

    def test_itself_says_nothing_of_it_and_replays(self, plant: Any) -> None:
        approved(plant)

        bills = billed(plant)

        assert all(plant.replay(one.bill_id).same_bytes for one in bills)
        assert all(b"relief" not in one.record() for one in bills)

    def test_leaves_the_next_one_the_balance_without_what_was_taken_off(self, plant: Any) -> None:
        approved(plant)

        june, july, august, _ = billed(plant)

        (relief,) = plant.store.relief_of_bills([july.bill_id]).values()
        before = plant.store.bill(august.bill_id).previous_balance_cents
        assert before == june.total_cents + july.total_cents - relief.cents

    def test_says_how_each_cent_was_worked_out_and_by_which_clause(self, plant: Any) -> None:
        approved(plant)
        july = billed(plant)[1]

        (relief,) = plant.store.relief_of_bills([july.bill_id]).values()

        record = json.loads(relief.record)
        assert [one["code"] for one in record["lines"]] == ["demand_summer", "state_sales_tax"]
        assert " x 50% = $" in record["lines"][0]["arithmetic"]
        assert "which is $" in record["lines"][1]["arithmetic"]
        assert record["ruling"]["reasons"][0]["citation"]["paragraph"] == "GRR V.H.4"
        assert record["bill_sha256"] == july.record_sha256

    def test_of_an_amount_is_less_by_no_more_than_the_charge(self, plant: Any) -> None:
        approved(plant, terms=(ReliefTerm("customer_charge", cents=10**9),))
        july = billed(plant)[1]

        (relief,) = plant.store.relief_of_bills([july.bill_id]).values()

        (customer,) = [line.cents for line in july.lines if line.code == "customer_charge"]
        assert relief.charge_cents == customer

    def test_of_which_the_charge_is_not_is_as_it_is(self, plant: Any) -> None:
        approved(plant, terms=(ReliefTerm("demand_winter", share=Fraction(1)),))
        july = billed(plant)[1]

        (relief,) = plant.store.relief_of_bills([july.bill_id]).values()

        assert (relief.cents, relief.entry) == (0, None)
        assert posted(plant, prefix="relief:") == {}

    def test_that_was_cancelled_has_it_taken_back_and_made_anew(self, plant: Any) -> None:
        approved(plant)
        july = billed(plant)[1]
        (first,) = plant.store.relief_of_bills([july.bill_id]).values()
        made = corrected(plant, july)

        entries = posted(plant, prefix="")
        legs = entries[f"relief:{july.bill_id}"]
        assert entries[f"reversal:relief:{july.bill_id}"] == {
            account: -cents for account, cents in legs.items()
        }
        (anew,) = plant.store.relief_of_bills([made.bill_id]).values()
        assert anew.charge_cents > first.charge_cents
        assert entries[f"relief:{made.bill_id}"]["142"] == -anew.cents
        owed = sum(one.get("142", 0) for one in entries.values())
        live = plant.store.bills_of_account(plant.account_id(1))
        assert owed == sum(one.total_cents for one in live) - anew.cents


class TestAgreed:
    @pytest.mark.parametrize("on", [JULY - DAY, JULY])
    def test_until_the_first_day_of_the_month(self, plant: Any, on: date) -> None:
        agreed = approved(plant, on=on)

        assert agreed.agreement.state is ReliefAct.APPROVED
        record = json.loads(agreed.agreement.steps[-1].record)
        assert record["rulings"][0]["outcome"] == {"may_be_adjusted": True}
        assert record["pins"]["book_sha256"] == plant.view.sha256

    def test_a_day_after_the_month_began_is_too_late(self, plant: Any) -> None:
        with pytest.raises(ReliefRefused, match=r"needs prior agreement, and was agreed only on"):
            approved(plant, on=JULY + DAY)

        assert plant.store.reliefs_at(["SP1"]) == []

    def test_asked_for_a_day_after_the_month_began_is_too_late(self, plant: Any) -> None:
        with pytest.raises(ReliefRefused, match="The charges of 2026-07-01 to 2026-08-01 cannot"):
            asked(plant, on=JULY + DAY)

    @pytest.mark.parametrize("name", ["Ana", " ana ", "ANA"])
    def test_by_who_asked_it_is_not(self, plant: Any, name: str) -> None:
        with pytest.raises(Conflict, match="Ana has asked for this and cannot approve it"):
            approved(plant, by=name)

    def test_asked_twice_is_one(self, plant: Any) -> None:
        first, again = asked(plant), asked(plant, hours=1)

        assert (first.is_new, again.is_new) == (True, False)
        assert [one.relief_id for one in plant.store.reliefs()] == [again.agreement.relief_id]

    def test_looked_at_first_keeps_nothing(self, plant: Any) -> None:
        assert asked(plant, dry_run=True).rulings

        assert plant.store.reliefs() == []

    def test_and_not_approved_adjusts_nothing(self, plant: Any) -> None:
        asked(plant)

        assert not any(one.relief for one in billed(plant))

    @pytest.mark.parametrize(
        ("other", "sentence"),
        [
            ({"cause": LoadCause.STRIKE}, "'strike' is not among the causes of the item"),
            ({"months": ()}, "It is not said what is adjusted, or in which months"),
            ({"terms": ()}, "It is not said what is adjusted, or in which months"),
            ({"terms": (HALF, HALF)}, "The charge demand_summer is adjusted twice"),
            ({"months": (JULY + DAY,)}, "No billing period begins on 2026-07-02"),
            ({"months": (date(2026, 5, 1),)}, "It has no service on 2026-05-01"),
            (
                {"terms": (ReliefTerm("state_sales_tax", cents=1),)},
                "state_sales_tax is no charge of 3M on 2026-07-01",
            ),
            ({"service_point_id": "SP9"}, "It has no service on 2026-07-01"),
            ({"by": " "}, "Who decides, and why, is missing"),
            ({"reason": "x" * 1001}, "The name has at most 100 characters, the reason 1000"),
        ],
    )
    def test_is_refused_with_what_speaks_against_it(
        self, plant: Any, other: dict[str, Any], sentence: str
    ) -> None:
        with pytest.raises(Refusal, match=sentence):
            asked(plant, **other)

        assert plant.store.reliefs() == []

    def test_of_a_home_is_refused(self, plant: Any) -> None:
        plant.start(2, from_day=JUNE)

        with pytest.raises(ReliefRefused, match="for residential service this item does not apply"):
            asked(
                plant,
                account_id=plant.account_id(2),
                terms=(ReliefTerm("customer_charge", share=Fraction(1, 2)),),
            )

    def test_of_nobody_is_refused(self, plant: Any) -> None:
        with pytest.raises(NotFound, match="There is no account"):
            asked(plant, account_id="0000000000")

    def test_of_a_month_that_is_billed_is_refused(self, plant: Any) -> None:
        billed(plant, at=TOLD - timedelta(hours=1), on=AUGUST)

        with pytest.raises(ReliefRefused, match="It is billed until 2026-08-01"):
            asked(plant)

    def test_of_a_month_that_was_billed_meanwhile_is_not_approved(self, plant: Any) -> None:
        found = asked(plant)
        billed(plant, at=TOLD + timedelta(minutes=1), on=AUGUST)

        with pytest.raises(Conflict, match="The month of 2026-07-01 is billed already"):
            approve_relief(
                found.agreement.relief_id, by="Ben", reason="so", desk=desk(plant, JULY, 1)
            )

    def test_of_a_month_that_another_has_is_not_approved(self, plant: Any) -> None:
        approved(plant)
        other = asked(plant, months=(JULY, AUGUST), hours=2)

        with pytest.raises(Conflict, match="The month of 2026-07-01 is adjusted by relief RL-"):
            approve_relief(
                other.agreement.relief_id, by="Ben", reason="so", desk=desk(plant, JUNE, 3)
            )


class TestEnded:
    def test_the_months_before_keep_it_and_those_after_have_none(self, plant: Any) -> None:
        agreed = approved(plant, months=(JULY, AUGUST, SEPTEMBER))
        ended = end_relief(
            agreed.agreement.relief_id,
            from_day=SEPTEMBER,
            by="Ana",
            reason="the hall stands again",
            desk=desk(plant, AUGUST, 2),
        )

        bills = billed(plant)

        assert [one.from_day for one in ended.agreement.live_months] == [JULY, AUGUST]
        assert [one.days.from_day for one in bills if one.relief] == [JULY, AUGUST]

    def test_a_month_that_has_begun_keeps_it(self, plant: Any) -> None:
        agreed = approved(plant, months=(JULY, AUGUST))

        with pytest.raises(ReliefRefused, match="It cannot end from 2026-07-01 on"):
            end_relief(
                agreed.agreement.relief_id, from_day=JULY, by="Ana", reason="so",
                desk=desk(plant, JULY, 2),
            )  # fmt: skip

    def test_the_day_before_a_month_it_has_none(self, plant: Any) -> None:
        agreed = approved(plant, months=(JULY, AUGUST))

        ended = end_relief(
            agreed.agreement.relief_id, by="Ana", reason="so", desk=desk(plant, JULY - DAY, 2)
        )

        assert ended.agreement.live_months == ()
        with pytest.raises(Conflict, match="It is ended, and cannot be ended now"):
            end_relief(agreed.agreement.relief_id, by="Ana", reason="so", desk=desk(plant, JULY, 3))

    def test_before_anybody_agreed_it_is_withdrawn_and_can_be_asked_anew(self, plant: Any) -> None:
        first = asked(plant).agreement
        end_relief(first.relief_id, by="Ana", reason="so", desk=desk(plant, JUNE, 1))
        with pytest.raises(Conflict, match="It is ended, and cannot be approved now"):
            approve_relief(first.relief_id, by="Ben", reason="so", desk=desk(plant, JUNE, 2))

        again = asked(plant, hours=2)

        assert again.is_new
        assert again.agreement.relief_id != first.relief_id

    def test_gives_its_months_free_for_another(self, plant: Any) -> None:
        first = approved(plant).agreement
        end_relief(first.relief_id, by="Ana", reason="so", desk=desk(plant, JUNE, 2))

        other = asked(plant, cause=LoadCause.ACT_OF_GOD, hours=3)
        agreed = approve_relief(
            other.agreement.relief_id, by="Ben", reason="so", desk=desk(plant, JUNE, 4)
        )

        assert agreed.agreement.live_months == (DaySpan(JULY, AUGUST),)


class TestTheStatement:
    def test_shows_what_is_taken_off_and_asks_so_much_less(self, plant: Any) -> None:
        approved(plant)
        june, july, august, september = billed(plant)
        (relief,) = plant.store.relief_of_bills([july.bill_id]).values()

        first, second = (
            statement_of(
                plant.store.bill(one.bill_id), store=plant.store, book=plant.book, known_at=LATEST
            )
            for one in (july, august)
        )

        assert first.asked_cents == june.total_cents + july.total_cents - relief.cents
        assert first.charges_cents == july.total_cents
        rows = [(one.words, one.amount) for one in balance_rows(first)]
        assert ("Taken off as agreed with you", usd_display(-relief.cents)) in rows
        later = f"Asked for on bill {september.bill_id} of the same day"
        assert rows[-1] == (later, usd_display(first.asked_cents))
        assert first.messages[0].startswith(
            f"As agreed with you for fire, {usd_display(relief.cents)} are taken off this bill "
            "(Sheet 134, rev. 1, GRR V.H.4). "
        )
        assert " x 50% = $" in first.messages[0]
        assert second.balance.last_asked_cents == first.asked_cents
        assert (second.balance.changes, second.balance.unlisted_cents) == ((), 0)
        assert second.relief is None

    def test_of_the_corrected_bill_tells_what_was_taken_back(self, plant: Any) -> None:
        approved(plant)
        july = billed(plant, on=AUGUST)[1]
        (was,) = plant.store.relief_of_bills([july.bill_id]).values()
        made = corrected(plant, july)
        (now,) = plant.store.relief_of_bills([made.bill_id]).values()

        told = statement_of(
            plant.store.bill(made.bill_id), store=plant.store, book=plant.book, known_at=LATEST
        )

        assert [one.cents for one in told.balance.changes] == [-july.total_cents, was.cents]
        june = plant.store.bills_of_account(plant.account_id(1))[0]
        assert told.asked_cents == june.total_cents + made.total_cents - now.cents
        assert told.asked_cents == plant.store.balance_cents(plant.account_id(1))


class TestMoney:
    def test_of_which_the_bill_asks_is_so_much_less(self, plant: Any) -> None:
        approved(plant)
        june, july, *_ = billed(plant, on=AUGUST)
        (relief,) = plant.store.relief_of_bills([july.bill_id]).values()
        account = plant.account_id(1)
        (money,) = plant.store.account_money([account]).values()

        found = receivable_of_movements(
            account, money.movements, money.applications, due_days={}, at=AUGUST
        )

        assert [(one.item_id, one.charged_cents, one.open_cents) for one in found.items] == [
            (f"bill:{june.bill_id}", june.total_cents, june.total_cents),
            *[(f"bill:{july.bill_id}", *[july.total_cents - relief.cents] * 2)],
        ]
        assert found.free_credits == ()
        stated = stated_cents(plant.store.bill(july.bill_id), money)
        assert stated == june.total_cents + july.total_cents - relief.cents

    def test_of_a_combined_statement_is_what_the_bill_asks(self, plant: Any) -> None:
        approved(plant)
        july = billed(plant, on=AUGUST)[1]
        (relief,) = plant.store.relief_of_bills([july.bill_id]).values()
        entries = plant.store.entries_of_account(plant.account_id(1))

        found = combined_statements._charged(
            plant.store.bill(july.bill_id), {one.entry_id: one for one in entries}
        )

        assert (found.charges_cents, found.asked_cents) == (
            july.total_cents,
            july.total_cents - relief.cents,
        )

    def test_of_a_late_charge_is_on_what_is_left_after_a_correction_too(self, plant: Any) -> None:
        approved(plant)
        june, july, *_ = billed(plant, on=AUGUST)
        account = plant.account_id(1)
        view = plant.book.as_known(LATEST.date())

        def unpaid() -> int:
            history = plant.store.late_histories([account], LATEST)[account]
            right = as_if_right(history).history
            newest = max(right.bills, key=lambda one: one.days.from_day)
            found = unpaid_after(
                newest.due_day, newest, right, on=OCTOBER, view=view, said=SaidElsewhere()
            )
            return found.chargeable_cents

        (first,) = plant.store.relief_of_bills([july.bill_id]).values()
        assert unpaid() == june.total_cents + july.total_cents - first.cents
        corrected(plant, july, OCTOBER)

        # The correction asks more, and what is late of it is what was asked first.
        assert unpaid() == june.total_cents + july.total_cents - first.cents

    def test_in_the_reports_is_less_by_schedule_and_by_tax_and_ties(self, plant: Any) -> None:
        approved(plant)
        bills = billed(plant)
        (relief,) = plant.store.relief_of_bills([bills[1].bill_id]).values()
        days = DaySpan(date(2026, 1, 1), date(2027, 1, 1))

        found = revenue(days, view=plant.book.as_known(LATEST.date()), store=plant.store)

        assert all(one.holds for one in found.ties), [one.as_json() for one in found.ties]
        charges = sum(
            line.cents for one in bills for line in one.lines if line.group.value != "tax"
        )
        assert found.by_schedule == {"3M": charges - relief.charge_cents}
        assert found.by_code["relief"] == -relief.charge_cents
        assert found.taxes.apart == {}
        (tax,) = found.taxes.totals
        assert tax.taxable_cents == charges - relief.charge_cents
        assert tax.tax_cents == sum(one.total_cents for one in bills) - charges - relief.tax_cents

    def test_of_a_cancelled_bill_leaves_the_reports_whole(self, plant: Any) -> None:
        approved(plant)
        corrected(plant, billed(plant)[1])
        days = DaySpan(date(2026, 1, 1), date(2027, 1, 1))

        found = revenue(days, view=plant.book.as_known(LATEST.date()), store=plant.store)

        assert all(one.holds for one in found.ties), [one.as_json() for one in found.ties]
        assert found.taxes.apart == {}


class TestReplayed:
    def test_each_step_and_each_bill_comes_out_as_it_was(self, plant: Any) -> None:
        name = approved(plant, months=(JULY, AUGUST)).agreement.relief_id
        july = billed(plant)[1]
        made = corrected(plant, july)

        again = replay_relief(name, store=plant.store, book=plant.book)

        assert again.same
        assert july.bill_id in [one.bill_id for one, _ in again.bills]
        assert made.bill_id in [one.bill_id for one, _ in again.bills]
        assert len(again.bills) == 3

    def test_another_amount_or_book_is_told(self, plant: Any, monkeypatch: Any) -> None:
        name = approved(plant).agreement.relief_id
        july = billed(plant)[1]
        told = plant.store.relief_of_bills([july.bill_id])[july.bill_id]
        altered = replace(told, record=told.record.replace(b"50%", b"51%"))
        monkeypatch.setitem(plant.store._bill_reliefs, july.bill_id, altered)

        again = replay_relief(name, store=plant.store, book=plant.book)

        assert not again.same
        assert [same for _, same in again.steps] == [True, True]
