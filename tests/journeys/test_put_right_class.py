"""A shop that was entered as a home, and a home as a shop: bills, taxes, limits, what stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.deposit_town import APPLICANT
from tests.journeys.test_put_right import AFTER, ANA, KNOWN, TOLD, right
from tests.journeys.town import FIRST, VIEWER, Town, even

from meterledger.facts.billing_options import DueDateChoice, DueDateKind
from meterledger.facts.bills import read_record
from meterledger.facts.corrections import CorrectionCause, WrongFact
from meterledger.facts.deposits import DepositKind
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.rulebook.book import TariffBook
from meterledger.usecases.budget_plans import JoinRequest, join_budget
from meterledger.usecases.deposit_ask import Desk, ask_deposit
from meterledger.usecases.find_corrections import bills_to_correct
from meterledger.usecases.late_charge_replay import replay_late_charge
from meterledger.usecases.late_charges import charge_late
from meterledger.usecases.put_right import put_right
from meterledger.usecases.put_right_class import StandsInTheWay
from meterledger.usecases.rebill_states import CannotRebill, Now
from meterledger.usecases.start_service import start_service

JULY, AUGUST, SEPTEMBER = (date(2025, month, 9) for month in (7, 8, 9))
HOME, SHOP = "1M-anytime", "1M-smart"
"""The book of shops has 1M-smart as a rate of shops."""


READ = (date(2025, 7, 1), date(2025, 12, 1))


def entered(book: TariffBook, schedule: str, reads: tuple[date, ...] = READ, **how: Any) -> Town:
    made = Town(book=book)
    how = {"tax_place": "none", "sales_tax_place": "creve_coeur", **how}
    request = made.request(1, cycle=9, from_day=JULY, schedule=schedule, **how)
    view = book.as_known(KNOWN.date())  # it knows of sales tax by now
    start_service(request, learned_at=FIRST, view=view, store=made.store)
    if reads:
        made.read("M1", READ, even(400))
    return made


def billed(town: Town, *days: date) -> list[Any]:
    found = []
    for number, on in enumerate(days):
        found += town.bill(1, on=on, known_at=KNOWN + timedelta(minutes=number)).issued
    return found


@pytest.fixture
def home(book_of_shops: TariffBook) -> Iterator[Town]:
    """A shop that was entered as a home."""
    made = entered(book_of_shops, HOME)
    with made.store.viewing(VIEWER, ["everything"]):
        yield made


@pytest.fixture
def shop(book_of_shops: TariffBook) -> Iterator[Town]:
    """A home that was entered as a shop."""
    made = entered(book_of_shops, SHOP)
    with made.store.viewing(VIEWER, ["everything"]):
        yield made


def taxes(stored: Any) -> list[str]:
    lines = read_record(stored.record)["lines"]
    return [one["code"] for one in lines if one["group"] == "tax"]


def nothing_waits(town: Town) -> bool:
    now = Now(
        AFTER + timedelta(days=1), date(2025, 10, 21), town.store.lake_sequence(), town.book,
        town.lake,
    )  # fmt: skip
    return bills_to_correct(store=town.store, now=now)[1] == []


class TestAShopThatWasEnteredAsAHome:
    def test_has_its_bills_made_again_with_the_taxes_of_a_shop(self, home: Town) -> None:
        bills = billed(home, AUGUST, SEPTEMBER)
        assert [taxes(home.store.bill(one.bill_id)) for one in bills] == [[], []]
        made = right(home, WrongFact.SCHEDULE, SHOP)

        live = home.store.bills_of_account(home.account_id(1))
        assert [one.corrects for one in live] == [one.bill_id for one in bills]
        assert [one.days for one in live] == [one.days for one in bills]
        assert all(taxes(one) for one in live)
        assert made.told[0] == (
            "It was entered as residential service and is small general service: taxes, prices and "
            "limits of adjustments are those of small general service."
        )
        causes = {part.cause for one in made.run.corrected for part in one.parts}
        assert causes <= {CorrectionCause.PROGRAM, CorrectionCause.TAX, CorrectionCause.READING}
        assert CorrectionCause.TAX in causes
        every = home.store.issued_bills_of_account(home.account_id(1))
        assert len(every) == 4
        assert all(home.replay(one.bill_id).same_bytes for one in every)
        assert home.store.balance_cents(home.account_id(1)) == sum(one.total_cents for one in live)
        assert nothing_waits(home)

    def test_goes_on_as_a_shop(self, home: Town) -> None:
        billed(home, AUGUST)
        right(home, WrongFact.SCHEDULE, SHOP)
        (bill,) = home.bill(1, on=SEPTEMBER, known_at=AFTER).issued
        assert bill.schedule == SHOP
        assert taxes(home.store.bill(bill.bill_id))

    def test_is_adjusted_within_the_bounds_of_others(self, home: Town) -> None:
        billed(home, AUGUST)
        made = right(home, WrongFact.SCHEDULE, SHOP)
        assert made.run.decision is not None
        cited = " ".join(one.citation.text for one in made.run.decision.reasons)
        assert "V.G.1" not in cited

    def test_without_its_sales_tax_place_is_refused_with_what_to_tell(
        self, book_of_shops: TariffBook
    ) -> None:
        town = entered(book_of_shops, HOME, sales_tax_place="")
        with town.store.viewing(VIEWER, ["everything"]):
            billed(town, AUGUST)
            with pytest.raises(
                CannotRebill, match="No sales-tax jurisdiction is known for premise PR1"
            ):
                right(town, WrongFact.SCHEDULE, SHOP)
            assert town.store.put_rights(town.account_id(1)) == []

    def test_without_a_bill_is_told_what_its_first_one_will_need(
        self, book_of_shops: TariffBook
    ) -> None:
        town = entered(book_of_shops, HOME, sales_tax_place="")
        with town.store.viewing(VIEWER, ["everything"]):
            made = right(town, WrongFact.SCHEDULE, SHOP)
        assert made.run.corrected == []
        assert "are held until it is told. Tell it with `meterledger tax place PR1" in made.told[1]


class TestAHomeThatWasEnteredAsAShop:
    def test_has_its_bills_made_again_without_the_taxes_of_a_shop(self, shop: Town) -> None:
        bills = billed(shop, AUGUST, SEPTEMBER)
        made = right(shop, WrongFact.SCHEDULE, "1M-overnight")
        live = shop.store.bills_of_account(shop.account_id(1))
        assert [taxes(one) for one in live] == [[], []]
        assert [len(taxes(shop.store.bill(one.bill_id))) > 0 for one in bills] == [True, True]
        assert len(made.run.corrected) == 2
        every = shop.store.issued_bills_of_account(shop.account_id(1))
        assert all(shop.replay(one.bill_id).same_bytes for one in every)
        assert nothing_waits(shop)

    def test_is_adjusted_within_the_periods_of_a_home(self, shop: Town) -> None:
        billed(shop, AUGUST)
        made = right(shop, WrongFact.SCHEDULE, "1M-overnight")
        assert made.run.decision is not None
        cited = " ".join(one.citation.text for one in made.run.decision.reasons)
        assert "V.G.1" in cited


class TestThirteenPeriods:
    """The thirteenth back is beyond what a home is charged; a business has no such limit."""

    def corrected(
        self, book: TariffBook, was: str, is_now: str, hours: range
    ) -> list[tuple[bool, bool]]:
        """Of each bill, whether it is adjusted, and whether it charges more."""
        town = entered(book, was, reads=())
        town.read(
            "M1", (JULY, date(2026, 8, 10)),
            lambda _, count: [8000 if slot in hours else 0 for slot in range(count)], seconds=3600,
        )  # fmt: skip
        with town.store.viewing(VIEWER, ["everything"]):
            days = [date(2025 + (7 + n) // 12, (7 + n) % 12 + 1, 9) for n in range(13)]
            assert len(billed(town, *days)) == 13
            (service,) = town.services(1, known_at=TOLD)
            now = Now(TOLD, date(2026, 8, 20), town.store.lake_sequence(), town.book, town.lake)
            made = put_right(
                agreement_id=service.agreement.agreement_id, fact=WrongFact.SCHEDULE,
                is_now=is_now, signed=ANA, now=now, store=town.store,
            )  # fmt: skip
            return [(one.adjusted, one.difference_cents > 0) for one in made.run.corrected]

    def test_of_a_home_are_charged_more_for_twelve(self, book_of_shops: TariffBook) -> None:
        told = self.corrected(book_of_shops, SHOP, "1M-overnight", range(8, 12))
        assert told == [(False, False), *[(True, True)] * 12]

    def test_of_a_shop_are_charged_more_for_all(self, book_of_shops: TariffBook) -> None:
        told = self.corrected(book_of_shops, "1M-overnight", SHOP, range(15, 19))
        assert told == [(True, True)] * 13


class TestWhatStandsByTheOtherClass:
    def test_a_deposit_is_told_and_stays(self, home: Town) -> None:
        ask_deposit(
            home.account_id(1), DepositKind.INITIAL, on=JULY,
            told={**APPLICANT, "estimated_annual_bill_usd": "1200.00"}, cents=None,
            reason="the rules allow it",
            desk=Desk(home.store, home.book.as_known(KNOWN.date()), "Ana", KNOWN),
        )  # fmt: skip
        billed(home, AUGUST)
        (deposit,) = home.store.deposits_of_accounts([home.account_id(1)])[home.account_id(1)]
        made = right(home, WrongFact.SCHEDULE, SHOP)
        (said,) = [one for one in made.told if deposit.deposit_id in one]
        assert "came by the rules of residential service, and goes by them until it ends" in said
        (after,) = home.store.deposits_of_accounts([home.account_id(1)])[home.account_id(1)]
        assert after == deposit

    def test_a_late_charge_is_told_and_decided_again_by_the_next_night(self, home: Town) -> None:
        billed(home, AUGUST)
        account, day = home.account_id(1), date(2025, 9, 20)
        at = KNOWN + timedelta(minutes=20)
        (charge,) = charge_late(
            [account], on=day, known_at=at, store=home.store, book=home.book
        ).charges
        made = right(home, WrongFact.SCHEDULE, SHOP)
        (said,) = [one for one in made.told if one.startswith("Late charges of")]
        assert "is decided again by the next night" in said or "are decided again" in said
        assert home.store.late_charges_to_decide_again(date.min) == [account]
        run = charge_late(
            [account], on=date(2025, 10, 21), known_at=AFTER, store=home.store, book=home.book
        )
        assert run.reversals == []  # of a shop it would be no less, and a charge only goes down
        assert replay_late_charge(
            charge.late_charge_id, store=home.store, book=home.book
        ).same_bytes

    def test_a_budget_plan_that_is_not_for_it_is_ended_first(self, home: Town) -> None:
        join_budget(
            JoinRequest(
                home.account_id(1), date(2025, 7, 10), True, settlement_option="b",
                bill_medium="postcard", told_year_cents=120_000, basis="x",
            ),
            learned_at=KNOWN - timedelta(hours=1), view=home.book.as_known(KNOWN.date()),
            store=home.store,
        )  # fmt: skip
        billed(home, AUGUST)
        with pytest.raises(StandsInTheWay, match=r"is not for service under 3\(M\)") as no:
            right(home, WrongFact.SCHEDULE, "3M")
        assert "`meterledger budget leave" in no.value.do
        assert home.store.put_rights(home.account_id(1)) == []
        right(home, WrongFact.SCHEDULE, SHOP)  # the book of shops has their rate under 1(M)

    def test_a_chosen_due_date_that_is_not_for_it_is_ended_first(self, home: Town) -> None:
        home.store.choose_due_date(
            DueDateChoice(
                home.account_id(1), DueDateKind.PREFERRED, 5, Validity(date(2025, 7, 10)),
                KNOWN - timedelta(hours=1), (),
            )
        )  # fmt: skip
        with pytest.raises(StandsInTheWay, match="preferred due date since") as no:
            right(home, WrongFact.SCHEDULE, "3M")
        assert "`meterledger due-date end" in no.value.do

    def test_another_rate_of_the_same_service_is_named_until_it_is_right_too(
        self, home: Town
    ) -> None:
        (service,) = home.services(1, known_at=KNOWN)
        agreement = service.agreement
        then = replace(
            agreement, agreement_id=f"{agreement.agreement_id}-b", schedule="1M-overnight",
            days=Validity(AUGUST), learned_at=KNOWN,
        )  # fmt: skip
        home.store.change_agreement(agreement.agreement_id, AUGUST, then, ())
        service, _ = home.services(1, known_at=TOLD)
        now = Now(TOLD, date(2025, 10, 20), home.store.lake_sequence(), home.book, home.lake)
        made = put_right(
            agreement_id=service.agreement.agreement_id, fact=WrongFact.SCHEDULE, is_now=SHOP,
            signed=ANA, now=now, store=home.store,
        )  # fmt: skip
        (said,) = [one for one in made.told if then.agreement_id in one]
        assert "stays on 1M-overnight, which is no small general service: put it right" in said

    def test_what_cannot_be_told_of_it_is_refused_before_a_bill_is_made_again(
        self, home: Town
    ) -> None:
        """The service goes on by a rate of which the book knows no class."""
        (bill,) = billed(home, AUGUST)
        (service,) = home.services(1, known_at=KNOWN)
        agreement = service.agreement
        then = replace(
            agreement, agreement_id=f"{agreement.agreement_id}-b", schedule="1M-yesterday",
            days=Validity(AUGUST), learned_at=KNOWN,
        )  # fmt: skip
        home.store.change_agreement(agreement.agreement_id, AUGUST, then, ())
        now = Now(TOLD, date(2025, 10, 20), home.store.lake_sequence(), home.book, home.lake)
        with pytest.raises(Refusal, match="1M-yesterday"):
            put_right(
                agreement_id=agreement.agreement_id, fact=WrongFact.SCHEDULE, is_now=SHOP,
                signed=ANA, now=now, store=home.store,
            )  # fmt: skip
        assert home.store.put_rights(home.account_id(1)) == []
        assert home.store.bill(bill.bill_id).cancelled_by is None
