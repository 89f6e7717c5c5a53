"""Setting many contents at once, in processes of their own: the compiler works on one at a time.

Lives here      a press of so many processes, and the press of one that needs none.
Lives elsewhere setting one (``composing``), which contents (``usecases/make_documents``).
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date

from meterledger.entrypoints.documents.composing import (
    REVISION,
    NotPrintable,
    compiler_name,
    compose,
    page_count,
    template_sha256,
)
from meterledger.entrypoints.documents.content import content_of
from meterledger.facts.statements import Statement
from meterledger.usecases.document_ports import Printed, Unprintable

MOST_PROCESSES = 16
AT_ONCE = 16
"""Contents that a process takes at a time: enough that asking costs nothing beside setting."""


class OnePress:
    """Sets in this very process."""

    revision = REVISION

    @property
    def revision_sha256(self) -> str:
        """The template's hash."""
        return template_sha256(REVISION)

    @property
    def compiler(self) -> str:
        """What sets the documents, with its version."""
        return compiler_name()

    def content(self, statement: Statement, duplicate_on: date | None = None) -> bytes:
        """What the paper of a statement says."""
        return content_of(statement, duplicate_on=duplicate_on)

    def set(self, contents: Iterable[bytes]) -> Iterator[Printed | Unprintable]:
        """Each content as paper, or the sentence why not, in order."""
        for content in contents:
            yield _set_one(content)

    def again(self, content: bytes, template: str) -> bytes:
        """The paper of a content, by a template that may be an older one."""
        return compose(content, revision=template)

    def template_sha256(self, template: str) -> str:
        """The hash of a template."""
        return template_sha256(template)


class Presses(OnePress):
    """Sets in several processes."""

    def __init__(self, executor: ProcessPoolExecutor) -> None:
        """Use these."""
        self._executor = executor

    def set(self, contents: Iterable[bytes]) -> Iterator[Printed | Unprintable]:
        """Each content as paper, or the sentence why not, in order."""
        given = list(contents)
        groups = [given[at : at + AT_ONCE] for at in range(0, len(given), AT_ONCE)]
        for done in self._executor.map(_set_some, groups):
            yield from done


@contextmanager
def presses(processes: int | None = None) -> Iterator[Presses]:
    """A press with a process for each core, stopped at the end."""
    count = processes or min(os.cpu_count() or 1, MOST_PROCESSES)
    method = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=method) as executor:
        yield Presses(executor)


def _set_some(contents: Sequence[bytes]) -> list[Printed | Unprintable]:
    return [_set_one(content) for content in contents]


def _set_one(content: bytes) -> Printed | Unprintable:
    try:
        pdf = compose(content)
    except NotPrintable as refusal:
        return Unprintable(refusal.sentence)
    return Printed(pdf, page_count(pdf))
