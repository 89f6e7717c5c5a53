"""Write down whose data a command shows, where its words name something of an account's.

Lives here      the second line of the log of looks: the accounts behind a name.
Lives elsewhere the log itself (``stores``), the pages' way (``web.policy``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.usecases.ports import Viewer


@contextmanager
def of_accounts(
    system: System, viewer: Viewer, accounts: Callable[[], Iterable[str]]
) -> Iterator[None]:
    """Log the accounts that are looked at. Of a name that nobody knows there are none."""
    from meterledger.usecases.ports import NotFound

    try:
        shown = sorted({one for one in accounts() if one})
    except NotFound:
        shown = []
    if not shown:
        yield
        return
    with system.store.viewing(viewer, shown):
        yield
