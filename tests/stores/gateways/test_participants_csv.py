"""A file of participants is read whole, or refused by its first wrong line."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pytest

from meterledger.kernel.span import Validity
from meterledger.stores.gateways.participants_csv import participants_of, read_participants
from meterledger.stores.gateways.refusals import EnvelopeBroken, FileUnreadable, FormatUnknown

HEAD = "account,programme,from,until\n"
SUMMER = "1000000018,Keeping Current cooling,2025-06-01,2025-09-01\n"


def refused(text: str) -> str:
    with pytest.raises(EnvelopeBroken) as caught:
        participants_of(text.encode(), "p.csv")
    return str(caught.value)


class TestTheFile:
    def test_says_who_was_in_which_programme_when(self) -> None:
        still = "1000000026, Keeping Current electric heating ,2024-11-01,\n"
        found = participants_of((HEAD + SUMMER + "\n" + still).encode(), "p.csv")

        assert found.name == "p.csv"
        first, second = found.lines
        assert (first.account_id, first.program, first.line) == (
            "1000000018", "Keeping Current cooling", 2,
        )  # fmt: skip
        assert first.days == Validity(date(2025, 6, 1), date(2025, 9, 1))
        assert (second.program, second.line) == ("Keeping Current electric heating", 4)
        assert second.days == Validity(date(2024, 11, 1))

    def test_may_come_with_a_mark_of_its_letters_or_packed(self, tmp_path: Path) -> None:
        plain = participants_of((HEAD + SUMMER).encode(), "p.csv.gz")
        path = tmp_path / "p.csv.gz"
        path.write_bytes(
            gzip.compress(b"\xef\xbb\xbf" + (HEAD + SUMMER).replace("\n", "\r\n").encode())
        )
        assert read_participants(path) == plain

    def test_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(FileUnreadable, match="The file cannot be read"):
            read_participants(tmp_path / "p.csv")

    def test_of_one_day_is_the_shortest(self) -> None:
        one = SUMMER.replace("2025-09-01", "2025-06-02")
        (found,) = participants_of((HEAD + one).encode(), "p.csv").lines
        assert found.days == Validity(date(2025, 6, 1), date(2025, 6, 2))


class TestItIsRefused:
    def test_without_its_header(self) -> None:
        told = refused(SUMMER)
        assert told.startswith("p.csv: It does not begin with the header account,programme,from,")
        assert told.endswith("Nothing was counted. Correct the file and run again.")

    def test_with_a_header_and_nobody(self) -> None:
        told = refused(HEAD)
        assert "It names nobody. An export that failed looks like this" in told
        assert "leave out --participants" in told

    def test_with_too_few_cells(self) -> None:
        assert "p.csv, line 2: It has 3 cells, and needs 4." in refused(
            HEAD + "1000000018,Keeping Current cooling,2025-06-01\n"
        )

    @pytest.mark.parametrize(("cell", "what"), [(0, "account"), (1, "programme")])
    def test_with_an_empty_cell(self, cell: int, what: str) -> None:
        cells = SUMMER.strip().split(",")
        cells[cell] = " "
        assert f"line 3: It names no {what}." in refused(HEAD + SUMMER + ",".join(cells))

    @pytest.mark.parametrize("day", ["2025-6-1", "2025-02-30", "06/01/2025", "1989-12-31", ""])
    def test_with_a_beginning_that_is_no_day(self, day: str) -> None:
        told = refused(HEAD + SUMMER.replace("2025-06-01", day))
        assert f"line 2: 'from' is {day!r}, and not a day like 2025-07-01." in told
        assert "only 'until' may be empty" in told

    def test_with_an_end_that_is_no_day(self) -> None:
        told = refused(HEAD + SUMMER.replace("2025-09-01", "open"))
        assert "line 2: 'until' is 'open', and not a day" in told

    @pytest.mark.parametrize("until", ["2025-06-01", "2025-05-31"])
    def test_with_an_end_that_is_not_after_its_beginning(self, until: str) -> None:
        told = refused(HEAD + SUMMER.replace("2025-09-01", until))
        assert f"line 2: It ends on {until} and begins on 2025-06-01." in told
        assert "'until' is the first day on which the account takes no part any more" in told

    def test_with_a_line_that_stands_twice(self) -> None:
        told = refused(HEAD + SUMMER + SUMMER)
        assert "line 3: It says what line 2 says. Nothing was counted. Remove one of them" in told

    def test_of_no_text_and_of_a_spreadsheet(self) -> None:
        assert "The text is not UTF-8: byte 0" in refused_bytes(b"\xff" + HEAD.encode())
        with pytest.raises(FormatUnknown, match="save the sheet as CSV"):
            participants_of(b"PK\x03\x04" + HEAD.encode(), "p.csv")

    def test_with_a_quote_that_does_not_end(self) -> None:
        assert "p.csv: It is no CSV:" in refused(HEAD + '"1000000018,Keeping')


def refused_bytes(data: bytes) -> str:
    with pytest.raises(EnvelopeBroken) as caught:
        participants_of(data, "p.csv")
    return str(caught.value)
