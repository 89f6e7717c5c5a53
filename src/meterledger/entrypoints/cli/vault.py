"""``meterledger vault``: the received files, byte for byte, encrypted.

Lives here      the words and the JSON of the answers.
Lives elsewhere sealing and keys (``stores/vault``), what became of a file (``IntakeLog``).
"""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, refusing, say
from meterledger.kernel.written_counts import many

Sha256 = Annotated[str, typer.Argument(help="The file's hash, 64 digits.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    group = typer.Typer(
        help="Received files, byte for byte, encrypted: show, export, rotate keys, verify.",
        no_args_is_help=True,
    )
    for command in (show, export, rotate, verify):
        group.command(command.__name__)(command)
    app.add_typer(group, name="vault")


def show(sha256: Sha256, as_json: JsonFlag = False) -> None:
    """What is known of a kept file: its size, when and how it came, what became of it."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.stores.vault import NotInVault
        from meterledger.usecases.ports import Viewer

        with open_system(
            viewer=Viewer("command line", "show a kept file"), subjects=[sha256]
        ) as system:
            kept = system.vault.kept(sha256)
            if kept is None:
                raise NotInVault.of(sha256)
            rows = system.store.movements_of(sha256)
        answer: dict[str, Any] = {
            "sha256": sha256,
            "size_bytes": kept.size_bytes,
            "arrivals": [
                {
                    "file": one.arrival.name,
                    "source": one.arrival.source,
                    "door": one.arrival.door,
                    "status": one.status,
                    "refusal": one.refusal,
                    "at": one.learned_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                }
                for one in rows
            ],
        }

        def words() -> None:
            print(f"{sha256}: {kept.size_bytes} bytes")
            for one in answer["arrivals"]:
                print(
                    f"  {one['at']}  {one['status']}  {one['file']}, by {one['door'] or 'a door'}"
                )
                if one["refusal"]:
                    print(f"    {one['refusal']}")

        say(answer, as_json=as_json, words=words)


def export(
    sha256: Sha256,
    to: Annotated[Path, typer.Option(help="Where to write the bytes; must not exist.")],
    purpose: Annotated[str, typer.Option(help="Why they are needed; the log says it.")],
    viewer: Annotated[str, typer.Option(help="Who looks.")] = "command line",
    as_json: JsonFlag = False,
) -> None:
    """Write a kept file's bytes in plain, for a stated purpose. The look is logged."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer

        with open_system(viewer=Viewer(viewer, purpose), subjects=[sha256]) as system:
            data = system.vault.read(sha256)
        try:
            with to.open("xb") as stream:
                to.chmod(0o600)
                stream.write(data)
        except OSError as problem:
            raise BadArgument(
                f"The file cannot be written: {problem.strerror}",
                where=str(to)[:200],
                do="Name a file that does not exist yet, in a folder you may write",
            ) from problem
        answer = {"sha256": sha256, "size_bytes": len(data), "file": str(to)}
        say(answer, as_json=as_json, words=lambda: print(f"{to}: {len(data)} bytes"))


def rotate(as_json: JsonFlag = False) -> None:
    """Make a new key, wrap every file's key by it and drop the old one. Keep a copy of it."""
    with refusing():
        from meterledger.entrypoints.wiring import default_data_folder, open_vault

        count = open_vault(default_data_folder()).rotate()
        say(
            {"wrapped": count},
            as_json=as_json,
            words=lambda: print(
                f"{many(count, 'file')} {'is' if count == 1 else 'are'} under a new key. Copy the "
                "key file to a safe place."
            ),
        )


def verify(as_json: JsonFlag = False) -> None:
    """Open every kept file and compare its hash; exit 2 if one does not open."""
    with refusing():
        from meterledger.entrypoints.wiring import default_data_folder, open_vault

        checked, broken = open_vault(default_data_folder()).verify()

        def words() -> None:
            do = "does" if len(broken) == 1 else "do"
            print(f"{many(checked, 'file')}, {len(broken)} {do} not open")
            for sentence in broken:
                print(f"  {sentence}")

        say({"checked": checked, "broken": broken}, as_json=as_json, words=words)
        if broken:
            raise typer.Exit(2)
