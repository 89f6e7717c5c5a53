"""Coverage as one file: every paragraph a cell, its state in color and letter, nothing fetched."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

from meterledger.entrypoints.chapter_words import chapter_title, natural_key
from meterledger.entrypoints.coverage_page import coverage_page

VOID = {"meta", "link", "br", "rect", "input", "line", "circle"}


def version(block: str, state: str, **changed: Any) -> dict[str, Any]:
    return {
        "block": block,
        "sheet": "Sheet 136",
        "revision": "1",
        "paragraph": "GRR V.K",
        "from": "2017-04-01",
        "until": None,
        "state": state,
    } | changed


def answer(problems: tuple[str, ...] = (), **states: str) -> dict[str, Any]:
    return {
        "provisions": {
            provision.replace("__", "."): {
                "state": state,
                "why": "",
                "rules": [],
                "values": [],
                "stories": [],
                "versions": {},
            }
            for provision, state in states.items()
        },
        "problems": list(problems),
    }


LATE = {
    "id": "late.rate",
    "title": "Rate of the late charge.",
    "chapter": "grr_v_late_payment",
    "versions": [
        version(
            "136-0", "planned", revision="Original", until="2017-04-01", **{"from": "2013-06-30"}
        ),
        version("136-1", "carried"),
    ],
}
PRIVACY = {
    "id": "privacy.sale",
    "title": "Data <is> never sold",
    "chapter": "company_privacy",
    "versions": [version("privacy", "information", sheet="Company page", revision=None)],
}


def drawn(*provisions: dict[str, Any], link: Any = None, **given: Any) -> str:
    states = {one["id"].replace(".", "__"): one["versions"][0]["state"] for one in provisions}
    return coverage_page(answer(**given, **states), list(provisions), link)


def text_of(page: str) -> str:
    page = re.sub(r"<style>.*?</style>", " ", page, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


class Nesting(HTMLParser):
    """Every tag that opens closes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


class TestTheCoverageFile:
    def test_needs_nothing_beside_it(self) -> None:
        page = drawn(LATE, PRIVACY)

        assert not re.search(r"(src|@import|url\()", page)
        assert "<script" not in page
        assert all(href.startswith("#") for href in re.findall(r'href="([^"]*)"', page))

    def test_is_well_formed(self) -> None:
        checker = Nesting()
        checker.feed(drawn(LATE, PRIVACY, problems=("A <problem>.",)))
        assert checker.open == []

    def test_has_a_cell_for_each_paragraph_of_each_page(self) -> None:
        page = drawn(LATE, PRIVACY)

        assert re.findall(r'<a class="cell (\w+)"', page) == ["information", "planned", "carried"]

    def test_says_a_cells_state_by_letter_and_words_and_not_by_color_alone(self) -> None:
        page = drawn(LATE)

        assert "C Carried: GRR V.K, Rate of the late charge" in text_of(page)
        assert "P Planned: GRR V.K, Rate of the late charge" in text_of(page)

    def test_leads_from_a_cell_to_its_row_or_to_the_page_given(self) -> None:
        alone = drawn(LATE)
        inside = drawn(LATE, link=lambda provision: f"/book/provisions/{provision}/")

        assert 'href="#row-late.rate-136-1"' in alone
        assert '<tr id="row-late.rate-136-1"' in alone
        assert 'href="/book/provisions/late.rate/"' in inside

    def test_adds_up(self) -> None:
        said = text_of(drawn(LATE, PRIVACY))

        assert "3 paragraphs of 3 printed pages state 2 provisions." in said
        assert "All 3 2" in said
        assert "2 paragraphs: 1 carried, 1 planned." in said

    def test_shows_what_is_claimed_and_is_not_so(self) -> None:
        said = text_of(drawn(LATE, problems=("coverage.yaml, line 3: 'x' is <not> carried.",)))

        assert "What is claimed and is not so: 1" in said
        assert "coverage.yaml, line 3: 'x' is <not> carried." in said

    def test_shows_a_paragraph_in_no_state_as_such(self) -> None:
        stateless = {**LATE, "versions": [version("136-1", "")]}

        assert "! In no state: GRR V.K" in text_of(drawn(stateless))

    @pytest.mark.parametrize(
        ("state", "told"),
        [
            ("carried", "late.charge. The amount is not held."),
            ("planned", "late.charge"),  # of another page: this one lacks nothing
        ],
    )
    def test_says_what_a_carried_paragraph_still_lacks(self, state: str, told: str) -> None:
        measured = answer(late__rate=state)
        entry = measured["provisions"]["late.rate"]
        entry |= {"why": "The amount is not held.", "rules": ["late.charge"]}

        page = coverage_page(measured, [LATE], None)

        assert f"</span> Carried</td><td>{told}</td></tr>" in page

    def test_escapes_what_the_book_says(self) -> None:
        page = drawn(PRIVACY)

        assert "<is>" not in page
        assert "Data <is> never sold" in text_of(page)

    def test_takes_days_as_days_too(self) -> None:
        dated = {**LATE, "versions": [version("136-1", "carried", **{"from": date(2017, 4, 1)})]}

        assert "2017-04-01 until further notice" in text_of(drawn(dated))

    def test_of_an_empty_book_is_a_page(self) -> None:
        assert "0 paragraphs of 0 printed pages state 0 provisions." in text_of(drawn())


class TestAChaptersTitle:
    @pytest.mark.parametrize(
        ("folder", "title"),
        [
            ("grr_v_late_payment", "General rules and regulations V: late payment"),
            ("grr_iii_extensions", "General rules and regulations III: extensions"),
            ("rsmo_386_820", "RSMo 386.820"),
            ("psc_rules", "PSC rules"),
            ("pilots_a_rehousing", "Pilots A: rehousing"),
            ("sheet_054", "Sheet 54"),
            ("community_solar", "Community solar"),
        ],
    )
    def test_is_its_folder_in_words(self, folder: str, title: str) -> None:
        assert chapter_title(folder) == title


class TestTheOrderOfSheets:
    def test_is_by_number(self) -> None:
        sheets = ["Sheet 160.2", "Sheet 136", "Sheet 9", "Sheet 160", "Company page"]

        assert sorted(sheets, key=natural_key) == [
            "Company page",
            "Sheet 9",
            "Sheet 136",
            "Sheet 160",
            "Sheet 160.2",
        ]
