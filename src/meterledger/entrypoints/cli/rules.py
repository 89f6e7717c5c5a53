"""``meterledger rules`` and ``decide``: the list of rules, and one rule on given facts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing, say

MOST_BYTES = 5_000_000


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("rules")(rules)
    app.command("decide")(decide)


def rules(
    rule: Annotated[
        str | None, typer.Argument(help="A rule's id, to see its facts and outcome.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """List the rules that decide: what each carries, which day counts, which facts it needs."""
    with refusing():
        from meterledger.entrypoints.cli.words import print_table
        from meterledger.usecases.rule_registry import RULES, rule_json, rule_named

        chosen = [rule_named(rule)] if rule is not None else list(RULES.values())
        answer = {"rules": [rule_json(one) for one in chosen]}

        def words() -> None:
            if rule is None:
                print_table(
                    [(one.id, one.room, one.chapter, one.title) for one in chosen],
                    right=frozenset(),
                )
                print(f"{len(chosen)} rules. 'meterledger rules RULE' shows one with its facts.")
                return
            (one,) = answer["rules"]
            print(f"{one['id']}: {one['title']} ({one['room']}, {one['chapter']})")
            print(f"The day that counts: {one['governing_day']}")
            print(f"Provisions: {', '.join(one['provisions'])}")
            for heading in ("facts", "outcome"):
                print(f"{heading}:")
                _print_fields(one[heading], indent="  ")
            print(f"Values: {', '.join(one['values']) or 'none'}")
            print(f"Readings: {', '.join(one['readings']) or 'none'}")

        say(answer, as_json=as_json, words=words)


def decide(
    rule: Annotated[str, typer.Argument(help="A rule's id, like late.charge.")],
    on: Annotated[str, typer.Option("--on", help="The day that counts for this rule.")],
    facts: Annotated[
        str, typer.Option("--facts", help="A JSON file with the facts; - reads standard input.")
    ],
    reading: Annotated[
        list[str] | None,
        typer.Option("--reading", help="What if: KEY=OPTION in place of the chosen reading."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Decide one rule on given facts: the outcome, why, and the clauses in force on the day."""
    with refusing():
        from meterledger.entrypoints.wiring import known_on, open_book
        from meterledger.usecases.decide import decide as decide_rule
        from meterledger.usecases.rule_registry import rule_named

        view = open_book().as_known(known_on(None))
        if reading:
            view = view.with_readings(dict(map(_key_and_option, reading)))
        ruling = decide_rule(
            rule=rule_named(rule), facts=_facts(facts), day=day_from(on, option="--on"), view=view
        )
        answer = ruling.as_json()

        def words() -> None:
            print(f"{answer['rule']} on {answer['on']}")
            for key, value in answer["outcome"].items():
                print(f"  {key}: {_shown(value)}")
            for one in answer["reasons"]:
                print(f"  because {one['finding']}")
                print(f"    {one['citation']['text']} ({one['citation']['instrument']})")
            print(f"  standing: {answer['standing']}")
            for key in answer["reading_keys"]:
                print(f"  rests on the reading {key}: {view.reading_option(key)}")

        say(answer, as_json=as_json, words=words)


def _key_and_option(text: str) -> tuple[str, str]:
    key, equals, option = text.partition("=")
    if not (key and equals and option):
        raise BadArgument(
            f"'{text[:60]}' does not choose a reading",
            where="--reading",
            do="Write KEY=OPTION; 'meterledger tariff conflicts' lists both",
        )
    return key, option


def _facts(file: str) -> Any:
    from meterledger.kernel.exact_json import read_exact_json

    try:
        data = sys.stdin.buffer.read(MOST_BYTES + 1) if file == "-" else _bytes(Path(file))
    except OSError as problem:
        raise BadArgument(
            f"The file {file[:200]} cannot be read: {problem.strerror}",
            where="--facts",
            do="Name a JSON file with the rule's facts",
        ) from None
    if len(data) > MOST_BYTES:
        raise BadArgument(
            f"The facts are longer than {MOST_BYTES} bytes",
            where="--facts",
            do="Give one case at a time",
        )
    return read_exact_json(
        data,
        where=f"--facts {file[:200]}",
        do='Write one object like {"unpaid_usd": "200.00"}',
    )


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def _print_fields(schema: dict[str, Any], indent: str) -> None:
    for key, one in schema["properties"].items():
        must = "" if key in schema["required"] else ", may be left out"
        print(f"{indent}{key} ({_kind(one)}{must}): {one['description']}")
        inner = one.get("items", one)
        if "properties" in inner:
            _print_fields(inner, indent + "  ")


def _kind(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return f"{_kind(schema['anyOf'][0])} or null"
    if "enum" in schema:
        return " or ".join(schema["enum"])
    if schema["type"] == "array":
        return f"list of {_kind(schema['items'])}"
    if schema.get("format") == "date":
        return "day"
    if "pattern" in schema:
        return "dollars in quotes" if "/" not in schema["pattern"] else "number in quotes"
    return {"boolean": "true or false", "integer": "whole number", "object": "group"}.get(
        schema["type"], "text"
    )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(one)}" for key, one in value.items())
    return "nothing" if value is None else str(value)
