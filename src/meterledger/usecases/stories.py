"""Run a story of the tariff book: ask what it asks, and say where the answer differs.

Lives here      asking by the same calls as ``rate`` and ``tariff value``, and the differences.
Lives elsewhere the form of a story file (``story_files``), the stories (``tariffs/``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from meterledger import rating
from meterledger.facts.charges import ChargeLine
from meterledger.kernel.citation import Citation
from meterledger.kernel.money import micro_usd_text, usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.standing import Standing
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.series import DatedValue
from meterledger.usecases.given_beside import load_usage
from meterledger.usecases.rate_usage import rate_usage, whole_usage
from meterledger.usecases.rule_stories import RuleQuestion, decide_story, outcome_differences
from meterledger.usecases.story_files import Expected, RateQuestion, Story, ValueQuestion

PER_KWH = "USD per kWh"


@dataclass(frozen=True, slots=True)
class StoryFailure:
    """One difference between what a story expects and what the book answers."""

    story: str
    where: str
    facts: str
    what: str
    expected: str
    got: str
    clause: str
    citation: Citation | None = None

    def as_json(self) -> dict[str, Any]:
        """One failure of ``stories --json`` (DESIGN.md section 6)."""
        return {
            "story": self.story,
            "file": self.where,
            "given": self.facts,
            "what": self.what,
            "expected": self.expected,
            "got": self.got,
            "citation": self.citation.as_json() if self.citation is not None else None,
        }

    def __str__(self) -> str:
        """Story, facts, expected, got and clause, each on a line."""
        return (
            f"{self.where}: {self.story}\n"
            f"  given     {self.facts}\n"
            f"  expected  {self.what}: {self.expected}\n"
            f"  got       {self.got}\n"
            f"  clause    {self.clause}"
        )


@dataclass(frozen=True, slots=True)
class _Difference:
    what: str
    expected: str
    got: str
    citations: tuple[Citation, ...] = ()


def run_story(story: Story, book: TariffBook) -> list[StoryFailure]:
    """Ask the book what the story asks; one failure for each difference, none if it holds.

    A refusal is an answer: it fails a story unless the story expects its words.
    """
    question = story.question
    try:
        if isinstance(question, RateQuestion):
            found = _rate_differences(question, story.expected, book)
        elif isinstance(question, RuleQuestion):
            found = _rule_differences(question, story.expected, book)
        else:
            found = _value_differences(question, story.expected, book)
    except Refusal as refusal:
        found = _refusal_differences(refusal, story.expected)
    return [
        StoryFailure(
            story=story.sentence,
            where=f"{story.file}, line {story.line}",
            facts=story.facts,
            what=one.what,
            expected=one.expected,
            got=one.got,
            clause="; ".join(citation.text for citation in one.citations) or "none",
            citation=one.citations[0] if one.citations else None,
        )
        for one in found
    ]


def _rate_differences(
    question: RateQuestion, expected: Expected, book: TariffBook
) -> list[_Difference]:
    rated = rate_usage(
        schedule=question.schedule,
        window=question.window,
        usage=load_usage(question.load, question.window, book.as_known(question.as_known).time_zone)
        if question.load
        else question.wh,
        book=book,
        as_known_on=question.as_known,
        groups=question.groups,
        tax_place=question.tax_place,
        sales_tax_place=question.sales_tax_place,
        given=question.given,
    )
    lines = rated.lines
    citations = _distinct(citation for line in lines for citation in line.citations)
    total = usd_text(rated.total_cents)
    found = _not_refused(expected, f"a total of {total}", citations)
    if expected.total_cents is not None and expected.total_cents != rated.total_cents:
        found.append(_Difference("total_usd", usd_text(expected.total_cents), total, citations))
    if expected.lines is not None:
        found += _line_differences(expected.lines, lines)
    for code, quantities in expected.quantities:
        of_code = [line for line in lines if line.code == code]
        got = tuple(line.quantity for line in of_code)
        if got != quantities:
            found.append(
                _Difference(
                    f"quantity of {code}",
                    _listing(quantities),
                    _listing(got),
                    _distinct(citation for line in of_code for citation in line.citations),
                )
            )
    return found + _common_differences(expected, rated.standing, citations)


def _rule_differences(
    question: RuleQuestion, expected: Expected, book: TariffBook
) -> list[_Difference]:
    ruling = decide_story(question, book)
    citations = _distinct(reason.citation for reason in ruling.decision.reasons)
    found = _not_refused(expected, "a decision", citations)
    found += [
        _Difference(*one)
        for one in outcome_differences(
            ruling, dict(expected.outcome), expected.says, expected.reads
        )
    ]
    return found + _common_differences(expected, ruling.standing, citations)


def _line_differences(
    expected: tuple[tuple[str, tuple[int, ...]], ...], lines: tuple[ChargeLine, ...]
) -> list[_Difference]:
    """Lines by code, in both directions: a line that the story does not name is a difference."""
    wanted = dict(expected)
    got: dict[str, list[ChargeLine]] = {}
    for line in lines:
        got.setdefault(line.code, []).append(line)
    found = []
    for code in dict.fromkeys([*wanted, *got]):
        cents = tuple(line.cents for line in got.get(code, []))
        if cents != wanted.get(code, ()):
            citations = _distinct(one for line in got.get(code, []) for one in line.citations)
            found.append(
                _Difference(
                    code,
                    _listing(map(usd_text, wanted.get(code, ()))),
                    _listing(map(usd_text, cents)),
                    citations,
                )
            )
    return found


def _value_differences(
    question: ValueQuestion, expected: Expected, book: TariffBook
) -> list[_Difference]:
    view = book.as_known(question.as_known)
    kind = view.kind_of(question.name)
    dated = view.series(question.name).on(question.day)
    citations = (dated.citation,)
    text = _value_text(kind, dated)
    found = _not_refused(expected, text, citations)
    if expected.value is not None and expected.value != text:
        found.append(_Difference("value", expected.value, text, citations))
    if expected.usd_cents is not None:
        series = view.price(question.name)
        got = f"no amount by energy, for the unit is {series.unit}"
        if question.wh is not None and series.unit == PER_KWH:
            price = series.on(question.day).value
            got = usd_text(rating.energy_cents(whole_usage(question.wh), price))
        if got != usd_text(expected.usd_cents):
            found.append(_Difference("usd", usd_text(expected.usd_cents), got, citations))
    return found + _common_differences(expected, dated.standing, citations)


def _value_text(kind: str, dated: DatedValue[Any]) -> str:
    return micro_usd_text(dated.value) if kind == "price" else str(dated.value)


def _refusal_differences(refusal: Refusal, expected: Expected) -> list[_Difference]:
    sentence = str(refusal)
    if not expected.refused:
        return [_Difference("answer", "an answer", f"refused: {sentence}")]
    return [
        _Difference("refused", words, sentence)
        for words in expected.refused
        if words not in sentence
    ]


def _not_refused(
    expected: Expected, got: str, citations: tuple[Citation, ...]
) -> list[_Difference]:
    if not expected.refused:
        return []
    return [_Difference("refused", _listing(expected.refused), got, citations)]


def _common_differences(
    expected: Expected, standing: Standing, citations: tuple[Citation, ...]
) -> list[_Difference]:
    found = []
    if expected.standing is not None and expected.standing is not standing:
        found.append(_Difference("standing", expected.standing.value, standing.value, citations))
    texts = [citation.text for citation in citations]
    for text in expected.cites:
        if text not in texts:
            found.append(_Difference("cites", text, _listing(texts), citations))
    return found


def _distinct(citations: Iterable[Citation]) -> tuple[Citation, ...]:
    return tuple(dict.fromkeys(citations))


def _listing(words: Iterable[str]) -> str:
    return "; ".join(words) or "nothing"
