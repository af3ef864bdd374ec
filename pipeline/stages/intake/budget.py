"""What an item may cost: the last guard, behind rules whose cost only grows with their input.

The only file that sets a timer. The budget is many times what the largest item costs, so that a slow machine
and a fast one take in the same.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pipeline.errors import RejectedError

# What 32 KB cost at most is a hundredth of this.
ITEM_SECONDS = 60.0
# Some libraries swallow every exception: it is raised again and again until it comes through.
_AGAIN_SECONDS = 0.5


class _OverError(BaseException):
    """The budget is spent; of no class that anybody catches."""


@contextmanager
def processor_budget(seconds: float = ITEM_SECONDS) -> Iterator[None]:
    """Bounds the processor time of what is done within; only the main thread of a process can be bound.

    Raises:
        RejectedError: It cost more, or more memory than there is.
    """
    watched = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    before = signal.signal(signal.SIGVTALRM, _over) if watched else None
    try:
        if watched:
            signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _AGAIN_SECONDS)
        try:
            yield
        finally:
            if watched:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
    except _OverError:
        raise RejectedError(f"it costs more than {seconds:.0f} s of processor time") from None
    except MemoryError:
        raise RejectedError("it costs more memory than there is") from None
    finally:
        if watched:
            signal.signal(signal.SIGVTALRM, before)


def _over(_number: int, _frame: FrameType | None) -> None:
    raise _OverError
