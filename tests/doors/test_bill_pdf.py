"""A bill on paper: a tagged sheet, the same bytes for ever, the same numbers as the record."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader
from tests.doors.statements import statement_of_town
from tests.doors.web_town import PEOPLE, WebTown

from meterledger.entrypoints.documents.binding import bind
from meterledger.entrypoints.documents.composing import (
    NoSuchTemplate,
    NotPrintable,
    compose,
    page_count,
    picture,
)
from meterledger.entrypoints.documents.content import content_of
from meterledger.entrypoints.web.bill_words import bill_words
from meterledger.facts.statements import Change, StatedBalance, StatedMark, Statement
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.ids import check_digit_holds
from meterledger.kernel.money import usd_display


@pytest.fixture(scope="module")
def statement() -> Statement:
    return statement_of_town()


def paper(statement: Statement) -> bytes:
    return compose(content_of(statement))


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def words(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in read(pdf).pages).split())


def owing_before(statement: Statement, cents: int) -> Statement:
    return replace(statement, balance=StatedBalance(None, (), cents, cents))


class TestABillOnPaper:
    def test_tells_each_bar_and_not_the_words_of_the_page(self, statement: Statement) -> None:
        """What a page says of its chart may be said better; a paper's content is for ever."""
        chart = bill_words(statement).chart
        content = content_of(statement).decode()
        told = json.loads(content)["chart"]
        assert told["alt"] == f"{chart.title}. {', '.join(bar.words for bar in chart.bars)}"
        assert chart.summary not in content

    def test_is_one_sheet_for_every_bill_of_the_town(
        self, client: Client, web_town: WebTown
    ) -> None:
        for number in PEOPLE:
            for bill in web_town.bills(number):
                response = client.get(f"/bills/{bill.bill_id}.pdf")
                assert response.headers["content-type"] == "application/pdf"
                assert len(read(response.content).pages) == 2, bill.bill_id
                assert f"Total of this bill {usd_display(bill.total_cents)}" in words(
                    response.content
                )

    def test_has_every_line_with_its_amount_and_clause(self, statement: Statement) -> None:
        said = words(paper(statement))
        for line in statement.lines:
            assert line.label in said
            assert usd_display(line.cents) in said
            assert line.citations[0].text in said

    def test_says_which_values_are_assumed(self, statement: Statement) -> None:
        assert "This bill uses assumed values." in words(paper(statement))

    @pytest.mark.parametrize(
        ("previous_cents", "said"),
        [
            (0, "Please pay by October 23, 2025 $121.43"),
            (53_92, "Please pay by October 23, 2025 $175.35"),
            (-121_42, "Please pay by October 23, 2025 $0.01"),
            (-121_43, "Nothing to pay $0.00"),
            (-121_44, "Nothing to pay: your credit stands at $0.01"),
        ],
    )
    def test_asks_for_what_was_owed_and_what_is_new(
        self, previous_cents: int, said: str, statement: Statement
    ) -> None:
        assert statement.charges_cents == 121_43
        pdf = paper(owing_before(statement, previous_cents))
        assert said in words(pdf)
        delinquent = "Delinquent if unpaid after October 23, 2025" in words(pdf)
        assert delinquent == (previous_cents > -121_43)

    def test_names_whom_to_call_first_and_next(self, statement: Statement) -> None:
        said = words(paper(statement))
        assert "Call us at (555) 010-0100" in said
        assert "Public Service Commission: (555) 010-0200" in said

    def test_compares_with_last_year_or_says_that_it_cannot(self, statement: Statement) -> None:
        said = words(paper(statement))
        assert "Sep 2 to Oct 1, 2025 20.7 kWh 68 °F" in said
        assert "nothing to compare with yet" in said
        unknown = words(paper(replace(statement, temperature=None)))
        assert "20.7 kWh not known" in unknown
        assert "Temperatures of all these days are not known to us." in unknown

    def test_tells_how_the_balance_came_about(self, statement: Statement) -> None:
        paid = Change(statement.issued_day, "payment", "Payment", -20_00)
        balance = StatedBalance(53_92, (paid,), 0, 33_92)
        said = words(paper(replace(statement, balance=balance)))
        assert "Asked on your last bill $53.92 Payment, Oct 2, 2025 -$20.00" in said
        assert "Still owed from before $33.92" in said

    def test_carries_marks_and_the_word_duplicate_with_its_day(self, statement: Statement) -> None:
        marked = replace(
            statement, marks=(StatedMark("corrects", "This bill corrects the bill B-1.", "B-1"),)
        )
        said = words(compose(content_of(marked, duplicate_on=statement.due_day)))
        assert "Please note. This bill corrects the bill B-1." in said
        assert "Duplicate, October 23, 2025" in said

    def test_has_a_slip_that_a_reader_scans(self, statement: Statement) -> None:
        said = words(paper(statement))
        account, amount, digit = "0000000018", "0000017535", "8"
        assert f"{account} {amount} {digit}" in said
        assert check_digit_holds(account + amount + digit)
        assert check_digit_holds(account)

    def test_asks_a_reader_for_nothing_where_there_is_a_credit(self, statement: Statement) -> None:
        said = words(paper(owing_before(statement, -300_00)))
        assert "Your credit $178.57" in said
        assert "0000000018 0000000000" in said


class TestItsBytes:
    def test_are_the_same_again(self, statement: Statement) -> None:
        content = content_of(statement)
        assert compose(content) == compose(json.loads(json.dumps(content.decode())).encode())

    def test_are_dated_on_the_day_of_issue_and_never_later(self, statement: Statement) -> None:
        information = read(paper(statement)).metadata
        assert information is not None
        assert str(information["/CreationDate"]).startswith("D:20251002")
        assert information.title == "Electricity bill, September 2 to October 1, 2025"

    def test_are_of_a_template_that_is_held(self, statement: Statement) -> None:
        with pytest.raises(NoSuchTemplate, match=r"The template 'bill_99' is not held"):
            compose(content_of(statement), revision="bill_99")
        with pytest.raises(NoSuchTemplate):
            compose(content_of(statement), revision="../bill_1")


class TestItsTags:
    def test_are_there_for_readers_who_listen(self, statement: Statement) -> None:
        pdf = paper(statement)
        root: Any = read(pdf).trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"]
        assert root["/Lang"] == "en-US"
        assert root["/ViewerPreferences"]["/DisplayDocTitle"]
        assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
        found = elements(root["/StructTreeRoot"])
        figures = [one for one in found if one.get("/S") == "/Figure"]
        assert len(figures) == 1
        assert "September 2, 2025: 21" in str(figures[0]["/Alt"])
        kinds = [one.get("/S") for one in found]
        assert kinds.count("/H1") == 1
        assert {"/H2", "/Table", "/THead", "/TH", "/TD"} <= set(kinds)

    def test_name_the_columns_of_every_table(self, statement: Statement) -> None:
        root: Any = read(paper(statement)).trailer["/Root"]
        tables = [one for one in elements(root["/StructTreeRoot"]) if one.get("/S") == "/Table"]
        with_heads = [
            one for one in tables if any(part.get("/S") == "/TH" for part in elements(one))
        ]
        assert len(tables) - len(with_heads) <= 2  # the facts of the bill, and those of the slip


class TestNames:
    def test_are_set_as_words_and_not_as_commands(self, statement: Statement) -> None:
        named = replace(statement, holders=("#panic() *Ana* $x$ @y",))
        assert "#panic() *Ana* $x$ @y" in words(paper(named))

    @pytest.mark.parametrize("name", ["Tomás Müller-Nguyễn", "Дмитрий Иванов", "Ωμέγα"])
    def test_of_many_tongues_are_set(self, name: str, statement: Statement) -> None:
        assert name in words(paper(replace(statement, holders=(name,))))

    @pytest.mark.parametrize("name", ["李伟", "Ana 🙂"])
    def test_with_a_letter_that_cannot_be_set_are_refused_and_not_left_out(
        self, name: str, statement: Statement
    ) -> None:
        with pytest.raises(NotPrintable, match=r"could not be displayed.*Read the bill on"):
            paper(replace(statement, holders=(name,)))


def test_no_statement_is_made_of_lines_that_do_not_sum(statement: Statement) -> None:
    with pytest.raises(InvariantBroken, match="sum to its total"):
        replace(statement, charges_cents=121_44)


def test_a_bill_of_every_line_there_can_be_is_still_one_sheet(statement: Statement) -> None:
    """Two seasons, two blocks, three times of use and riders that change within the window."""
    line, tax = statement.lines[3], statement.lines[-1]
    lines = (*([line] * 23), tax)
    full = replace(statement, lines=lines, charges_cents=sum(one.cents for one in lines))
    assert page_count(paper(full)) == 2


@pytest.mark.parametrize("late", [0, 1, 2])
def test_the_chart_ends_above_the_slip_however_long_the_rows_are(
    statement: Statement, late: int
) -> None:
    """The words of a late charge wrap to five lines; the days below the bars stay readable."""
    content = json.loads(content_of(statement))
    words = (
        "Late payment charge on $86.83 of bill B-3100001852-SP-CA-2-20250801-20260311-20260411, "
    )
    row = {"words": words + "unpaid after May 2, 2026", "amount": "$1.30", "strong": False}
    content["balance"] = [*content["balance"][:1], *[row] * late, *content["balance"][1:]]
    heights: dict[str, float] = {}

    def look(text: str, page: list[float], own: list[float], *_: object) -> None:
        for sought in (content["chart"]["labels"][0], "Tear along"):
            if sought in text:
                heights[sought] = own[4] * page[1] + own[5] * page[3] + page[5]

    made = compose(json.dumps(content).encode())
    read(made).pages[0].extract_text(visitor_text=look)
    assert heights[content["chart"]["labels"][0]] > heights["Tear along"] + 10


def test_what_is_drawn_is_seen(statement: Statement) -> None:
    pages = picture(content_of(statement), ppi=30)
    assert [page[:4] for page in pages] == [b"\x89PNG"] * 2


class TestABoundFile:
    def test_holds_the_very_pages_one_document_after_another(self, statement: Statement) -> None:
        papers = [paper(statement), paper(statement_of_town(2, 0)), paper(statement_of_town(4, 2))]
        file = io.BytesIO()
        assert bind(papers, file) == [2, 2, 2]
        bound = read(file.getvalue())
        assert len(bound.pages) == 6
        singly = [page.extract_text() for pdf in papers for page in read(pdf).pages]
        assert [page.extract_text() for page in bound.pages] == singly
        contents = [page.get_contents().get_data() for pdf in papers for page in read(pdf).pages]  # type: ignore[union-attr]
        assert [page.get_contents().get_data() for page in bound.pages] == contents  # type: ignore[union-attr]

    def test_has_the_same_bytes_again(self, statement: Statement) -> None:
        first, second = io.BytesIO(), io.BytesIO()
        bind([paper(statement)] * 2, first)
        bind([paper(statement)] * 2, second)
        assert first.getvalue() == second.getvalue()

    def test_keeps_what_pages_share_once(self, statement: Statement) -> None:
        once, thrice = io.BytesIO(), io.BytesIO()
        bind([paper(statement)], once)
        bind([paper(statement)] * 3, thrice)
        assert len(thrice.getvalue()) < len(once.getvalue()) * 1.2

    def test_is_made_of_documents_of_ours_alone(self) -> None:
        with pytest.raises(InvariantBroken, match="the place of its table"):
            bind([b"%PDF-1.7 of somebody else"], io.BytesIO())


def elements(node: Any) -> list[Any]:
    """Every structure element below a node."""
    found = []
    children = node.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        resolved = child.get_object()
        if hasattr(resolved, "get"):
            found += [resolved, *elements(resolved)]
    return found
