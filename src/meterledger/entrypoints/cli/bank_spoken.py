"""What a person says of bank and book on the command line: in their name, with a reason.

Lives here      the options that each such command has, and the system opened in a person's name.
Lives elsewhere the commands (``bank``, ``bank_matches``), what may be said (``usecases``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.usecases.reconcile_bank import Word

ByOption = Annotated[str, typer.Option("--by", help="Who says so: a person's name.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, in a sentence.")]


@contextmanager
def speaking(
    command: str, purpose: str, subjects: Sequence[str], *, by: str, reason: str
) -> Iterator[tuple[Word, System]]:
    """The word of a person, with what every journey needs of it, and the system they look into."""
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer
    from meterledger.usecases.reconcile_bank import Word

    viewer = Viewer(by.strip() or f"bank {command}", purpose)
    with open_system(viewer=viewer, subjects=list(subjects)) as system:
        yield Word(by=by, reason=reason, learned_at=system.now, store=system.store), system
