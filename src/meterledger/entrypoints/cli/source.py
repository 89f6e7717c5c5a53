"""``meterledger source``: the head-ends that send files, and how they prove it.

Lives here      the words and the JSON of the answers.
Lives elsewhere what a signature is over (``stores/gateways/signatures``), the decision about a
                file (``metering``).
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Annotated

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, refusing, say

if TYPE_CHECKING:
    from meterledger.facts.sources import Source


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    group = typer.Typer(
        help="Head-ends that send files: register one, list them.", no_args_is_help=True
    )
    group.command("add")(add)
    group.command("list")(list_)
    app.add_typer(group, name="source")


def add(
    name: Annotated[str, typer.Argument(help="The source's name, like north.")],
    public_key: Annotated[
        str | None, typer.Option(help="It signs: its Ed25519 public key, 64 hexadecimal digits.")
    ] = None,
    shared_key_file: Annotated[
        str | None, typer.Option(help="It signs: the file that holds the shared key (HMAC-SHA256).")
    ] = None,
    sequenced: Annotated[
        bool, typer.Option("--sequenced", help="It numbers what it sends, without a gap.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Register a source, or describe it anew: of one name the newest description counts."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.facts.sources import ED25519, HMAC_SHA256, UNSIGNED, Source
        from meterledger.stores.gateways.signatures import refuse_unusable_key

        if not name.strip() or not name.isprintable() or len(name) > 80:
            raise BadArgument(
                "A source has a name of up to 80 printable letters",
                where="source add",
                do="Name it as the sender does",
            )
        if public_key and shared_key_file:
            raise BadArgument(
                "A source signs in one way",
                where="source add",
                do="Give --public-key or --shared-key-file, not both",
            )
        scheme = ED25519 if public_key else HMAC_SHA256 if shared_key_file else UNSIGNED
        key = public_key or shared_key_file or ""
        refuse_unusable_key(scheme, key)
        with open_system() as system:
            source = Source(name, scheme, key, sequenced, system.now)
            system.store.add_source(source)
        say(_answer(source), as_json=as_json, words=lambda: print(_words(source)))


def list_(as_json: JsonFlag = False) -> None:
    """List the sources, and the numbers of each that never came."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system

        with open_system() as system:
            sources = system.store.sources()
            gaps = {one.name: system.store.sequence_gaps(one.name) for one in sources}

        def words() -> None:
            for one in sources:
                print(_words(one))
                for first, last in gaps[one.name]:
                    print(f"  files {first} to {last} did not come")
            if not sources:
                print("No source is registered; files are taken unsigned.")

        answer = [
            {
                **_answer(one),
                "gaps": [{"first": first, "last": last} for first, last in gaps[one.name]],
            }
            for one in sources
        ]
        say({"sources": answer}, as_json=as_json, words=words)


def _answer(source: Source) -> dict[str, object]:
    return {
        "name": source.name,
        "scheme": source.scheme,
        "key": source.key,
        "sequenced": source.is_sequenced,
        "at": source.learned_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _words(source: Source) -> str:
    told = _answer(source)
    numbered = ", numbers its files" if told["sequenced"] else ""
    return f"{told['name']}: {told['scheme']}{numbered}"
