"""A deposit's life on PostgreSQL, as in memory: paid, a final bill, a refund of what remains."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.conftest import town_module
from tests.journeys.deposit_town import APPLICANT, Home, come_back, home_of, queue
from tests.journeys.test_deposit_remainders import each_goes_back_once, ended_pair

from meterledger.kernel.span import DaySpan
from meterledger.stores.postgres import PostgresStore
from meterledger.stores.postgres.repository.verify import verify_invariants
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.deposit_acts import move_deposit
from meterledger.usecases.deposit_back import deposit_remainders_due
from meterledger.usecases.deposit_hand_out import hand_out_remainders
from meterledger.usecases.deposit_replay import replay_deposit
from meterledger.usecases.finance_reports import revenue
from meterledger.usecases.rebill import rebill
from meterledger.usecases.settlements import MoneyDesk


def life(store: Any) -> list[tuple[str, str, int, str]]:
    """What happened, step by step, and what is held at the end of it."""
    towns = town_module()
    town = towns.Town(store=store)
    with store.viewing(towns.VIEWER, ["a test"]):
        home: Home = home_of(town, until=date(2025, 8, 12))
        home.ask(date(2025, 7, 1), told={**APPLICANT, "estimated_annual_bill_usd": "1200.00"})
        home.pay(200_00, date(2025, 7, 5))
        home.live(date(2025, 8, 1), 1)
        agreement = store.services_of_account(home.account, home.now)[0].agreement
        store.stop_service(agreement.agreement_id, date(2025, 8, 11), home.now)
        assert home.bill(date(2025, 8, 12)) is not None
        home.night(date(2025, 8, 12))
        (due,) = deposit_remainders_due([home.account], at=date(2025, 8, 12), desk=home.desk())
        refunds = MoneyDesk(store, town.book, date(2025, 8, 13), home.desk().now)
        out = hand_out_remainders(
            on=date(2025, 8, 13), desk=home.desk("meterledger"), refunds=refunds
        )
        approve_settlement(
            out.asked[0],
            by="Ben",
            reason="due",
            desk=MoneyDesk(store, town.book, date(2025, 8, 13), home.desk().now),
        )
        home.check()
        assert home.held() == 0
        assert replay_deposit(due.deposit_id, store=store, book=town.book).same
        come_back(home, 1, on=date(2025, 8, 20))
        assert home.night(date(2025, 8, 20)).counts["owed back"] == 1
        assert home.night(date(2025, 8, 21)).changed == 0
        home.check()
        assert (home.held(), store.trial_balance()["143"]) == (0, due.cents)
        assert [one.owed_cents for one in queue(home, date(2025, 8, 21))] == [due.cents]
        assert replay_deposit(due.deposit_id, store=store, book=town.book).same
        return [
            (one.key, one.act.value, one.cents, one.record.decode())
            for one in home.deposits()[0].steps
        ]


@pytest.mark.postgres
def test_both_stores_live_the_same_life(postgres: PostgresStore) -> None:
    from meterledger.stores.memory import MemoryStore

    assert life(postgres) == life(MemoryStore())
    towns = town_module()
    with postgres.viewing(towns.VIEWER, ["a test"]):
        assert [found for found in verify_invariants(postgres) if found[2]] == []


@pytest.mark.postgres
def test_a_final_bill_of_a_few_cents_is_written_off_with_its_bill(postgres: PostgresStore) -> None:
    """GRR V.E.2: it asks for nothing, and the books show what was used."""
    towns = town_module()
    town = towns.Town(store=postgres)
    with postgres.viewing(towns.VIEWER, ["a test"]):
        town.start(1, tax_place="university_city", from_day=date(2025, 7, 20))
        town.read("M1", (date(2025, 7, 20), date(2025, 7, 22)), lambda day, count: [1] * count)
        (service,) = town.services(1)
        known_at = datetime(2026, 12, 1, 9, tzinfo=UTC)
        last = date(2025, 7, 21)
        postgres.stop_service(service.agreement.agreement_id, last, known_at)
        (made,) = town.bill(1, on=date(2025, 8, 1), known_at=known_at).issued

        left = postgres.trial_balance()["144"]
        assert (made.total_cents, 0 < left < 100) == (0, True)
        assert postgres.trial_balance()["440"] == -left
        found = revenue(DaySpan(date(2025, 8, 1), date(2025, 9, 1)), view=town.view, store=postgres)
        assert all(one.holds for one in found.ties)
        assert [found for found in verify_invariants(postgres) if found[2]] == []
        town.read("M1", (date(2025, 7, 20), date(2025, 7, 22)), lambda day, count: [900] * count)
        (one,) = rebill(
            [made.bill_id],
            author="Ana",
            reason="read again",
            on=date(2025, 8, 20),
            known_at=known_at + timedelta(days=2),
            seen=("gate.band", "gate.jump"),
            store=postgres,
            lake=town.lake,
            book=town.book,
        ).corrected
        assert one.bill.total_cents > 100
        assert postgres.trial_balance().get("144", 0) == 0
        assert [found for found in verify_invariants(postgres) if found[2]] == []


def moved(store: Any) -> list[tuple[str, str, int, str]]:
    """A deposit moves, its year is credited, one of its payments comes back and is paid again."""
    town = town_module().Town(store=store)
    with store.viewing(town_module().VIEWER, ["a test"]):
        home: Home = home_of(town, until=date(2025, 7, 2))
        home.ask(date(2025, 7, 1), told={**APPLICANT, "estimated_annual_bill_usd": "1200.00"})
        home.pay(120_00, date(2025, 7, 5))
        home.pay(80_00, date(2025, 7, 5))
        town.start(2, people=(("P1", "Person 1"),), from_day=date(2025, 8, 1))
        there = Home(town, 2, now=home.now)
        (deposit,) = home.deposits()
        desk = there.desk()
        move_deposit(
            deposit.deposit_id,
            there.account,
            on=date(2025, 9, 1),
            reason="moved",
            approved_by="Zoe",
            desk=desk,
        )
        there.night(date(2026, 7, 4))
        home.now = there.now
        come_back(home, 1, on=date(2026, 7, 6))
        assert home.night(date(2026, 7, 6)).counts["undone"] == 1
        home.pay(50_00, date(2026, 7, 8))
        (money,) = there.money().values()
        assert (money.held_cents, money.idle_cents) == (200_00, 70_00)
        assert money.interest_credited_cents == 6_70
        home.check()
        there.check()
        return [(one.key, one.act.value, one.cents, one.reason) for one in money.deposit.steps]


@pytest.mark.postgres
def test_both_stores_take_back_the_interest_of_what_moved_and_never_came(
    postgres: PostgresStore,
) -> None:
    from meterledger.stores.memory import MemoryStore

    assert moved(postgres) == moved(MemoryStore())
    with postgres.viewing(town_module().VIEWER, ["a test"]):
        assert [found for found in verify_invariants(postgres) if found[2]] == []


@pytest.mark.postgres
def test_two_equal_remainders_of_a_day_are_two_refunds(postgres: PostgresStore) -> None:
    towns = town_module()
    with postgres.viewing(towns.VIEWER, ["a test"]):
        each_goes_back_once(ended_pair(towns.Town(store=postgres)))
        assert [found for found in verify_invariants(postgres) if found[2]] == []
