"""What was entered wrong, and a period left uncharged, on the system of record, and replayed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.journeys import test_gate_bills as gate
from tests.journeys.test_gate_bills import SEPTEMBER
from tests.stores.test_corrections_on_postgres import FOUND, VIEWER, billed

from meterledger.facts.corrections import WrongFact
from meterledger.stores.postgres import PostgresStore, verify_invariants
from meterledger.usecases.change_then_rebill import Signed
from meterledger.usecases.find_corrections import now_of
from meterledger.usecases.put_right import put_right
from meterledger.usecases.settle_held import approve_held, waive_held

pytestmark = pytest.mark.postgres


def test_each_fact_is_put_right_with_its_bills_and_all_of_it_is_replayed(
    postgres: PostgresStore,
) -> None:
    town, names = billed(postgres)
    signed = Signed("Ana", "typed", "Bob", ("gate.band",))
    with postgres.viewing(VIEWER, []):
        (service,) = town.services(1, known_at=FOUND)
        for hours, (fact, is_now) in enumerate(
            [
                (WrongFact.SCHEDULE, "1M-overnight"),
                (WrongFact.FIRST_DAY, "2025-07-05"),
                (WrongFact.CYCLE, "5"),
            ]
        ):
            at = FOUND + timedelta(hours=hours)
            now = now_of(postgres, known_at=at, book=town.book, lake=town.lake)
            made = put_right(
                agreement_id=service.agreement.agreement_id, fact=fact, is_now=is_now,
                signed=signed, now=now, store=postgres,
            )  # fmt: skip
            names += [one.bill.bill_id for one in made.run.corrected]
        (service,) = town.services(1, known_at=at)
        assert (service.agreement.schedule, service.account.cycle) == ("1M-overnight", 5)
        assert service.agreement.days.from_day == date(2025, 7, 5)
        assert len(names) == 5
        assert [town.replay(one).same_bytes for one in names] == [True] * 5
        live = postgres.bills_of_account(town.account_id(1))
        assert postgres.balance_cents(town.account_id(1)) == sum(one.total_cents for one in live)
        assert [said for _, _, said in verify_invariants(postgres) if said] == []


def test_a_period_left_uncharged_has_its_bill_at_zero(postgres: PostgresStore) -> None:
    with postgres.viewing(VIEWER, ["the town"]):
        town = gate.Town(store=postgres)
        _, name = gate.held_home(town)
        waive_held(name, by="Ana", reason="it ran wild", desk=gate.desk(town))
        settled = approve_held(name, by="Bob", reason="so it is", desk=gate.desk(town))
        assert settled.run is not None
        (august,) = settled.run.issued
        assert (august.total_cents, august.days.until_day) == (0, SEPTEMBER)
        assert town.replay(august.bill_id).same_bytes
        assert [said for _, _, said in verify_invariants(postgres) if said] == []
