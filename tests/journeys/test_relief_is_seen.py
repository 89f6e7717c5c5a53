"""What an agreement takes off a bill is seen by what asks bills for what they came to (V.H.4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from tests.journeys.channel_town import ACCOUNT
from tests.journeys.channel_town import town as channel_town
from tests.journeys.plant_town import JULY, JUNE, OCTOBER, TOLD, Plant, priced_book
from tests.journeys.test_relief import approved, billed
from tests.journeys.town import VIEWER
from tests.stores.extension_town import CONTRACT, GUARANTEE, Desk, the_book
from tests.stores.paper_town import agreement_of, bill_of
from tests.stores.relief_paper import after, agreement, relieved_bill

from meterledger.facts.bills import Bill
from meterledger.facts.deposits import DepositKind
from meterledger.facts.extensions import ExtensionAct
from meterledger.facts.relief import ReliefTerm
from meterledger.facts.unbilled import UnbilledLine, UnbilledMethod
from meterledger.kernel.money import usd_text
from meterledger.stores.memory import MemoryStore
from meterledger.usecases import extension_run
from meterledger.usecases.autopay_amount import past_cents
from meterledger.usecases.deposit_base import year_of_bills
from meterledger.usecases.deposit_decide import Asking, Considered, consider_deposit
from meterledger.usecases.deposit_history import account_history
from meterledger.usecases.deposit_revisions import REVISIONS, TODAY
from meterledger.usecases.extension_guarantees import bills_of_extension
from meterledger.usecases.extension_replay import replay_extension
from meterledger.usecases.extension_tellings import Told, serve_from_extension
from meterledger.usecases.unbilled_revenue import unbilled_revenue

ALL_DEMAND = ReliefTerm("demand_summer", share=Fraction(1))
SEPTEMBER = date(2026, 9, 1)
(BEFORE,) = REVISIONS["deposit-2"]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return priced_book(tmp_path_factory.mktemp("books") / "union_electric_mo6")


@pytest.fixture
def plant(book: Any) -> Iterator[Plant]:
    town = Plant(book=book)
    with town.store.viewing(VIEWER, []):
        town.begin()
        yield town


def off(town: Plant, bill: Bill) -> int:
    return town.store.relief_of_bills([bill.bill_id])[bill.bill_id].cents


class TestADeposit:
    """Of a plant whose dearest bill, of September, has all of its demand taken off."""

    def consider(self, plant: Plant) -> Considered:
        asking = Asking(
            plant.account_id(1),
            DepositKind.NON_RESIDENTIAL,
            date(2026, 11, 20),
            TOLD + timedelta(days=1),
            {},
        )
        return consider_deposit(asking, store=plant.store, view=plant.view)

    def test_is_at_most_twice_what_the_highest_bill_came_to(self, plant: Plant) -> None:
        approved(plant, months=(SEPTEMBER,), terms=(ALL_DEMAND,))
        bills = billed(plant)
        came_to = [one.total_cents for one in bills[:3]]
        came_to.append(bills[3].total_cents - off(plant, bills[3]))
        assert max(came_to) < bills[3].total_cents

        found = self.consider(plant)

        told = [one["total_usd"] for one in found.own["history"]["bills"]]
        assert told == list(map(usd_text, came_to))
        assert found.limit is not None
        assert found.limit.outcome.most_cents == 2 * max(came_to)

    def test_of_the_revision_before_saw_what_bills_charged(self, plant: Plant) -> None:
        approved(plant, months=(SEPTEMBER,), terms=(ALL_DEMAND,))
        september = billed(plant)[3]

        told = [
            account_history(
                plant.account_id(1),
                on=date(2026, 11, 20),
                known_at=TOLD + timedelta(days=1),
                store=plant.store,
                view=plant.view,
                by=by,
            ).every_bill[-1].total_cents
            for by in (BEFORE, TODAY)
        ]  # fmt: skip

        assert told == [september.total_cents, september.total_cents - off(plant, september)]

    def test_rests_on_what_the_year_at_the_place_came_to(self, plant: Plant) -> None:
        approved(plant, months=(JULY,), terms=(ALL_DEMAND,))
        bills = billed(plant)

        (service,) = plant.services(1, known_at=TOLD)
        year = year_of_bills(
            [service.agreement.service_point_id],
            on=date(2026, 11, 20),
            known_at=TOLD + timedelta(days=1),
            store=plant.store,
        )

        all_charged = sum(one.total_cents for one in bills)
        assert sum(one.total_cents for one in year.bills) == all_charged - off(plant, bills[1])


class TestAGuarantee:
    """1,800.00 of cost are 150.00 a month; each bill has no tax line, and the fourth is tested."""

    @pytest.fixture
    def desk(self) -> Desk:
        desk = Desk(MemoryStore())
        desk.open(GUARANTEE)
        served = Told(date(2025, 1, 1), "Ana")
        desk.look(
            lambda: serve_from_extension(
                CONTRACT,
                agreement_of(1).agreement_id,
                served,
                store=desk.store,
                moment=desk.moment,
            )
        )
        asked = agreement(1, 3)
        desk.look(lambda: desk.store.record_relief(asked))
        desk.look(lambda: desk.store.record_relief(after(asked)))
        for month in range(3):
            desk.store.record_bills([bill_of(1, month, cents=100_00)])
        desk.store.record_bills([relieved_bill(1, 3, off=30_00)])
        return desk

    def replays(self, desk: Desk) -> list[bool]:
        again = desk.look(lambda: replay_extension(CONTRACT, store=desk.store, book=the_book()))
        return [one.is_same for one in again]

    def test_has_the_revenue_that_is_left_of_a_bill(self, desk: Desk) -> None:
        desk.run(date(2026, 11, 28))

        first, *_, fourth = desk.on_file().of(ExtensionAct.TESTED)
        assert fourth.data["net_revenue_usd"] == "135.19"
        assert fourth.data["deficiency_cents"] == 150_00 - 135_19
        assert (fourth.data["knows_relief"], b'"relief_usd":"30.00"' in fourth.record) == (
            True,
            True,
        )
        assert b"relief" not in first.record
        assert all(self.replays(desk))

    def test_tested_before_relief_was_seen_replays_as_it_was(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        blind = partial(bills_of_extension, knows_relief=False)
        with monkeypatch.context() as then:
            then.setattr(extension_run, "bills_of_extension", blind)
            desk.run(date(2026, 11, 28))

        fourth = desk.on_file().of(ExtensionAct.TESTED)[-1]
        assert fourth.data["net_revenue_usd"] == "165.19"
        assert fourth.data["deficiency_cents"] == 0
        assert all(self.replays(desk))


def test_the_ceiling_of_autopay_looks_back_on_what_bills_came_to() -> None:
    """Bills of 165.19; a hundred is taken off the second and the third."""
    store = channel_town(1)
    asked = agreement(1, 1, 2)
    store.record_relief(asked)
    store.record_relief(after(asked))
    for month in (1, 2):
        store.record_bills([relieved_bill(1, month, off=100_00)])
    store.record_bills([bill_of(1, 3)])
    bills = store.bills_of_account(ACCOUNT)
    money = store.account_money([ACCOUNT])[ACCOUNT]

    told = past_cents(bills[3], bills, money, since=bills[0].issued_day)

    assert told == (165_19, 65_19, 65_19)
    assert past_cents(bills[3], bills, money, since=bills[2].issued_day) == (65_19,)


class TestUnbilledRevenue:
    def accrued(self, plant: Plant, month_end: date) -> UnbilledLine:
        (line,) = unbilled_revenue(
            month_end,
            known_at=TOLD + timedelta(days=1),
            today=date(2026, 12, 2),
            store=plant.store,
            lake=plant.lake,
            view=plant.view,
        ).lines
        return line

    def test_of_an_agreed_month_is_less_as_its_bill_will_be(self, plant: Plant) -> None:
        full = self.accrued(plant, date(2026, 6, 30))
        approved(plant, months=(JUNE,), terms=(ALL_DEMAND,))
        less = self.accrued(plant, date(2026, 6, 30))

        june = billed(plant)[0]
        told = plant.store.relief_of_bills([june.bill_id])[june.bill_id]
        assert (full.method, less.method) == (UnbilledMethod.PRICED,) * 2
        assert full.cents - less.cents == told.charge_cents > 0

    @pytest.mark.parametrize("goes_on", [True, False])
    def test_by_the_last_bill_is_less_its_relief_where_that_goes_on(
        self, plant: Plant, goes_on: bool
    ) -> None:
        """Nothing is known of October: September's bill says what a day costs."""
        months = (SEPTEMBER, OCTOBER) if goes_on else (SEPTEMBER,)
        approved(plant, months=months, terms=(ALL_DEMAND,))
        september = billed(plant)[3]
        charged = sum(one.cents for one in september.lines if one.group.value != "tax")
        told = plant.store.relief_of_bills([september.bill_id])[september.bill_id]

        line = self.accrued(plant, date(2026, 10, 31))

        left = charged - told.charge_cents if goes_on else charged
        assert line.method is UnbilledMethod.LAST_BILL
        assert line.cents == round(Fraction(left * 31, 30))
