"""Story files of the tariff book into stories: every key read and checked, nothing passed over.

Lives here      the form of a story file and the words when it is wrong.
Lives elsewhere asking the book and comparing the answer (``stories``).
Read first      docs/reference/tariff_files.md: "Stories".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from meterledger.facts.charges import ChargeGroup
from meterledger.kernel.money import NotMoney, cents_from_text, whole_from_decimal_text
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing
from meterledger.rulebook.yaml_nodes import Node, read_nodes
from meterledger.usecases.given_beside import (
    GIVEN_KEYS,
    NOTHING_GIVEN,
    GivenBeside,
    given_beside,
    load_of,
)
from meterledger.usecases.rule_stories import (
    STORY_KEYS,
    STORY_MAY,
    RuleQuestion,
    expected_outcome,
    rule_question,
)

Read = TypeVar("Read")

PARTS = {"riders": ChargeGroup.RIDER, "taxes": ChargeGroup.TAX, "base": ChargeGroup.BASE}
RATE_KEYS = frozenset({"schedule", "from", "to"})
RATE_MAY = frozenset({"kwh", "without", "tax_place", "sales_tax_place", "as_known"}) | GIVEN_KEYS
VALUE_KEYS = frozenset({"value", "day"})
VALUE_MAY = frozenset({"kwh", "as_known"})
THEN_OF_RATE = frozenset({"total_usd", "lines", "quantities", "standing", "cites", "refused"})
THEN_OF_RULE = frozenset({"says", "reads", "standing", "cites", "refused"})
THEN_OF_VALUE = frozenset({"value", "usd", "standing", "cites", "refused"})


@dataclass(frozen=True, slots=True)
class RateQuestion:
    """What would ``wh`` cost on ``schedule`` in ``window``? The question of ``rate``.

    ``load`` is the energy instead, by hours of the day, the same every day.
    """

    schedule: str
    window: DaySpan
    wh: int
    groups: frozenset[ChargeGroup]
    tax_place: str
    as_known: date
    given: GivenBeside = NOTHING_GIVEN
    load: tuple[tuple[int, int, int], ...] = ()
    sales_tax_place: str | None = None


@dataclass(frozen=True, slots=True)
class ValueQuestion:
    """Which value is in force on ``day``, and, for a price per kWh, what do ``wh`` cost by it?"""

    name: str
    day: date
    wh: int | None
    as_known: date


@dataclass(frozen=True, slots=True)
class Expected:
    """What the book should answer; None where the story does not say.

    ``lines``       cents of every line by its code, in order; the answer has these and no others
    ``quantities``  printed quantity of some lines by code
    ``cites``       short forms of citations that the answer must carry
    ``refused``     words that the refusal must contain
    """

    total_cents: int | None = None
    lines: tuple[tuple[str, tuple[int, ...]], ...] | None = None
    quantities: tuple[tuple[str, tuple[str, ...]], ...] = ()
    usd_cents: int | None = None
    value: str | None = None
    standing: Standing | None = None
    cites: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    outcome: tuple[tuple[str, Any], ...] = ()
    says: tuple[str, ...] = ()
    reads: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """One sentence of the sheet as facts and the answer they should get, with its place."""

    sentence: str
    facts: str
    question: RateQuestion | ValueQuestion | RuleQuestion
    expected: Expected
    file: str
    line: int


def find_stories(book_folder: Path) -> list[Story]:
    """Every story beside the sheets of a book, in the order of their files.

    :raises TariffFileBroken: naming the file and line of a story that is not in the form
    """
    return [
        story
        for path in sorted(book_folder.rglob("scenarios/*.yaml"))
        for story in read_stories(path.read_bytes(), path.relative_to(book_folder).as_posix())
    ]


def read_stories(data: bytes, file: str) -> list[Story]:
    """The stories of one file.

    :raises TariffFileBroken: naming the line, what is wrong and what to do
    """
    stories: dict[str, Story] = {}
    for node in read_nodes(data, file).items():
        story = _story(node)
        if story.sentence in stories:
            raise node.refuse(
                f"Two stories say '{story.sentence}'", "Name the rule that each of them shows"
            )
        stories[story.sentence] = story
    return list(stories.values())


def _story(node: Node) -> Story:
    if node.kind == "map" and "rule" in node.value:
        return _rule_story(node)
    keys = node.mapping(required=frozenset({"story", "given", "then"}), allowed=frozenset())
    given = keys["given"]
    asks_value = given.kind == "map" and "value" in given.value
    question = _value_question(given) if asks_value else _rate_question(given)
    expected = _expected(keys["then"], THEN_OF_VALUE if asks_value else THEN_OF_RATE)
    if expected.usd_cents is not None and "kwh" not in given.value:
        raise keys["then"].refuse(
            "The story expects an amount and gives no kwh", "Add kwh to what is given"
        )
    return Story(
        sentence=keys["story"].text(),
        facts=_plain(given),
        question=question,
        expected=expected,
        file=node.file,
        line=node.line,
    )


def _rule_story(node: Node) -> Story:
    keys = node.mapping(required=STORY_KEYS, allowed=STORY_MAY)
    question = rule_question(keys)
    then = keys["then"]
    if then.kind != "map" or not then.value:
        raise then.refuse("The story expects nothing, so it cannot fail", "Say what comes out")
    outcome = expected_outcome(question.rule, then.value)
    rest = {key: one for key, one in then.value.items() if key in THEN_OF_RULE}
    common = {key: one for key, one in rest.items() if key in ("standing", "cites", "refused")}
    if "refused" in rest and (outcome or len(rest) > 1):
        raise rest["refused"].refuse(
            "The story expects a refusal and an answer",
            "A refused question has no answer: keep one",
        )
    expected = _expected(replace(then, value=common), THEN_OF_RULE) if common else Expected()
    return Story(
        sentence=keys["story"].text(),
        facts=_plain(keys["given"]) if keys["given"].kind == "map" else "nothing",
        question=question,
        expected=replace(
            expected,
            outcome=tuple(outcome.items()),
            says=_texts(rest["says"]) if "says" in rest else (),
            reads=_reads(rest["reads"]) if "reads" in rest else None,
        ),
        file=node.file,
        line=node.line,
    )


def _reads(node: Node) -> tuple[str, ...]:
    return () if node.kind == "list" and not node.value else _texts(node)


def _rate_question(node: Node) -> RateQuestion:
    keys = node.mapping(required=RATE_KEYS, allowed=RATE_MAY)
    first, until = keys["from"].day(), keys["to"].day()
    if not first < until:
        raise keys["to"].refuse(
            f"The window from {first} to {until} holds no day",
            "'to' is the day after the last day of service",
        )
    left_out: set[ChargeGroup] = set()
    for part in keys["without"].items() if "without" in keys else []:
        if part.text() not in PARTS:
            raise part.refuse(
                f"'{part.text()}' is not a part of a bill", f"Use one of {', '.join(PARTS)}"
            )
        left_out.add(PARTS[part.text()])
    if ("kwh" in keys) == ("load" in keys):
        raise node.refuse("Energy is given once", "Give either kwh or load")
    return RateQuestion(
        schedule=keys["schedule"].text(),
        window=DaySpan(first, until),
        wh=_wh(keys["kwh"]) if "kwh" in keys else 0,
        groups=frozenset(ChargeGroup) - left_out,
        tax_place=keys["tax_place"].text() if "tax_place" in keys else "none",
        as_known=_as_known(keys),
        given=given_beside(keys),
        load=load_of(keys["load"]) if "load" in keys else (),
        sales_tax_place=keys["sales_tax_place"].text() if "sales_tax_place" in keys else None,
    )


def _value_question(node: Node) -> ValueQuestion:
    keys = node.mapping(required=VALUE_KEYS, allowed=VALUE_MAY)
    return ValueQuestion(
        name=keys["value"].text(),
        day=keys["day"].day(),
        wh=_wh(keys["kwh"]) if "kwh" in keys else None,
        as_known=_as_known(keys),
    )


def _as_known(keys: dict[str, Node]) -> date:
    """Without the key, a story asks the book as it stands, with all that was ever entered."""
    return keys["as_known"].day() if "as_known" in keys else date.max


def _wh(node: Node) -> int:
    wh = whole_from_decimal_text(node.as_written(), decimals=3)
    if wh is None:
        raise node.refuse(
            f"'{node.text()[:40]}' is not an amount of energy in whole watt-hours",
            'Write kilowatt-hours in quotes, with at most three decimals: "812.5"',
        )
    return wh


def _expected(node: Node, allowed: frozenset[str]) -> Expected:
    keys = node.mapping(required=frozenset(), allowed=allowed)
    if not keys:
        raise node.refuse("The story expects nothing, so it cannot fail", "Say what comes out")
    if "refused" in keys and len(keys) > 1:
        raise keys["refused"].refuse(
            "The story expects a refusal and an answer",
            "A refused question has no answer: keep one",
        )
    return Expected(
        total_cents=_cents(keys["total_usd"]) if "total_usd" in keys else None,
        lines=_by_code(keys["lines"], _cents) if "lines" in keys else None,
        quantities=_by_code(keys["quantities"], Node.text) if "quantities" in keys else (),
        usd_cents=_cents(keys["usd"]) if "usd" in keys else None,
        value=keys["value"].text() if "value" in keys else None,
        standing=_standing(keys["standing"]) if "standing" in keys else None,
        cites=_texts(keys["cites"]) if "cites" in keys else (),
        refused=_texts(keys["refused"]) if "refused" in keys else (),
    )


def _cents(node: Node) -> int:
    try:
        return cents_from_text(node.as_written(), where="")
    except NotMoney as problem:
        raise node.refuse(problem.what, 'Write dollars and cents in quotes: "165.19"') from None


def _standing(node: Node) -> Standing:
    known = {one.value: one for one in Standing}
    if node.text() not in known:
        raise node.refuse(f"'{node.text()}' is not a standing", f"Use one of {', '.join(known)}")
    return known[node.text()]


def _by_code(node: Node, read: Callable[[Node], Read]) -> tuple[tuple[str, tuple[Read, ...]], ...]:
    """A text for each code, or a list where a change inside the window makes several lines."""
    if node.kind != "map" or not node.value:
        raise node.refuse("Lines are given by code", 'Write code: "12.34"')
    return tuple(
        (code, tuple(read(part) for part in (one.items() if one.kind == "list" else [one])))
        for code, one in node.value.items()
    )


def _texts(node: Node) -> tuple[str, ...]:
    return tuple(one.text() for one in (node.items() if node.kind == "list" else [node]))


def _plain(node: Node) -> str:
    """The given keys on one line, as a failure repeats them."""
    return ", ".join(f"{key}: {_words(one)}" for key, one in node.value.items())


def _words(node: Node) -> str:
    if node.kind == "map":
        return "{" + _plain(node) + "}"
    return " ".join(map(_words, node.value)) if node.kind == "list" else str(node.value)
