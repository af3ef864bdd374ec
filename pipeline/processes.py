"""Which process this is, what it puts off, and whether another one is gone, as far as that can be known here.

A process is known to be gone only to those who count processes as it does: on the same machine, since it was
started, in the same namespace of process ids. Containers may share the name of a host and not its processes.
"""

from __future__ import annotations

import ctypes
import gc
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pipeline.records import content_id

# M_ARENA_MAX of glibc's malloc.h.
_ARENA_MAX: Final = -8
# A thread of this priority has a third of what one of the usual has, where both want all of a processor.
# At 10, a ninth, pages took 2.5 times as long beside busy neighbours and the writer was no quicker.
_NICE: Final = 5


def this_process() -> str:
    """A name of this process that no other has: host, process id, a random part, and where the id counts."""
    return f"{socket.gethostname()}:{os.getpid()}:{content_id(os.urandom(8).hex())[:6]}:{_counted_in()}"


@contextmanager
def cycles_left() -> Iterator[None]:
    """Puts the search for cyclic garbage off where very many objects come at once, none in a cycle."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def keep_for_good() -> None:
    """Leaves what is there now, but for garbage, out of all later searches for cyclic garbage.

    For a server once it has what it needs: a search through all that took 100 ms, in the middle of an answer.
    """
    gc.collect()
    gc.freeze()


def one_heap() -> None:
    """Has all threads take their memory from one heap, before they are started; glibc only.

    By itself glibc gives each thread a heap of its own (https://sourceware.org/glibc/wiki/MallocInternals),
    and each grows to the largest answer of its thread and stays so.
    """
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def give_back() -> None:
    """Gives free memory back to the system, after much was freed at once; glibc only.

    What lies between pieces that are still used stays with the process otherwise
    (https://man7.org/linux/man-pages/man3/malloc_trim.3.html).
    """
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def give_way() -> None:
    """Has this thread run behind others that want the processor: whoever reads must not hold up who writes.

    On Linux the priority is a thread's own, and goes on to threads and children that it starts
    (https://man7.org/linux/man-pages/man2/setpriority.2.html); elsewhere nothing happens, because there it
    would be the whole process's, and nobody could take it back.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # a container may forbid it
            thread = threading.get_native_id()
            nice = max(os.getpriority(os.PRIO_PROCESS, thread), _NICE)
            os.setpriority(os.PRIO_PROCESS, thread, nice)


def died_here(name: str) -> bool:
    """Whether a process named by `this_process` is gone for certain; False where that cannot be known."""
    parts = name.split(":")
    if len(parts) != 4 or not parts[1].isdecimal() or parts[0] != socket.gethostname():
        return False
    if not parts[3] or parts[3] != _counted_in():
        return False
    try:
        os.kill(int(parts[1]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _counted_in() -> str:
    """Where process ids are counted as here: this start of the machine, and the namespace; "" if unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return content_id(boot, str(Path("/proc/self/ns/pid").readlink()))[:8]
    except OSError:
        return ""
