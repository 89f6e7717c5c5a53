"""GRR V.N: the credit for paperless billing counts bills, months, places and people."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.journeys.test_replay_as_evidence import Hidden, release
from tests.rooms.billing.test_paperless_credit import AMOUNT

from meterledger.rulebook.loading import load_book
from meterledger.usecases import calculate_bills
from meterledger.usecases.deliveries import prefer_delivery
from meterledger.usecases.find_corrections import bills_to_correct, now_of
from meterledger.usecases.rebill import rebill

TOLD = datetime(2026, 12, 1, 10, tzinfo=UTC)
KNOWN = datetime(2026, 12, 1, 12, tzinfo=UTC)
ANN = (("P1", "Ann"),)
NINTHS = [date(2025 + month // 12, month % 12 + 1, 9) for month in range(8, 22)]
"""From 2025-09-09 to 2026-10-09."""


class Home:
    """Homes that are read on the ninth of each month, with a book that has an amount."""

    def __init__(self, town: Any, values: Any) -> None:
        self.town, self.values, self.minutes = town, values, 0
        self.view = town.book.as_known(KNOWN.date())

    def live(self, number: int, people: Any = ANN, **how: Any) -> str:
        self.town.start(number, people=people, cycle=9, from_day=date(2025, 8, 9), **how)
        self.town.read(f"M{number}", (date(2025, 8, 1), date(2026, 10, 20)), self.values)
        return str(how.get("account_id") or self.town.account_id(number))

    def go_paperless(
        self, account: str, on: date, medium: str = "electronic", told: datetime = TOLD
    ) -> None:
        address = "ann@example.org" if medium == "electronic" else ""
        how: dict[str, Any] = {"learned_at": told, "view": self.view, "store": self.town.store}
        prefer_delivery(account_id=account, medium=medium, address=address, on=on, **how)

    def bill(self, *numbers: int, on: date, **how: Any) -> list[Any]:
        self.minutes += 1
        run = self.town.bill(
            *numbers, on=on, known_at=KNOWN + timedelta(minutes=self.minutes), **how
        )
        assert not run.held, run.held
        return list(run.issued)

    def replays(self) -> set[bool]:
        store, town = self.town.store, self.town
        names = [town.account_id(one) for one in (1, 2)]
        bills = [one for name in names for one in store.bills_of_account(name)]
        return {town.replay(one.bill_id).same_bytes for one in bills}


@pytest.fixture
def homes(towns: ModuleType, tmp_path: Path) -> Iterator[Home]:
    folder = shutil.copytree(towns.default_book_folder(), tmp_path / "book")
    name = "billing_paperless_credit_term_amount_usd.yaml"
    (folder / "grr_v_billing" / name).write_text(AMOUNT, encoding="utf-8")
    town = towns.Town(book=load_book(folder))
    with town.store.viewing(towns.VIEWER, ["everything"]):
        yield Home(town, towns.even(300))


def credited(bills: list[Any]) -> list[Any]:
    return [one for one in bills if any(line.code == "paperless_credit" for line in one.lines)]


class TestToldOnTheDayOfABillThatWasOut:
    """The bill of September 9 went out in the morning."""

    TOLD = KNOWN + timedelta(hours=1)

    def test_it_begins_with_the_next_billing_month(self, homes: Home) -> None:
        account = homes.live(1)
        (september,) = homes.bill(1, on=NINTHS[0])
        homes.go_paperless(account, NINTHS[0], told=self.TOLD)

        assert self.queue(homes) == []
        assert credited([self.read_again(homes, september)]) == []
        homes.minutes += 300
        assert len(credited(homes.bill(1, on=NINTHS[1]))) == 1
        assert homes.replays() == {True}

    def test_and_so_ends_the_credit_of_who_gets_paper_again(self, homes: Home) -> None:
        account = homes.live(1)
        homes.go_paperless(account, date(2025, 9, 1))
        (september,) = credited(homes.bill(1, on=NINTHS[0]))
        homes.go_paperless(account, NINTHS[0], "paper", told=self.TOLD)

        assert self.queue(homes) == []
        assert len(credited([self.read_again(homes, september)])) == 1
        homes.minutes += 300
        assert credited(homes.bill(1, on=NINTHS[1])) == []
        assert homes.replays() == {True}

    def test_a_correction_that_gave_it_replays_and_says_so(
        self, homes: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        account = homes.live(1)
        (september,) = homes.bill(1, on=NINTHS[0])
        homes.go_paperless(account, NINTHS[0], told=self.TOLD)
        now = calculate_bills.credit_lines
        with monkeypatch.context() as before:
            before.setattr(
                calculate_bills,
                "credit_lines",
                lambda one, *more: now(replace(one, paperless_of_its_day=True), *more),
            )
            made = self.read_again(homes, september)
        assert len(credited([made])) == 1
        replayed = homes.town.replay(made.bill_id)
        assert replayed.same_bytes
        assert replayed.read_as == (
            "with a paperless credit by what was told on the day of the first bill, after it"
        )

    def queue(self, homes: Home) -> Any:
        town = homes.town
        now = now_of(
            town.store, known_at=self.TOLD + timedelta(hours=1), book=town.book, lake=town.lake
        )
        return bills_to_correct(store=town.store, now=now)[1]

    def read_again(self, homes: Home, bill: Any) -> Any:
        town = homes.town
        first = bill.days.from_day
        town.read("M1", (first, first + timedelta(days=1)), lambda day, count: [500] * count)
        (made,) = rebill(
            [bill.bill_id], author="Ana", reason="read again", on=date(2025, 9, 20),
            known_at=self.TOLD + timedelta(hours=2), store=town.store, lake=town.lake,
            book=town.book,
        ).corrected  # fmt: skip
        return made.bill


def test_the_thirteenth_bill_of_the_year_has_no_credit(homes: Home) -> None:
    account = homes.live(1)
    homes.go_paperless(account, date(2025, 9, 10))
    late = homes.bill(1, on=date(2025, 9, 10))  # a day late
    bills = late + [one for day in NINTHS[1:] for one in homes.bill(1, on=day)]
    had = [one.issued_day for one in credited(bills)]
    assert (len(bills), len(had), had[0], had[-1]) == (14, 12, date(2025, 9, 10), NINTHS[11])
    assert homes.replays() == {True}


def test_bills_of_before_that_come_late_have_one_credit_together(homes: Home) -> None:
    account = homes.live(1)
    homes.go_paperless(account, date(2025, 11, 10))
    bills = homes.bill(1, on=date(2025, 11, 10))
    assert [one.days.until_day.month for one in bills] == [9, 10, 11]
    assert credited(bills) == bills[:1]
    assert credited(homes.bill(1, on=date(2025, 12, 9)))
    assert homes.replays() == {True}


def test_a_dry_run_shows_what_the_run_does(homes: Home) -> None:
    homes.go_paperless(homes.live(1), date(2025, 11, 10))
    dry = homes.bill(1, on=date(2025, 11, 10), dry_run=True)
    assert len(credited(dry)) == len(credited(homes.bill(1, on=date(2025, 11, 10)))) == 1


def test_an_account_of_two_homes_has_one_credit_a_month(homes: Home) -> None:
    account = homes.live(1)
    homes.live(3, account_id=account)
    homes.go_paperless(account, date(2025, 9, 1))
    for day in NINTHS[:2]:
        bills = homes.bill(1, on=day)
        assert len(bills) == 2
        assert [one.service_point_id for one in credited(bills)] == ["SP1"]
    assert homes.replays() == {True}


class TestASecondAccount:
    def test_of_the_same_person_earns_nothing(self, homes: Home) -> None:
        first, second = homes.live(1), homes.live(2)
        homes.go_paperless(first, date(2025, 9, 1))
        homes.go_paperless(first, date(2025, 9, 20), "paper")
        homes.go_paperless(second, date(2025, 10, 1))
        bills = homes.bill(1, 2, on=NINTHS[0]) + homes.bill(1, 2, on=NINTHS[1])
        assert [(one.account_id, one.issued_day) for one in credited(bills)] == [(first, NINTHS[0])]
        assert homes.replays() == {True}

    def test_on_the_same_day_the_first_by_number_has_it(self, homes: Home) -> None:
        first, second = homes.live(1), homes.live(2)
        homes.go_paperless(second, date(2025, 9, 1))
        homes.go_paperless(first, date(2025, 9, 1))
        assert [one.account_id for one in credited(homes.bill(1, 2, on=NINTHS[0]))] == [first]

    def test_of_another_person_earns_its_own(self, homes: Home) -> None:
        first, second = homes.live(1), homes.live(2, people=(("P2", "Ann"),))
        homes.go_paperless(first, date(2025, 9, 1))
        homes.go_paperless(second, date(2025, 9, 2))
        assert len(credited(homes.bill(1, 2, on=NINTHS[0]))) == 2


@pytest.mark.parametrize("since", ["nothing", "a release", "a release, and no record is seen"])
def test_bills_that_counted_nothing_replay_and_say_so(
    homes: Home, monkeypatch: pytest.MonkeyPatch, since: str
) -> None:
    """By the revision that made them too, where only their hash tells which it was."""
    account = homes.live(1)
    homes.live(3, account_id=account)
    homes.go_paperless(account, date(2025, 9, 1))
    now = calculate_bills.credit_lines
    with monkeypatch.context() as before:
        before.setattr(
            calculate_bills,
            "credit_lines",
            lambda one, *more: now(replace(one, paperless_by_calendar=True), *more),
        )
        bills = credited(homes.bill(1, on=NINTHS[0]))
    if since != "nothing":
        release(monkeypatch)
    seen = Hidden(homes.town.store) if since.endswith("seen") else homes.town.store
    again = [homes.town.replay(one.bill_id, store=seen) for one in bills]
    assert [one.same_bytes for one in again] == [True, True]
    assert {"neither bills nor accounts counted" in one.read_as for one in again} == {True, False}
