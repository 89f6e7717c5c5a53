"""How this room compiles its kernels: once a machine, free of the interpreter's lock.

Lives here      the decorator, with a type. Imported only by kernels, and those only when they run:
                the compiler takes a second to load.
Lives elsewhere the kernels (``validation_kernel``, ``validation_across``, ``filling_kernel``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(function: Kernel) -> Kernel:
    """The function in machine code, kept on disk beside the package; 64-bit sums wrap around."""
    return cast(Kernel, numba.njit(nogil=True, cache=True)(function))
