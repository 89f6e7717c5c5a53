"""``meterledger doctor``: what this machine has, what is missing, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, refusing, say
from meterledger.kernel.refusal import Refusal


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("doctor")(doctor)


def doctor(as_json: JsonFlag = False) -> None:
    """Check this machine: Python, packages, time zones, tariff book, database, data folder."""
    with refusing():
        checks = [_run(name, check) for name, check in CHECKS]
        missing = [one for one in checks if not one["ok"]]
        answer = {"ok": not missing, "checks": checks}

        def words() -> None:
            for one in checks:
                print(f"{'ok     ' if one['ok'] else 'MISSING'}  {one['name']}: {one['found']}")
                if one["do"]:
                    print(f"         {one['do']}")

        say(answer, as_json=as_json, words=words)
        if missing:
            raise typer.Exit(2)


def _run(name: str, check: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"name": name, "ok": True, "found": check(), "do": ""}
    except Refusal as refusal:
        found = Refusal(refusal.what, where=refusal.where, why=refusal.why).sentence
        return {"name": name, "ok": False, "found": found, "do": refusal.do}
    except Exception as problem:  # whatever is missing is the answer here
        found = (str(problem).splitlines() or [type(problem).__name__])[0]
        do = "Run ./demo or ./test once: they install what is needed."
        return {"name": name, "ok": False, "found": found, "do": do}


def _python() -> str:
    import platform

    return f"{platform.python_version()} on {platform.system()} {platform.machine()}"


def _packages() -> str:
    from importlib import metadata

    names = ("django", "psycopg", "pyarrow", "deltalake", "numpy", "typst", "granian")
    return ", ".join(f"{name} {metadata.version(name)}" for name in names)


def _time_zones() -> str:
    from meterledger.kernel.local_days import time_zone_data_version, zone

    return f"tzdata {time_zone_data_version()}, {zone('America/Chicago').key}"


def _book() -> str:
    from meterledger.entrypoints.wiring import book_folder, known_on, open_book

    view = open_book().as_known(known_on(None))
    return f"{view.name} at {book_folder()}, {len(view.names())} series, {view.sha256[:12]}"


def _database() -> str:
    from meterledger.entrypoints.wiring import default_data_folder
    from meterledger.stores.postgres import open_store

    with open_store(default_data_folder()) as store:
        return store.describe()


CHECKS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("Python", _python),
    ("packages", _packages),
    ("time zones", _time_zones),
    ("tariff book", _book),
    ("database", _database),
)
