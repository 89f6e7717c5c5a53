"""What commands and reports say of one thing, and of several."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from meterledger.entrypoints.impact_report import impact_answer, impact_page, impact_words
from meterledger.entrypoints.shadow_report import shadow_answer, shadow_words, verdict
from meterledger.facts.budget import YearEstimate
from meterledger.facts.impact import Impact, NotPriced
from meterledger.facts.shadow import ShadowBill, ShadowCause, ShadowRun
from meterledger.kernel.span import DaySpan

FROM, UNTIL = date(2025, 1, 1), date(2026, 1, 1)


def impact(*, accounts: int = 1, not_priced: int = 1, not_reproduced: int = 1) -> Impact:
    """So many accounts with a bill of $10.00 each that would be one of $11.00."""

    def each(value: int) -> Any:
        return np.full(accounts, value, dtype=np.int64)

    return Impact(
        since=FROM,
        until=UNTIL,
        accounts=tuple(f"A-{number}" for number in range(accounts)),
        schedules=("1M",) * accounts,
        places=("Pagedale",) * accounts,
        bills=each(1),
        energy_wh=each(1_000),
        issued_cents=each(10_00),
        before_cents=each(10_00),
        after_cents=each(11_00),
        not_reproduced=not_reproduced,
        first_change=FROM,
        sums_kept=0,
        sums_made=0,
        from_intervals=0,
        one_by_one=0,
        first_days=each(FROM.toordinal()),
        until_days=each(UNTIL.toordinal()),
        not_priced=tuple(
            NotPriced(f"B-{number}", "A-9", 5_00, "No price is there.")
            for number in range(not_priced)
        ),
    )


def told(found: Impact) -> tuple[str, str]:
    answer = impact_answer(found, proposal="p.yaml")
    return impact_words(found, answer), impact_page(found, answer)


def test_an_impact_of_one_bill_speaks_of_one() -> None:
    words, page = told(impact())
    assert "1 account, 2 bills rendered" in words
    assert "1 account pays more, 0 less." in words
    assert "1 bill is not priced and counts in no account: B-0. No price is there." in words
    assert "        1 account  " in words
    assert "1 bill that is not priced" in page
    assert "1 bill that comes out otherwise now, as known now" in page


def test_an_impact_of_several_speaks_of_several() -> None:
    words, page = told(impact(accounts=2, not_priced=2, not_reproduced=2))
    assert "2 bills are not priced and count in no account; the first: B-0. No price" in words
    assert "        2 accounts " in words
    assert "2 bills that are not priced" in page
    assert "2 bills that come out otherwise now, as known now" in page


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "1 bill is not explained: this program does not give what was issued. Do not release "
            "it; replay it to see the line."),
        (2, "2 bills are not explained: this program does not give what was issued. Do not release "
            "it; replay one of them to see the line."),
    ],
)  # fmt: skip
def test_a_verdict_counts_what_is_not_explained(count: int, words: str) -> None:
    assert verdict({"passes": False, "unexplained": count}) == words


def shadow(bills: int) -> ShadowRun:
    """So many bills of $10.00, each of them of $11.00 by the book of now."""
    days, parts = DaySpan(FROM, date(2025, 2, 1)), {ShadowCause.BOOK: 1_00}
    return ShadowRun(
        since=FROM,
        until=UNTIL,
        bills=bills,
        issued_cents=10_00 * bills,
        compared_cents=10_00 * bills,
        shadow_cents=11_00 * bills,
        different=[
            ShadowBill(f"B-{number}", "A-1", "AG-1", "1M", days, 10_00, 11_00, parts)
            for number in range(bills)
        ],
    )


@pytest.mark.parametrize(
    ("bills", "words"),
    [
        (1, "1 bill, $10.00 as issued. 0 are the same now, 1 differs by $1.00 together, 0 are"),
        (2, "2 bills, $20.00 as issued. 0 are the same now, 2 differ by $2.00 together, 0 are"),
    ],
)
def test_a_shadow_counts_bills_and_those_of_each_cause(bills: int, words: str) -> None:
    run = shadow(bills)
    said = shadow_words(run, shadow_answer(run, book="b" * 64, cycles=[1]))
    assert said.startswith(words)
    assert f" on {bills} bill{'s' * (bills > 1)}, " in said


@pytest.mark.parametrize(("days", "bills", "words"), [
    (1, 1, "for 1 day on 1 bill, taken"), (30, 1, "for 30 days on 1 bill, taken"),
    (61, 2, "for 61 days on 2 bills, taken"),
])  # fmt: skip
def test_the_estimate_of_a_year_counts_its_days_and_bills(
    days: int, bills: int, words: str
) -> None:
    assert words in YearEstimate(1_200_00, 100_00, days, bills).sentence
