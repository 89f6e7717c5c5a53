"""Memory of long runs: what was loaded before a run is not looked through again during it.

Lives here      telling Python's collector what stays for the whole run, or what is being loaded.
Lives elsewhere the runs (``cli``, ``bench``), what is loaded (``wiring``).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

NEW_BEFORE_A_LOOK = 4_000_000
"""More records than a long run has alive beside what was loaded: two batches, and which windows of
a city's cycle are due. They go when the last who knows them goes; the collector is there for those
few that know each other."""


@contextmanager
def loaded_for_good() -> Iterator[None]:
    """Within it the cycle collector passes over everything that exists already, and looks seldom.

    A cycle of a city loads millions of small records that live until the run ends; looking
    through all of them whenever new ones are made costs a good part of the run, and so does
    looking through a batch's records again and again while they are made. Begin it inside
    ``nothing_to_collect``, where the records are loaded: between the two, the collector would look
    through them once.
    """
    was_on, before = gc.isenabled(), gc.get_threshold()
    gc.freeze()
    gc.set_threshold(NEW_BEFORE_A_LOOK, *before[1:])
    gc.enable()
    try:
        yield
    finally:
        if not was_on:
            gc.disable()
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def nothing_to_collect() -> Iterator[None]:
    """Within it the cycle collector waits: all that is made is kept, as when a book is loaded.

    Looking through a book's records again and again while they are made is a fifth of loading it.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
