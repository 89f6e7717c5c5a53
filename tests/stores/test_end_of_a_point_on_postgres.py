"""One of several service points on a bill ended: what the system of record holds, and refuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from psycopg import errors
from tests.journeys.test_bills_together import AUGUST, BOTH, arrange, part, with_a_barn
from tests.journeys.test_end_on_anothers_bill import ANA, BARN, HOUSE, KNOWN, TOLD, end, live
from tests.journeys.town import VIEWER, Town, even

from meterledger.stores.postgres import PostgresStore, verify_invariants
from meterledger.stores.postgres.repository import corrections
from meterledger.stores.postgres.repository.corrections import CorrectionTables
from meterledger.usecases.ports import Conflict

pytestmark = pytest.mark.postgres


@pytest.fixture
def town(postgres: PostgresStore) -> Iterator[Town]:
    """A house, a barn and a shed on one bill, billed for July and August."""
    made = Town(store=postgres)
    made.start(1)
    with_a_barn(made)
    with_a_barn(made, 4)
    for number in (1, 2, 4):
        made.read(f"M{number}", BOTH, even(10 * number))
    with postgres.viewing(VIEWER, []):
        arrange(made)
        made.bill(1, on=AUGUST.until_day, known_at=KNOWN)
        yield made


def whole(town: Town) -> list[Any]:
    every = town.store.issued_bills_of_account(town.account_id(1))
    assert [town.replay(one.bill_id).same_bytes for one in every] == [True] * len(every)
    return [said for _, _, said in verify_invariants(town.store) if said]


def claims(town: Town) -> list[tuple[str, str, str]]:
    """Live claims: service point, first day and day out."""
    store: Any = town.store
    rows: list[tuple[str, str, str]] = store._read(
        lambda connection: connection.execute(
            "SELECT service_point_id, lower(days)::text, upper(days)::text"
            " FROM service_period_claim WHERE cancelled_by IS NULL ORDER BY 2, 1"
        ).fetchall()
    )
    return rows


def test_the_point_has_its_first_days_and_the_others_all(town: Town) -> None:
    assert len(end(town, BARN, date(2025, 7, 20)).cut) == 2
    assert claims(town) == [
        ("SP1", "2025-07-01", "2025-08-01"),
        ("SP2", "2025-07-01", "2025-07-20"),
        ("SP4", "2025-07-01", "2025-08-01"),
        ("SP1", "2025-08-01", "2025-09-01"),
        ("SP4", "2025-08-01", "2025-09-01"),
    ]
    assert whole(town) == []


def test_the_one_whose_bill_it_is_ends_with_the_days_of_all(town: Town) -> None:
    ended = end(town, HOUSE, date(2025, 7, 3))
    assert (len(ended.withdrawn), len(ended.left)) == (1, 2)
    assert claims(town) == [
        ("SP1", "2025-07-01", "2025-07-03"),
        ("SP2", "2025-07-01", "2025-07-03"),
        ("SP4", "2025-07-01", "2025-07-03"),
    ]
    assert whole(town) == []
    part(town, date(2025, 7, 3), at=TOLD + timedelta(hours=2))
    assert whole(town) == []
    town.bill(1, on=AUGUST.until_day, known_at=TOLD + timedelta(hours=3))
    assert len(claims(town)) == 7
    assert whole(town) == []


def test_one_that_was_billed_by_itself_before_ends_with_its_own_final_bill(
    postgres: PostgresStore,
) -> None:
    made = Town(store=postgres)
    made.start(1)
    with_a_barn(made)
    for number in (1, 2):
        made.read(f"M{number}", BOTH, even(10 * number))
    with postgres.viewing(VIEWER, []):
        made.bill(1, on=AUGUST.from_day, known_at=KNOWN)
        arrange(made, AUGUST.from_day, at=KNOWN + timedelta(minutes=5))
        made.bill(1, on=AUGUST.until_day, known_at=KNOWN + timedelta(minutes=10))
        ended = end(made, BARN, date(2025, 7, 20))
        assert (len(ended.every), ended.corrected is None) == (2, False)
        assert claims(made) == [
            ("SP1", "2025-07-01", "2025-08-01"),
            ("SP2", "2025-07-01", "2025-07-20"),
            ("SP1", "2025-08-01", "2025-09-01"),
        ]
        assert whole(made) == []


def test_the_database_asks_for_the_end_before_days_are_given_up(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = claims(town)
    monkeypatch.setattr(CorrectionTables, "_end_service", lambda *_: None)
    with pytest.raises(Conflict, match="is not for the service period"):
        end(town, BARN, date(2025, 7, 20))
    assert claims(town) == before


def test_a_part_is_not_given_up_to_nobody_while_its_point_goes_on(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the shed, which goes on, the bill made again has the days: they are its own."""

    def to_nobody(connection: Any, name: str, bill: Any) -> None:
        connection.execute(
            "UPDATE service_period_claim SET cancelled_by = %s WHERE part_of = %s",
            [bill.bill_id, name],
        )

    monkeypatch.setattr(corrections, "_give_up_parts", to_nobody)
    with pytest.raises(errors.CheckViolation, match="no correction says which bill"):
        end(town, BARN, date(2025, 7, 20), ANA)
    assert len(live(town)) == 2
