"""What an item may cost: the last guard, behind rules whose cost only grows with their input.

The only file that sets a timer or a limit of memory. The budget is many times what an ordinary item costs, so
that a slow machine and a fast one take in the same.
"""

from __future__ import annotations

import mmap
import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from pipeline.errors import RejectedError

# The costliest 32 KB take a hundredth of this.
ITEM_SECONDS = 60.0
# Above what the process holds already; a page of 3 MB of nothing but tags takes a fifth.
ITEM_BYTES = 1 << 30
# Some libraries swallow every exception: it is raised again and again until it comes through.
_AGAIN_SECONDS = 0.5
_STATM = Path("/proc/self/statm")


class _OverError(BaseException):
    """The budget is spent; of no class that anybody catches."""


@contextmanager
def item_budget(seconds: float = ITEM_SECONDS, size: int = ITEM_BYTES) -> Iterator[None]:
    """Bounds what is done within; processor time only in the main thread, memory where there is a `/proc`.

    Args:
        seconds: Of processor time.
        size: Bytes of memory beyond what the process holds.

    Raises:
        RejectedError: It cost more.
    """
    try:
        with _processor_time(seconds), _memory(size):
            yield
    except _OverError:
        raise RejectedError(f"it costs more than {seconds:.0f} s of processor time") from None
    except MemoryError:
        raise RejectedError(f"it costs more than {size >> 20:,} MiB of memory") from None


@contextmanager
def _processor_time(seconds: float) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _over)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _AGAIN_SECONDS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
    finally:
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def _memory(size: int) -> Iterator[None]:
    """Limits what the process may write to (RLIMIT_DATA, which counts mappings since Linux 4.7)."""
    try:
        # Field 6 of proc_pid_statm(5): data and stack, in pages.
        held = int(_STATM.read_text().split()[5]) * mmap.PAGESIZE
    except OSError:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    known = [limit for limit in (soft, hard, held + size) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(known), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _over(_number: int, _frame: FrameType | None) -> None:
    raise _OverError
