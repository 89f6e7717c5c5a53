"""The paperless credit in the system of record: one home of one account has it; it replays."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.test_paperless_credit import NINTHS, Home, credited
from tests.journeys.town import VIEWER, Town, even
from tests.rooms.billing.test_paperless_credit import AMOUNT

from meterledger.rulebook.loading import default_book_folder, load_book

pytestmark = pytest.mark.postgres


def test_one_home_of_one_account_of_a_customer_has_it_once_a_month(
    postgres: Any, tmp_path: Path
) -> None:
    folder = shutil.copytree(default_book_folder(), tmp_path / "book")
    name = "billing_paperless_credit_term_amount_usd.yaml"
    (folder / "grr_v_billing" / name).write_text(AMOUNT, encoding="utf-8")
    homes = Home(Town(store=postgres, book=load_book(folder)), even(300))
    with postgres.viewing(VIEWER, ["everything"]):
        first, second = homes.live(1), homes.live(2)
        homes.live(3, account_id=first)
        homes.go_paperless(first, date(2025, 9, 1))
        homes.go_paperless(second, date(2025, 9, 2))
        bills = [one for day in NINTHS[:2] for one in homes.bill(1, 2, on=day)]
        assert len(bills) == 6
        assert [one.service_point_id for one in credited(bills)] == ["SP1", "SP1"]
        assert homes.replays() == {True}
