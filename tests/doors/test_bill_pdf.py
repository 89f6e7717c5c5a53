"""A bill on paper: one tagged page, the same bytes for ever, the same numbers as the record."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader
from tests.doors.web_town import PEOPLE, WebTown, shared_web_town

from meterledger.entrypoints.web.bill_words import BillFacts
from meterledger.entrypoints.web.pdf import NotPrintable, bill_pdf
from meterledger.facts.bills import read_record
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.money import usd_display

FACTS = BillFacts(
    utility="Example Light & Power",
    holders=("Ana Rivera",),
    address_lines=("12 Elm Street", "University City, MO 63130"),
    schedule_name="Anytime Users",
    meter_id="E-1001",
    previous_balance_cents=0,
)


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    return dict(read_record(shared_web_town().bills(1)[1].record))


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def words(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in read(pdf).pages).split())


class TestABillOnPaper:
    def test_is_one_page_for_every_bill_of_the_town(
        self, client: Client, web_town: WebTown
    ) -> None:
        for number in PEOPLE:
            for bill in web_town.bills(number):
                response = client.get(f"/bills/{bill.bill_id}.pdf")
                assert response.headers["content-type"] == "application/pdf"
                assert len(read(response.content).pages) == 1, bill.bill_id
                assert f"Total of this bill {usd_display(bill.total_cents)}" in words(
                    response.content
                )

    def test_has_every_line_with_its_amount_and_clause(self, record: dict[str, Any]) -> None:
        said = words(bill_pdf(record, FACTS))
        for line in record["lines"]:
            assert line["label"] in said
            assert f"${line['usd']}" in said
            assert line["citations"][0]["text"] in said

    def test_says_which_values_are_assumed(self, record: dict[str, Any]) -> None:
        assert "This bill uses assumed values." in words(bill_pdf(record, FACTS))

    def test_says_nothing_of_the_kind_when_all_is_filed(self, record: dict[str, Any]) -> None:
        filed = {**record, "lines": [{**line, "standing": "filed"} for line in record["lines"]]}
        assert "This bill uses" not in words(bill_pdf(filed, FACTS))

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
        self, previous_cents: int, said: str, record: dict[str, Any]
    ) -> None:
        assert record["total_usd"] == "121.43"
        facts = replace(FACTS, previous_balance_cents=previous_cents)
        assert said in words(bill_pdf(record, facts))

    def test_has_the_same_bytes_again(self, record: dict[str, Any]) -> None:
        assert bill_pdf(record, FACTS) == bill_pdf(json.loads(json.dumps(record)), FACTS)

    def test_is_dated_on_the_day_of_issue_and_never_later(self, record: dict[str, Any]) -> None:
        information = read(bill_pdf(record, FACTS)).metadata
        assert information is not None
        assert str(information["/CreationDate"]).startswith("D:20251002")
        assert information.title == "Electricity bill, September 2 to October 1, 2025"

    def test_is_tagged_for_readers_who_listen(self, record: dict[str, Any]) -> None:
        pdf = bill_pdf(record, FACTS)
        root: Any = read(pdf).trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"]
        assert root["/Lang"] == "en-US"
        assert root["/ViewerPreferences"]["/DisplayDocTitle"]
        figures = [one for one in elements(root["/StructTreeRoot"]) if one.get("/S") == "/Figure"]
        assert len(figures) == 1
        assert "September 2, 2025: 21" in str(figures[0]["/Alt"])
        kinds = {one.get("/S") for one in elements(root["/StructTreeRoot"])}
        assert {"/H1", "/H2", "/Table", "/TH", "/TD"} <= kinds

    def test_sets_names_as_words_and_not_as_commands(self, record: dict[str, Any]) -> None:
        facts = replace(FACTS, holders=("#panic() *Ana* $x$ @y",))
        assert "#panic() *Ana* $x$ @y" in words(bill_pdf(record, facts))

    def test_sets_names_of_many_tongues(self, record: dict[str, Any]) -> None:
        for name in ("Tomás Müller-Nguyễn", "Дмитрий Иванов", "Ωμέγα"):
            assert name in words(bill_pdf(record, replace(FACTS, holders=(name,))))

    def test_refuses_a_letter_it_cannot_set_instead_of_leaving_it_out(
        self, record: dict[str, Any]
    ) -> None:
        with pytest.raises(NotPrintable, match=r"李.*could not be displayed.*Read the bill on"):
            bill_pdf(record, replace(FACTS, holders=("李伟",)))

    def test_is_not_made_of_lines_that_do_not_sum(self, record: dict[str, Any]) -> None:
        with pytest.raises(InvariantBroken, match="sum to its total"):
            bill_pdf({**record, "total_usd": "121.44"}, FACTS)


def test_a_bill_of_every_line_there_can_be_is_still_one_page(record: dict[str, Any]) -> None:
    """Two seasons, two blocks, three times of use and riders that change within the window."""
    line, tax = record["lines"][3], record["lines"][-1]
    many = [{**line, "citations": record["lines"][-2]["citations"]} for _ in range(23)]
    lines = [*many, tax]
    cents = sum(int(one["usd"].replace(".", "")) for one in lines)
    full = {**record, "lines": lines, "total_usd": f"{cents // 100}.{cents % 100:02d}"}
    assert len(read(bill_pdf(full, FACTS)).pages) == 1


def elements(node: Any) -> list[Any]:
    """Every structure element below a node."""
    found = []
    children = node.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        resolved = child.get_object()
        if hasattr(resolved, "get"):
            found += [resolved, *elements(resolved)]
    return found
