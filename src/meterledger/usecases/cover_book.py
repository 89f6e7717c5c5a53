"""Coverage: what carries each paragraph of the book, measured by running its stories.

Lives here      which rules, values and stories carry a paragraph of a revision; what is claimed in
                ``coverage.yaml`` and is not so; values no rule uses, rules no story touches.
Lives elsewhere the claims (``rulebook.coverage``), the rules (rooms), their stories (``tariffs/``).
Read first      docs/glossary.md: "coverage", "provision", "block".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.coverage import FILE, Coverage, CoveredParagraph, State
from meterledger.usecases.rule_registry import RULES
from meterledger.usecases.rule_stories import RuleQuestion, decide_story
from meterledger.usecases.story_files import find_stories


@dataclass(slots=True)
class Touched:
    """What the stories of rules touch: by whom a clause of a page is used, and which values are."""

    stories: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """Files of the stories whose decision used a provision's clause on a page, by both."""
    rules_of: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)
    rules: set[str] = field(default_factory=set)
    readings: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Covered:
    """One paragraph as claimed, with what was measured."""

    claim: CoveredParagraph
    rules: tuple[str, ...]
    values: tuple[str, ...]
    stories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BookCoverage:
    """Every paragraph with what carries it, and what is wrong with the claims."""

    paragraphs: tuple[Covered, ...]
    problems: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The shape of ``tariff coverage --json`` (DESIGN.md section 6)."""
        provisions: dict[str, dict[str, Any]] = {}
        for one in self.paragraphs:
            entry = provisions.setdefault(
                one.claim.provision,
                {
                    "state": one.claim.state.value,
                    "why": "",
                    "rules": [],
                    "values": [],
                    "stories": [],
                    "versions": {},
                },
            )
            entry["versions"][one.claim.block] = one.claim.state.value
            weaker = State(entry["state"]).strength > one.claim.state.strength
            if weaker:
                entry["state"] = one.claim.state.value
            if one.claim.why and (weaker or not entry["why"]):
                entry["why"] = one.claim.why
            for key in ("rules", "values", "stories"):
                entry[key] = sorted({*entry[key], *getattr(one, key)})
        return {"provisions": dict(sorted(provisions.items())), "problems": list(self.problems)}


def cover_book(
    *,
    book: TariffBook,
    view: BookView,
    coverage: Coverage,
    folder: Path,
    used_elsewhere: frozenset[str] = frozenset(),
    advance: Callable[[int], object] = lambda _: None,
) -> BookCoverage:
    """Run every story of a rule and compare what it touches with what the book claims.

    ``used_elsewhere`` names values that are used without a rule: by bills, calendars, tax places.
    """
    touched = touched_by_stories(book, folder, advance)
    values_of = _values_by_provision(view)
    paragraphs = tuple(
        Covered(
            claim=claim,
            rules=_rules_of(claim.provision),
            values=values_of.get(claim.provision, ()),
            stories=tuple(sorted(touched.stories.get((claim.provision, claim.block), ()))),
        )
        for claim in coverage.paragraphs
    )
    problems = [
        *_unknown(view, coverage),
        *(sentence for one in paragraphs for sentence in _claim_problems(one, touched)),
        *_unused(view, coverage, touched, used_elsewhere),
        *_untouched(touched),
    ]
    return BookCoverage(paragraphs, tuple(problems))


def touched_by_stories(
    book: TariffBook, folder: Path, advance: Callable[[int], object] = lambda _: None
) -> Touched:
    """What the decisions of all rule stories asked of the book."""
    touched = Touched()
    for story in find_stories(folder):
        advance(1)
        question = story.question
        if not isinstance(question, RuleQuestion):
            continue
        touched.rules.add(question.rule.id)
        try:
            ruling = decide_story(question, book)
        except Refusal:
            continue  # a refused story shows an edge; it carries no text
        touched.values |= set(ruling.values)
        touched.readings |= set(ruling.reading_keys)
        for clause in ruling.provisions:
            touched.stories.setdefault(clause, set()).add(story.file)
            touched.rules_of.setdefault(clause, set()).add(question.rule.id)
    return touched


def _values_by_provision(view: BookView) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in view.names():
        provision = view.provision_of(name)
        if provision:
            found.setdefault(provision, []).append(name)
    return {provision: tuple(names) for provision, names in found.items()}


def _rules_of(provision: str) -> tuple[str, ...]:
    return tuple(rule.id for rule in RULES.values() if provision in rule.provisions)


def _unknown(view: BookView, coverage: Coverage) -> Iterable[str]:
    """Paragraphs of the book that the statement does not know, and the other way round."""
    stated = {(one.provision, one.block): one for one in coverage.paragraphs}
    held = {
        (provision.id, version.block): (provision, version)
        for provision in view.provisions()
        for version in provision.versions
    }
    for (provision_id, block), (provision, version) in held.items():
        claim = stated.get((provision_id, block))
        if claim is None:
            yield (
                f"{provision.file}, line {version.line}: '{provision_id}' on the page {block} is "
                f"in no state. Add it to {FILE}: carried, planned, information or text_missing."
            )
        elif (claim.days, claim.paragraph) != (version.days, version.paragraph):
            yield (
                f"{FILE}, line {claim.line}: '{provision_id}' on the page {block} is said to be "
                f"{claim.paragraph}, in force {claim.days}, and the book has {version.paragraph}, "
                f"{version.days}. State what the book has."
            )
    for (provision_id, block), claim in stated.items():
        if (provision_id, block) not in held:
            yield (
                f"{FILE}, line {claim.line}: the book has no provision '{provision_id}' on the "
                f"page {block}. Correct the id or the page, or take the entry out."
            )


def _claim_problems(one: Covered, touched: Touched) -> Iterable[str]:
    claim = one.claim
    where = f"{FILE}, line {claim.line}: '{claim.provision}' on the page {claim.block}"
    if claim.state is State.CARRIED:
        if not one.rules:
            yield f"{where} is said to be carried, and no rule does. Write the rule, or plan it."
        elif not one.stories:
            yield (
                f"{where} is said to be carried, and no story decides by its text. Write one whose "
                f"day lies in {claim.days}."
            )
    elif claim.state is State.PLANNED and one.rules and one.stories:
        yield f"{where} is planned, and {', '.join(one.rules)} carries it. State 'carried'."
    elif claim.state is State.INFORMATION and one.rules:
        yield (
            f"{where} is said to be information, and {', '.join(one.rules)} names it among its "
            "provisions. State 'carried', or take it out of the rule."
        )
    for key in ("rules", "values", "stories"):
        if getattr(claim, key) != getattr(one, key):
            yield (
                f"{where} lists other {key} than there are "
                f"({', '.join(getattr(one, key)) or 'none'}). Run `meterledger tariff coverage "
                "--write`."
            )


def _unused(
    view: BookView, coverage: Coverage, touched: Touched, used_elsewhere: frozenset[str]
) -> Iterable[str]:
    """Values that no rule uses: they would decay. Those of planned paragraphs wait for theirs."""
    states: dict[str, set[State]] = {}
    for one in coverage.paragraphs:
        states.setdefault(one.provision, set()).add(one.state)
    declared = {name for rule in RULES.values() for name in rule.values}
    for name in view.names():
        if name in used_elsewhere or name in touched.values:
            continue
        where = view.file_of(name)
        if name in declared:
            yield f"{where}: a rule may use '{name}', and no story makes it. Write one that does."
        elif states.get(view.provision_of(name), {State.CARRIED}) <= {State.CARRIED}:
            yield f"{where}: no rule uses '{name}'. Use it, or name the planned provision it is of."


def _untouched(touched: Touched) -> Iterable[str]:
    for rule in RULES.values():
        if rule.id not in touched.rules:
            yield (
                f"The rule '{rule.id}' ({rule.room}) has no story. Write one in "
                f"{rule.chapter}/scenarios/."
            )
        for key in rule.readings:
            if key not in touched.readings:
                yield (
                    f"The rule '{rule.id}' may ask for the reading '{key}', and no story makes it. "
                    "Write one whose facts depend on it."
                )


def written_coverage(text: str, covered: BookCoverage) -> str:
    """``coverage.yaml`` with its lists of rules, values and stories as measured.

    ``text`` is the file as it stands; everything from the line ``paragraphs:`` on is written anew,
    states and reasons kept.
    """
    lines = [text.partition("\nparagraphs:")[0].rstrip("\n"), "paragraphs:"]
    block = None
    for one in covered.paragraphs:
        if one.claim.block != block:
            block = one.claim.block
            lines.append(f"  {_quoted(block)}:")
        lines.append(f"    - {{{', '.join(_written(one))}}}")
    return "\n".join(lines) + "\n"


def _written(one: Covered) -> Iterable[str]:
    claim = one.claim
    yield f"provision: {claim.provision}"
    yield f"paragraph: {_quoted(claim.paragraph)}"
    yield f"from: {claim.days.from_day}"
    yield f"until: {claim.days.until_day or 'null'}"
    yield f"state: {claim.state.value}"
    if claim.room:
        yield f"room: {claim.room}"
    if claim.why:
        yield f"why: {_quoted(claim.why)}"
    for key in ("rules", "values", "stories"):
        names = getattr(one, key)
        if names:
            yield f"{key}: [{', '.join(names)}]"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
