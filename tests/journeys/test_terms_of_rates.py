"""A rate that follows the first one is kept for its own term of use, as its sheet stood that day.

No sheet that is held prices two options of a class with terms: those of a home stand in, on
1M-smart, whose term is six months, and two years for who chooses it from October 2026 on.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import meterledger.usecases.change_rate as module
from meterledger.entrypoints.tariff_words import check_book
from meterledger.rulebook.loading import load_book
from meterledger.usecases.change_rate import RateChange, RateRefused, change_rate
from meterledger.usecases.term_of_use import term_of_use

TOLD = datetime(2026, 12, 1, 12, tzinfo=UTC)
JULY_2026, AUGUST_2026 = date(2026, 7, 10), date(2026, 8, 1)
A_DAY = timedelta(days=1)
NAME = "1m_smart_term_of_use_months"
CITE = (
    'cite: {instrument: "MO P.S.C. Schedule No. 6", sheet: "Sheet 54", revision: null,'
    ' paragraph: "term of use", effective: 2025-06-01, order: "ER-2024-0319"}'
)
VALUE = f"""\
kind: number
meaning: "1M-smart: least term of use of the rate once it is chosen."
unit: "months"
values:
  - effective_from: 2025-06-01
    effective_until: 2026-10-01
    value: "6"
    standing: second_hand
    learned_on: 2026-11-29
    {CITE}
    source: "made up for a test"
  - effective_from: 2026-10-01
    effective_until: null
    value: "24"
    standing: second_hand
    learned_on: 2026-11-29
    {CITE}
    source: "made up for a test"
last_checked_on: 2026-11-29
"""


@pytest.fixture(scope="module")
def books(towns: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Any]:
    """The book as it is, and as if Sheet 54 said a term of use for 1M-smart."""
    folder: Path = tmp_path_factory.mktemp("books") / "union_electric_mo6"
    shutil.copytree(towns.default_book_folder(), folder)
    plain = load_book(folder)
    (folder / "sheet_054" / f"{NAME}.yaml").write_text(VALUE, encoding="utf-8")
    return {False: plain, True: load_book(folder)}


@pytest.fixture(params=[True, False], ids=["own term", "general term"])
def has_own(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def shop(
    towns: ModuleType, books: dict[bool, Any], has_own: bool, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Service since July 2025, to which the terms of a business apply."""
    monkeypatch.setattr(module, "RESIDENTIAL", "nobody: the rule is asked as for a business")
    made = towns.Town(book=books[has_own])
    with made.store.viewing(towns.VIEWER, []):
        made.start(1)
        yield made


def asked(town: Any, on: date, schedule: str, **how: Any) -> RateChange:
    told = {"learned_at": TOLD, **how}
    return change_rate(
        account_id=town.account_id(1),
        schedule=schedule,
        asked=on,
        view=town.book.as_known(TOLD.date()),
        store=town.store,
        **told,
    )


def test_a_later_rate_is_kept_for_its_own_term_or_else_for_the_general_one(
    shop: Any, has_own: bool
) -> None:
    change = asked(shop, JULY_2026, "1M-smart")
    free = date(2027, 2, 1) if has_own else date(2027, 8, 1)
    assert change.outcome.takes_effect == AUGUST_2026
    assert change.outcome.held_until == free

    with pytest.raises(RateRefused) as refused:
        asked(shop, free - A_DAY, "1M-anytime")

    said = refused.value.sentence
    assert f"The present rate stays until {free}" in said
    assert f"term of use of the selected rate: to {free}" in said
    assert (
        "the term of use of 1M-smart is 6 months, as of 2026-08-01"
        if has_own
        else "no sheet that is held says the term of use of 1M-smart: the general one of 12 months"
    ) in said
    freed = asked(shop, free, "1M-anytime")
    assert freed.outcome.takes_effect is not None
    cited = [one.citation.text for one in freed.ruling.decision.reasons]
    assert any(("Sheet 54" in one) if has_own else ("GRR V.H.1" in one) for one in cited)


@pytest.mark.parametrize(
    ("day", "months"),
    [(date(2025, 5, 31), 12), (date(2026, 9, 30), 6), (date(2026, 10, 1), 24)],
)
def test_a_revision_of_the_sheet_binds_who_chooses_the_rate_after_it(
    books: dict[bool, Any], day: date, months: int
) -> None:
    view = books[True].as_known(TOLD.date())
    own = term_of_use("1M-smart", day, view)
    assert own is not None
    assert own.months == months
    other = term_of_use("1M-anytime", day, view)
    assert other is not None
    assert other.months == 12


def test_before_the_first_text_there_is_no_term(books: dict[bool, Any]) -> None:
    assert term_of_use("1M-smart", date(2013, 6, 29), books[True].as_known(TOLD.date())) is None


def test_such_a_value_is_one_that_the_book_uses(books: dict[bool, Any]) -> None:
    view = books[True].as_known(TOLD.date())
    unused = [one["sentence"] for one in check_book(view, TOLD.date()) if one["weight"] == "unused"]
    assert not [one for one in unused if "term_of_use" in one]


def test_a_home_has_none_since_april_2020(town: Any) -> None:
    town.start(1)
    asked(town, date(2025, 7, 10), "1M-smart")
    back = asked(town, date(2025, 8, 10), "1M-anytime", learned_at=TOLD + timedelta(hours=1))
    assert back.outcome.takes_effect == date(2025, 9, 1)
    assert back.outcome.held_until is None
    assert not [one for one in back.ruling.decision.reasons if "term of use of" in one.finding]
