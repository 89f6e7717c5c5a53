"""A book's statement of coverage is read, or refused by the line that is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from meterledger.kernel.span import Validity
from meterledger.rulebook.coverage import FILE, read_coverage
from meterledger.rulebook.errors import TariffFileBroken

SMALL = Path(__file__).parents[2] / "data" / "poison_book"


def test_a_paragraph_has_the_days_that_it_is_in_force() -> None:
    (one,) = read_coverage(SMALL).paragraphs
    assert one.days == Validity(date(2013, 6, 30), date(2019, 4, 1))


@pytest.mark.parametrize("begins", ["2019-04-01", "2025-07-01"])
def test_a_paragraph_that_ends_before_it_begins_is_refused(tmp_path: Path, begins: str) -> None:
    text = (SMALL / FILE).read_text(encoding="utf-8")
    (tmp_path / FILE).write_text(text.replace("2013-06-30", begins), encoding="utf-8")

    with pytest.raises(TariffFileBroken) as no:
        read_coverage(tmp_path)

    assert no.value.sentence == (
        "coverage.yaml, line 15: The paragraph ends on 2019-04-01, not after it begins on "
        f"{begins}. until is the first day on which it is no longer in force."
    )
