"""Any issued bill is computed again, to the byte, from readings and book; and as known later."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from meterledger.facts.bills import read_record
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.usecases.ports import NotFound
from meterledger.usecases.replay_bill import CannotReplay, replay_bill

JULY = (date(2025, 7, 1), date(2025, 8, 1))


@pytest.fixture
def bill(town: Any) -> Any:
    """The bill of one home for July."""
    town.start(1, schedule="1M-smart", tax_place="university_city")
    town.read("M1", JULY)
    (made,) = town.bill(1, on=date(2025, 8, 1)).issued
    return made


class Altered:
    """A store whose stored bills are seen through a change."""

    def __init__(self, store: Any, **changed: Any) -> None:
        self._store = store
        self._changed = changed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def bill(self, bill_id: str) -> Any:
        return replace(self._store.bill(bill_id), **self._changed)


class TestAsKnownWhenIssued:
    def test_gives_the_same_bytes(self, town: Any, bill: Any) -> None:
        again = town.replay(bill.bill_id)

        assert again.same_bytes
        assert again.differences == ()
        assert again.bill.record() == bill.record() == town.store.bill(bill.bill_id).record

    def test_still_does_when_readings_were_corrected_since(
        self, town: Any, towns: ModuleType, bill: Any
    ) -> None:
        town.read("M1", JULY, towns.even(1), learned_at=towns.LATER)

        assert town.replay(bill.bill_id).same_bytes

    def test_still_does_when_the_service_has_ended_since(
        self, town: Any, towns: ModuleType, bill: Any
    ) -> None:
        """A final bill then would be called so; this one was not the last when it was made."""
        town.store.stop_service(bill.agreement_id, date(2025, 8, 1), towns.LATER)

        assert town.replay(bill.bill_id).same_bytes
        later = town.replay(bill.bill_id, towns.LAST)
        assert 'kind: issued "initial", computed "final"' in later.differences

    def test_needs_no_stored_lines(self, town: Any, bill: Any) -> None:
        again = town.replay(bill.bill_id, store=Altered(town.store, record=b""))

        assert again.same_bytes
        assert again.bill.record() == bill.record()

    def test_needs_no_stored_total_or_due_day(self, town: Any, bill: Any) -> None:
        hidden = Altered(town.store, record=b"", total_cents=0, due_day=date(1970, 1, 1))

        assert town.replay(bill.bill_id, store=hidden).same_bytes

    @pytest.mark.parametrize("hours", [-12, 9, 14])
    def test_from_a_store_that_answers_in_its_own_zone_too(
        self, hours: int, town: Any, towns: ModuleType, bill: Any
    ) -> None:
        """On another date there, the book is still asked as known on the day in UTC."""
        there = towns.NOON.astimezone(timezone(timedelta(hours=hours)))

        assert town.replay(bill.bill_id, store=Altered(town.store, known_at=there)).same_bytes

    def test_tells_a_record_that_was_tampered_with(self, town: Any, bill: Any) -> None:
        record = json.loads(bill.record())
        record["total_usd"] = "1.00"
        record["lines"][1]["usd"] = "0.18"
        forged = canonical_bytes(record)
        store = Altered(town.store, record=forged, record_sha256=sha256_hex(forged))

        again = town.replay(bill.bill_id, store=store)

        assert not again.same_bytes
        assert again.differences == (
            'lines[1].usd: issued "0.18", computed "0.19"',
            f'total_usd: issued "1.00", computed "{read_record(bill.record())["total_usd"]}"',
        )

    def test_says_so_when_the_stored_record_is_no_record(self, town: Any, bill: Any) -> None:
        again = town.replay(bill.bill_id, store=Altered(town.store, record=b"{}", record_sha256=""))

        assert not again.same_bytes
        assert again.differences == (
            "the stored record cannot be read; its hash differs from the computed one",
        )

    def test_says_so_when_only_the_hash_is_there_and_it_differs(self, town: Any, bill: Any) -> None:
        again = town.replay(
            bill.bill_id, store=Altered(town.store, record=b"", record_sha256="0" * 64)
        )

        assert not again.same_bytes
        assert again.differences == (
            "the stored record is not available; its hash differs from the computed one",
        )

    def test_of_no_such_bill_is_refused(self, town: Any) -> None:
        with pytest.raises(NotFound, match="B-0"):
            town.replay("B-0")


class TestAsKnownLater:
    def test_a_correction_shows_in_usage_and_lines(
        self, town: Any, towns: ModuleType, bill: Any
    ) -> None:
        town.read("M1", (date(2025, 7, 3), date(2025, 7, 4)), towns.even(0), learned_at=towns.LATER)
        lost = sum(towns.lively(date(2025, 7, 3), 96))

        again = town.replay(bill.bill_id, towns.LAST)

        assert not again.same_bytes
        assert again.bill.usage.energy_wh == bill.usage.energy_wh - lost
        assert f"usage.daily_wh[2]: issued {lost}, computed 0" in again.differences
        assert any(one.startswith("total_usd: issued") for one in again.differences)

    def test_a_moment_before_the_correction_knows_nothing_of_it(
        self, town: Any, towns: ModuleType, bill: Any
    ) -> None:
        town.read("M1", JULY, towns.even(0), learned_at=towns.LATER)
        moment = datetime(2026, 11, 26, 11, 59, 59, tzinfo=UTC)

        again = town.replay(bill.bill_id, moment)

        assert again.bill.total_cents == bill.total_cents
        assert again.differences == (
            'pins.known_at: issued "2026-11-25T12:00:00Z", computed "2026-11-26T11:59:59Z"',
        )
        assert town.replay(bill.bill_id, towns.LATER).bill.usage.energy_wh == 0

    def test_changes_nothing_that_is_stored(self, town: Any, towns: ModuleType, bill: Any) -> None:
        town.read("M1", JULY, towns.even(0), learned_at=towns.LATER)
        before = town.store.bills_of_account(bill.account_id)

        town.replay(bill.bill_id, towns.LAST)

        assert town.store.bills_of_account(bill.account_id) == before
        assert town.store.held == []

    def test_with_a_gap_there_is_no_bill_and_the_refusal_says_why(
        self, town: Any, towns: ModuleType, bill: Any
    ) -> None:
        town.read(
            "M1",
            (date(2025, 7, 3), date(2025, 7, 4)),
            lambda day, count: [None] * count,
            learned_at=towns.LATER,
        )

        with pytest.raises(CannotReplay) as refused:
            town.replay(bill.bill_id, towns.LAST)

        sentence = str(refused.value)
        assert sentence.startswith(
            f"{bill.bill_id}: As known at 2026-11-27T12:00:00Z there is no bill for this period. "
        )
        assert "96 of 2976 intervals are missing" in sentence
        assert "Ask for another moment with --as-known" in sentence

    def test_before_anything_was_known_there_is_nothing(self, town: Any, bill: Any) -> None:
        with pytest.raises(CannotReplay, match=f"{bill.agreement_id} was not known yet"):
            town.replay(bill.bill_id, datetime(2026, 11, 24, tzinfo=UTC))

    def test_before_the_tax_place_was_known_is_refused_by_the_same_name(
        self, town: Any, towns: ModuleType, bill: Any
    ) -> None:
        class BeforeThePlace(Altered):
            """The store at a moment when nobody had said where the premise lies."""

            def service_of_agreement(self, agreement_id: str, known_at: datetime) -> Any:
                known = self._store.service_of_agreement(agreement_id, known_at)
                return replace(known, tax_places=())

        with pytest.raises(CannotReplay, match="No tax place is known for premise PR1"):
            town.replay(bill.bill_id, store=BeforeThePlace(town.store))


class TestOnAnotherMachine:
    @pytest.mark.parametrize(
        ("zone", "language", "seed"),
        [("Asia/Tokyo", "tr_TR.UTF-8", "7"), ("America/St_Johns", "C", "4242")],
    )
    def test_a_year_of_every_option_has_the_same_bytes(
        self,
        zone: str,
        language: str,
        seed: str,
        town: Any,
        towns: ModuleType,
    ) -> None:
        here = towns.one_year(town)

        elsewhere = subprocess.run(
            [sys.executable, str(Path(towns.__file__))],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                "TZ": zone,
                "LC_ALL": language,
                "LANG": language,
                "PYTHONHASHSEED": seed,
                "PYTHONUTF8": "0",
            },
            capture_output=True,
            text=True,
            check=True,
        )

        assert len(here) == 60
        assert elsewhere.stdout.splitlines() == here
        for line in here:
            _, issued, replayed = line.split()
            assert issued == replayed


class TestABookEntryLearnedOnTheDayOfIssue:
    def test_after_the_bill_was_issued_does_not_change_its_replay(
        self, town: Any, towns: ModuleType, tmp_path: Path
    ) -> None:
        """The book's clock counts days; the bill's pinned hash tells the moment of the day."""
        town.start(1, schedule="1M-smart", tax_place="university_city")
        town.read("M1", JULY)
        (bill,) = town.bill(1, on=date(2025, 8, 1), known_at=towns.LATER).issued
        folder = tmp_path / "book"
        shutil.copytree(default_book_folder(), folder)
        file = folder / "sheet_054" / "customer_charge_usd_per_month.yaml"
        entry = (
            '  - effective_from: 2025-06-01\n    effective_until: null\n    value: "10.00"\n'
            "    standing: assumed\n"
            f"    learned_on: {bill.pins.known_at.date()}\n    corrects: 2026-11-24\n"
            "    cite: {instrument: MO P.S.C. Schedule No. 6, sheet: Sheet 54, revision: null,"
            " paragraph: customer charge, effective: 2025-06-01, order: null}\n"
        )
        text = file.read_text(encoding="utf-8")
        today = bill.pins.known_at.date()
        file.write_text(
            text.replace("last_checked_on: 2026-11-24", f"{entry}last_checked_on: {today}"),
            encoding="utf-8",
        )
        grown = load_book(folder)
        assert grown.as_known(today).sha256 != bill.pins.book_sha256

        again = replay_bill(bill_id=bill.bill_id, store=town.store, lake=town.lake, book=grown)

        assert again.same_bytes, again.differences
