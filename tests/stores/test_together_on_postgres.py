"""One bill of several meters on PostgreSQL: issued, held, corrected, replayed; two at one time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from tests.journeys.register_town import RegisterTown
from tests.journeys.test_bills_together import AUGUST, BOTH, SAID, arrange, part, with_a_barn
from tests.journeys.town import VIEWER, Town, even

from meterledger.facts.corrections import CorrectionCause
from meterledger.kernel.refusal import Refusal
from meterledger.stores.postgres import PostgresStore, verify_invariants
from meterledger.stores.postgres.opening import Database
from meterledger.stores.postgres.repository.base import Tables
from meterledger.usecases.find_corrections import bills_to_correct, now_of
from meterledger.usecases.rebill import rebill

pytestmark = pytest.mark.postgres

KNOWN = datetime(2026, 12, 1, 9, tzinfo=UTC)
FOUND = datetime(2026, 12, 3, 12, tzinfo=UTC)


@pytest.fixture
def town(postgres: PostgresStore) -> Iterator[Town]:
    """A house and a barn of one account, and a neighbor."""
    made = Town(store=postgres)
    made.start(1)
    with_a_barn(made)
    made.start(3)
    for number in (1, 3):
        made.read(f"M{number}", BOTH, even(100))
    with postgres.viewing(VIEWER, []):
        yield made


def whole(store: Any) -> list[Any]:
    return [said for _, _, said in verify_invariants(store) if said]


def test_the_whole_way(town: Town, postgres: PostgresStore) -> None:
    arrange(town)
    run = town.bill(1, 3, on=AUGUST.from_day, known_at=KNOWN)
    assert [one.code for one in run.held] == ["usage.of_one_meter"]
    assert (run.due, run.issued_count) == (2, 1)
    town.read("M2", BOTH, even(7), learned_at=KNOWN)
    run = town.bill(1, 3, on=AUGUST.until_day, known_at=KNOWN)
    assert (run.due, run.held, run.issued_count) == (3, [], 3)
    mine = [one for one in run.issued if one.account_id == town.account_id(1)]
    assert [one.usage.energy_wh for one in mine] == [107 * 31 * 96] * 2
    assert postgres.held_cases(account_id=town.account_id(1)) == []
    assert all(town.replay(one.bill_id).same_bytes for one in mine)
    again = town.bill(1, 3, on=AUGUST.until_day, known_at=KNOWN)
    assert again.due == 0

    town.read("M2", BOTH, even(17), learned_at=FOUND)
    now = now_of(postgres, known_at=FOUND, book=town.book, lake=town.lake)
    looked_at, found = bills_to_correct(store=postgres, now=now)
    assert (looked_at, [one.stored.bill_id for one in found]) == (4, [one.bill_id for one in mine])
    assert {one.cause for one in found} == {CorrectionCause.READING}
    done = rebill(
        [one.bill_id for one in mine],
        author="Ana",
        reason="read again",
        on=date(2026, 12, 3),
        known_at=FOUND,
        store=postgres,
        lake=town.lake,
        book=town.book,
    )
    assert [one.bill.usage.energy_wh for one in done.corrected] == [117 * 31 * 96] * 2
    for one in done.corrected:
        assert town.replay(one.bill.bill_id).same_bytes
        assert town.replay(one.cancelled.bill_id).same_bytes
    assert bills_to_correct(store=postgres, now=now)[1] == []
    part(town, AUGUST.until_day, FOUND + timedelta(hours=1))
    assert whole(postgres) == []


def test_a_run_and_an_arrangement_at_one_time_leave_no_day_on_two_bills_or_none(
    town: Town, postgres: PostgresStore
) -> None:
    """Whoever comes first: what is billed is what is arranged then."""
    town.read("M2", BOTH, even(7))

    def bill() -> str:
        with postgres.viewing(VIEWER, []):
            run = town.bill(1, on=AUGUST.from_day, known_at=SAID + timedelta(minutes=1))
            return " ".join(one.code for one in run.held)

    def say() -> str:
        with postgres.viewing(VIEWER, []):
            try:
                arrange(town)
            except Refusal as refusal:
                return refusal.sentence
            return ""

    with ThreadPoolExecutor(2) as pool:
        billed, said = pool.submit(bill), pool.submit(say)
        codes, refused = billed.result(), said.result()

    bills = postgres.bills_of_account(town.account_id(1))
    if refused:
        assert "is billed past 2025-07-01 already" in refused
        assert len(bills) == 2
    else:
        assert [one.bill_id for one in bills] == [] or b'"points"' in bills[0].record
        assert codes in ("", "together.changed together.changed")
    run = town.bill(1, on=AUGUST.from_day, known_at=KNOWN)
    assert run.held == []
    assert {one.billed_until for one in town.services(1, known_at=KNOWN)} == {AUGUST.from_day}
    assert whole(postgres) == []


def test_what_was_arranged_while_a_run_was_on_its_way_is_billed_by_the_next(
    town: Town, postgres: PostgresStore
) -> None:
    town.read("M2", BOTH, even(7))
    before = town.services(1, 3)
    arrange(town)
    run = town.bill(1, 3, on=AUGUST.from_day, services=before)
    assert (run.due, run.issued_count) == (3, 1)  # the neighbor's, of the same batch
    assert [one.code for one in run.held] == ["together.changed"] * 2
    assert len(postgres.held_cases(account_id=town.account_id(1))) == 2
    (bill,) = town.bill(1, 3, on=AUGUST.from_day).issued
    assert len(bill.usage.points) == 2
    assert postgres.held_cases(account_id=town.account_id(1)) == []
    assert whole(postgres) == []


class TestTwoPeopleAtOnce:
    """The second waits at the lock of the first, and then says what it finds there."""

    @pytest.fixture
    def at_once(
        self, postgres: PostgresStore, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[..., list[str]]:
        """Two acts: the first stays before its commit until the second waits for it."""
        armed, before_commit = threading.Event(), threading.Event()
        real = Tables._note

        def note(store: Any, connection: Any, event: str, told: Any) -> None:
            real(store, connection, event, told)
            if armed.is_set():
                armed.clear()
                before_commit.set()
                assert waits_for_a_lock(database), "the second went on as if nobody was there"

        monkeypatch.setattr(Tables, "_note", note)

        def act(work: Callable[[], Any]) -> str:
            with postgres.viewing(VIEWER, []):
                try:
                    work()
                except Refusal as refusal:
                    return refusal.sentence
                return ""

        def both(first: Callable[[], Any], second: Callable[[], Any]) -> list[str]:
            armed.set()
            with ThreadPoolExecutor(2) as pool:
                one = pool.submit(act, first)
                assert before_commit.wait(60)
                other = pool.submit(act, second)
                return [one.result(), other.result()]

        return both

    def known(self, town: Town) -> list[tuple[str, Any]]:
        rows = town.store.together_of_account(town.account_id(1))
        return [(one.joined_agreement, one.days) for one in rows]

    def test_arranging_the_same_leave_it_once(
        self, town: Town, postgres: PostgresStore, at_once: Any
    ) -> None:
        said = at_once(lambda: arrange(town), lambda: arrange(town, by="Bo Chen"))

        assert said[0] == ""
        assert "are billed together on one of the days: " in said[1]  # and who with whom
        assert len(self.known(town)) == 1
        assert whole(postgres) == []

    def test_arranging_each_on_the_bill_of_the_other_leave_one_of_them(
        self, town: Town, postgres: PostgresStore, at_once: Any
    ) -> None:
        house, barn = sorted(one.agreement.agreement_id for one in town.services(1))

        said = at_once(
            lambda: arrange(town, with_agreement=house), lambda: arrange(town, with_agreement=barn)
        )

        assert said[0] == ""
        assert said[1] != ""
        assert [name for name, _ in self.known(town)] == [barn]
        assert whole(postgres) == []

    def test_taking_back_and_arranging_again_leave_what_was_said_last(
        self, town: Town, postgres: PostgresStore, at_once: Any
    ) -> None:
        arrange(town)

        later = SAID + timedelta(minutes=9)
        said = at_once(
            lambda: part(town, AUGUST.from_day.replace(month=7), later),
            lambda: arrange(town, at=later + timedelta(minutes=1)),
        )

        assert said == ["", ""]
        assert len(self.known(town)) == 1
        assert whole(postgres) == []

    def test_both_taking_back_do_it_once(
        self, town: Town, postgres: PostgresStore, at_once: Any
    ) -> None:
        arrange(town)
        first_day = date(2025, 7, 1)

        said = at_once(lambda: part(town, first_day), lambda: part(town, first_day))

        assert said[0] == ""
        assert "billed together" in said[1]
        assert self.known(town) == []
        assert whole(postgres) == []

    def test_taking_back_and_billing_leave_each_day_on_one_bill(
        self, town: Town, postgres: PostgresStore, at_once: Any
    ) -> None:
        town.read("M2", BOTH, even(7))
        arrange(town)

        def bill() -> None:
            run = town.bill(1, on=AUGUST.from_day, known_at=KNOWN)
            assert [one.code for one in run.held] == ["together.changed"]

        said = at_once(lambda: part(town, date(2025, 7, 1)), bill)

        assert said == ["", ""]
        run = town.bill(1, on=AUGUST.from_day, known_at=KNOWN + timedelta(minutes=1))
        assert run.held == []
        bills = postgres.bills_of_account(town.account_id(1))
        assert len(bills) == 2  # each its own: the arrangement was taken back before
        assert whole(postgres) == []

    def test_billing_and_taking_back_leave_the_bill_and_say_so(
        self, town: Town, postgres: PostgresStore, at_once: Any
    ) -> None:
        town.read("M2", BOTH, even(7))
        arrange(town)

        said = at_once(
            lambda: town.bill(1, on=AUGUST.from_day, known_at=KNOWN),
            lambda: part(town, date(2025, 7, 1)),
        )

        assert said[0] == ""
        assert "is billed past 2025-07-01 already" in said[1]
        (bill,) = postgres.bills_of_account(town.account_id(1))
        assert b'"points"' in bill.record
        assert len(self.known(town)) == 1
        assert whole(postgres) == []


def waits_for_a_lock(database: Database) -> bool:
    """Whether some session comes to wait for the lock of another one, before too long."""
    with psycopg.connect(**database.owner, autocommit=True) as looking:
        for _ in range(200):
            found = looking.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
            if found and found[0]:
                return True
            time.sleep(0.05)
    return False


def test_a_register_is_added_in_the_system_of_record_too(postgres: PostgresStore) -> None:
    made = RegisterTown(store=postgres)
    made.start(1)
    with_a_barn(made)
    made.read("M1", BOTH, even(100))
    with postgres.viewing(VIEWER, []):
        made.set_up("M2", came=date(2025, 7, 1))
        first, second, third = date(2025, 7, 1), AUGUST.from_day, AUGUST.until_day
        made.reads("M2", (first, 100), (second, 121), (third, 150))
        arrange(made)

        july, august = made.bill(1, on=AUGUST.until_day, known_at=KNOWN).issued

        assert [one.usage.points[1].usage.energy_wh for one in (july, august)] == [21_000, 29_000]
        assert all(made.replay(one.bill_id).same_bytes for one in (july, august))
        assert whole(postgres) == []
