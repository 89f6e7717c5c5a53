"""The whole way on PostgreSQL: billed, found wrong, corrected once by two at a time, replayed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from psycopg import errors
from tests.journeys.town import VIEWER, Town

from meterledger.stores.postgres import PostgresStore, verify_invariants
from meterledger.stores.postgres.repository.corrections import CorrectionTables
from meterledger.usecases.change_then_rebill import Signed
from meterledger.usecases.end_billed_service import EndOfService, end_billed_service
from meterledger.usecases.find_corrections import bills_to_correct, leave_bill, now_of
from meterledger.usecases.rebill import RebillRun, rebill

pytestmark = pytest.mark.postgres

JULY, AUGUST, SEPTEMBER = date(2025, 7, 1), date(2025, 8, 1), date(2025, 9, 1)
KNOWN = datetime(2026, 12, 1, 9, tzinfo=UTC)
FOUND = datetime(2026, 12, 3, 12, tzinfo=UTC)


def billed(store: PostgresStore) -> tuple[Town, list[str]]:
    """Two homes, billed for July and August; the first one's readings were too high."""
    town = Town(store=store)
    for number in (1, 2):
        town.start(number, tax_place="university_city")
        town.read(f"M{number}", (JULY, SEPTEMBER), lambda day, count: [100] * count)
    with store.viewing(VIEWER, []):
        issued = town.bill(1, 2, on=SEPTEMBER, known_at=KNOWN).issued
    town.read("M1", (JULY, SEPTEMBER), lambda day, count: [90] * count)
    mine = [one for one in issued if one.account_id == town.account_id(1)]
    return town, [one.bill_id for one in sorted(mine, key=lambda one: one.days.from_day)]


def test_bills_found_wrong_are_corrected_once(postgres: PostgresStore) -> None:
    town, names = billed(postgres)

    def do(author: str) -> RebillRun:
        with postgres.viewing(VIEWER, []):
            return rebill(
                names,
                author=author,
                reason="read again",
                on=date(2025, 9, 20),
                known_at=FOUND,
                store=postgres,
                lake=town.lake,
                book=town.book,
            )

    with postgres.viewing(VIEWER, []):
        now = now_of(postgres, known_at=FOUND, book=town.book, lake=town.lake)
        looked_at, found = bills_to_correct(store=postgres, now=now)
        assert looked_at == 4
        assert [one.stored.bill_id for one in found] == names
        owed = postgres.balance_cents(town.account_id(1))

    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(do, ["Ana", "Bob"]))

    assert sorted(len(one.corrected) for one in runs) == [0, 2]
    assert sorted(len(one.known) for one in runs) == [0, 2]
    (run,) = [one for one in runs if one.corrected]
    with postgres.viewing(VIEWER, []):
        after = postgres.balance_cents(town.account_id(1))
        assert after - owed == sum(one.difference_cents for one in run.corrected)
        for one in run.corrected:
            assert town.replay(one.bill.bill_id).same_bytes
            assert town.replay(one.cancelled.bill_id).same_bytes
            kept = postgres.correction_of(one.bill.bill_id)
            assert kept is not None
            assert kept.case_id == f"case:{names[0]}"
        assert bills_to_correct(store=postgres, now=now)[1] == []
        assert [said for _, _, said in verify_invariants(postgres) if said] == []


def test_a_move_out_told_late_cuts_the_last_bill_and_the_database_asks_for_the_end(
    postgres: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, names = billed(postgres)
    moved_out = date(2025, 8, 20)

    def end() -> EndOfService:
        with postgres.viewing(VIEWER, []):
            (service,) = town.services(1, known_at=KNOWN)
            now = now_of(postgres, known_at=FOUND, book=town.book, lake=town.lake)
            return end_billed_service(
                agreement_id=service.agreement.agreement_id, last_day_out=moved_out,
                signed=Signed("Ana", "told late"), now=now, store=postgres,
            )  # fmt: skip

    with monkeypatch.context() as forgets:
        forgets.setattr(CorrectionTables, "_end_service", lambda *_: None)
        with pytest.raises(errors.CheckViolation, match="no correction says which bill"):
            end()
    made = end().corrected

    assert made is not None
    with postgres.viewing(VIEWER, []):
        assert postgres.bill(names[1]).cancelled_by == made.bill.bill_id
        assert [town.replay(one).same_bytes for one in (*names, made.bill.bill_id)] == [True] * 3
        town.start(
            3, from_day=moved_out, premise_id="PR1", service_point_id="SP1", meter_id=None,
            address="1 Elm Street", tax_place="university_city", learned_at=FOUND,
        )  # fmt: skip
        assert [said for _, _, said in verify_invariants(postgres) if said] == []


def test_a_move_out_told_after_two_bills_leaves_the_final_one_alone(
    postgres: PostgresStore,
) -> None:
    town, names = billed(postgres)
    with postgres.viewing(VIEWER, []):
        (service,) = town.services(1, known_at=KNOWN)
        ended = end_billed_service(
            agreement_id=service.agreement.agreement_id, last_day_out=date(2025, 7, 20),
            signed=Signed("Ana", "told late"), store=postgres,
            now=now_of(postgres, known_at=FOUND, book=town.book, lake=town.lake),
        )  # fmt: skip
        made = ended.corrected
        assert made is not None
        (live,) = postgres.bills_of_account(town.account_id(1))
        assert (live.bill_id, live.corrects) == (made.bill.bill_id, names[0])
        assert postgres.balance_cents(town.account_id(1)) == made.bill.total_cents
        assert [town.replay(one).same_bytes for one in (*names, live.bill_id)] == [True] * 3
        assert [said for _, _, said in verify_invariants(postgres) if said] == []


def test_a_bill_left_as_it_is_leaves_the_queue(postgres: PostgresStore) -> None:
    town, names = billed(postgres)
    with postgres.viewing(VIEWER, []):
        now = now_of(postgres, known_at=FOUND, book=town.book, lake=town.lake)
        leave_bill(names[0], author="Ana", reason="agreed", store=postgres, now=now)

        _, found = bills_to_correct(store=postgres, now=now)

        assert [one.stored.bill_id for one in found] == names[1:]
