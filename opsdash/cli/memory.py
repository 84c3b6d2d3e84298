"""When there is not enough memory: knowing it by whatever it has become, and the one line for it."""

from __future__ import annotations

import errno

OUT_OF_MEMORY = b"opsdash: out of memory; see docs/operations.md for what it needs\n"
"""Ready before it is needed."""

_WORDS = ("can't start new thread", "failed to map segment", "cannot allocate memory")
"""What Python and the dynamic linker say where a stack, or a module, found no room."""
_DEEPEST = 50


def is_out_of_memory(error: BaseException, depth: int = 0) -> bool:
    """Whether too little memory is what it is, or what it came from."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    if isinstance(error, RuntimeError | ImportError) and any(words in str(error).lower() for words in _WORDS):
        return True
    if depth > _DEEPEST:
        return False
    parts = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    before = (error.__cause__, error.__context__)
    return any(is_out_of_memory(part, depth + 1) for part in (*parts, *before) if part is not None)
