"""One thing is spoken of as one."""

from __future__ import annotations

import pytest

from meterledger.kernel.written_counts import many


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bills"), (1, "1 bill"), (2, "2 bills"), (21, "21 bills"), (101, "101 bills")],
)
def test_a_count_of_one_is_singular_and_no_other(count: int, words: str) -> None:
    assert many(count, "bill") == words


def test_a_noun_that_takes_no_s_says_its_plural() -> None:
    assert [many(count, "entry", "entries") for count in (0, 1, 2)] == [
        *("0 entries", "1 entry", "2 entries"),
    ]
