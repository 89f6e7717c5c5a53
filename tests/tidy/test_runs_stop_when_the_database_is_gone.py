"""A run that goes on after a refusal asks first whether the refusal was of that one case.

A lost or full database refuses, too. Whoever takes that for a word about one account holds its
bill, says that it has no usage, or calls a good bill broken.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from tests.tidy.house import PACKAGE, listing, modules, tree

CATCHES = {"Refusal", "Exception", "BaseException"}
ASKS = {"of_one_case", "held_bill", "_refused"}
"""Calls that raise the refusal again where it stops everything. The last two hold a bill by it."""
SAYS = {"is_passing", "stops_everything"}

THE_BOOK = "it asks the tariff book alone"
A_FILE = "it reads a file alone"
THE_ANSWER = "what cannot be opened is the answer, and no database is asked"
A_FORM = "nothing goes on: the form is shown again with the sentence, and says 503"
JUDGED = {
    "entrypoints/bench/book.py measure_book": THE_BOOK,
    "entrypoints/cli/answer.py refusing": "the command ends",
    "entrypoints/cli/doctor.py _run": "what is missing is the answer",
    "entrypoints/cli/ingest.py _one_file": A_FILE,
    "entrypoints/cli/ingest.py _sha256": A_FILE,
    "entrypoints/landing.py _one_file": A_FILE,
    "entrypoints/web/budget.py budget_of_account": THE_BOOK,
    "entrypoints/web/case_pages.py case_page": A_FORM,
    "entrypoints/web/channel_pages.py checkout_page": A_FORM,
    "entrypoints/web/channel_pages.py take_answer": "nothing goes on: the processor is told 503",
    "entrypoints/web/corrections.py correction_page": A_FORM,
    "entrypoints/web/held_pages.py case_page": A_FORM,
    "entrypoints/web/held_pages.py runs_page": A_FORM,
    "entrypoints/web/intake_pages.py line_page": A_FORM,
    "entrypoints/web/payments.py payment_page": A_FORM,
    "entrypoints/web/rules.py rule_page": THE_BOOK,
    "entrypoints/web/settlement_pages.py settlement_page": A_FORM,
    "entrypoints/web/shelf.py _told": THE_BOOK,
    "entrypoints/web/tax_words.py _shown": THE_BOOK,
    "entrypoints/web/usage_pages.py day_page": A_FORM,
    "stores/gateways/payment_csv.py read_payment_csv": A_FILE,
    "stores/lake/checking.py check_files": THE_ANSWER,
    "stores/lake/upkeep.py _facts": A_FILE,
    "stores/memory/vault.py verify": THE_ANSWER,
    "stores/postgres/migrating.py main": "the program ends",
    "stores/vault/files.py verify": THE_ANSWER,
    "usecases/account_meters.py _meters_of": "days of installations that are known already",
    "usecases/beside_usage.py _looks": THE_BOOK,
    "usecases/change_rate.py options_open_to": THE_BOOK,
    "usecases/column_prices.py _members": THE_BOOK,
    "usecases/column_prices.py due_now": THE_BOOK,
    "usecases/column_prices.py price_columns": THE_BOOK,
    "usecases/compare_book.py _touches": THE_BOOK,
    "usecases/compare_schedules.py compare_schedules": THE_BOOK,
    "usecases/cover_book.py touched_by_stories": THE_BOOK,
    "usecases/deposit_record.py _again": THE_BOOK,
    "usecases/impact.py _add_totals": THE_BOOK,
    "usecases/impact.py _changed_groups": THE_BOOK,
    "usecases/impact.py _differ": THE_BOOK,
    "usecases/post_payments.py _spend": THE_BOOK,
    "usecases/rebill_states.py right_bill": THE_BOOK,
    "usecases/replay_bill.py recall_bill": THE_BOOK,
    "usecases/shadow.py _steps": THE_BOOK,
    "usecases/start_service.py warnings_of": THE_BOOK,
    "usecases/stories.py run_story": THE_BOOK,
    "usecases/try_change.py _decided": THE_BOOK,
    "usecases/unbilled_revenue.py _calculated": THE_BOOK,
}
"""Functions that may go on, each with why no database's refusal can be meant there."""


def handlers(function: ast.FunctionDef) -> Iterator[ast.ExceptHandler]:
    """Where a function itself catches every refusal."""
    for node in ast.walk(function):
        if not isinstance(node, ast.ExceptHandler):
            continue
        names = (
            {one.id for one in ast.walk(node.type) if isinstance(one, ast.Name)}
            if (node.type is not None)
            else CATCHES
        )
        if names & CATCHES:
            yield node


def asks(handler: ast.ExceptHandler) -> bool:
    """Whether it raises again what it caught, always or where that stops everything."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return True
    for node in ast.walk(handler):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in ASKS:
                return True
        if (
            isinstance(node, ast.If)
            and isinstance(node.body[-1], ast.Raise | ast.Break)
            and any(isinstance(one, ast.Attribute) and one.attr in SAYS for one in ast.walk(node))
        ):
            return True
    return False


@cache
def going_on() -> set[str]:
    """Every function that goes on after any refusal without asking."""
    found = set()
    for path in modules():
        if "except " not in path.read_text(encoding="utf-8"):
            continue
        for function in ast.walk(tree(path)):
            if isinstance(function, ast.FunctionDef) and not all(map(asks, handlers(function))):
                found.add(f"{path.relative_to(PACKAGE).as_posix()} {function.name}")
    return found


def test_whoever_goes_on_after_a_refusal_asks_whether_it_was_of_one_case() -> None:
    assert not (new := going_on() - set(JUDGED)), (
        "A lost database refuses, too. Say `refusal.of_one_case()`, which raises it again, or "
        "write down here why none can be meant.\n" + listing(sorted(new))
    )


def test_nobody_stands_here_who_asks_by_now() -> None:
    assert not (gone := set(JUDGED) - going_on()), listing(sorted(gone))


def test_both_sides_are_told_apart() -> None:
    def handler(body: str) -> bool:
        text = f"def one():\n  try: work()\n  except Refusal as no:\n    {body}\n"
        (function,) = ast.parse(text).body
        assert isinstance(function, ast.FunctionDef)
        (caught,) = handlers(function)
        return asks(caught)

    assert handler("raise")
    assert handler("told.append(no.of_one_case().sentence)")
    assert handler("if no.is_passing: raise")
    assert not handler("told.append(no.sentence)")
    assert not handler("raise Other(no.sentence) from no")
    assert not handler("if no.is_passing: count()")
