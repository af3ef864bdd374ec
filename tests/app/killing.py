"""A child process that is killed with -9 before one of its writes to the store or the archive."""

import os
import signal


def survived(kill_at, open_wiring, work):
    """Works in a child process that kills itself before its n-th write; returns whether it lived.

    Args:
        kill_at: Before which write, counted from 1.
        open_wiring: Called in the child; gives the parts whose writes are counted.
        work: What the child does with them.
    """
    child = os.fork()
    if child == 0:
        wiring = open_wiring()
        writes = [0]

        def counted(function):
            def write(*args, **kwargs):
                writes[0] += 1
                if writes[0] == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)
                return function(*args, **kwargs)

            return write

        store, archive = wiring.store, wiring.archive
        store.commit = counted(store.commit)
        archive.append = counted(archive.append)
        archive.write = counted(archive.write)
        work(wiring)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return status == 0


def again_after_kills(most, opened, work):
    """Does a work killed before its first write, its second and so on, until it lives, each time over again.

    Args:
        most: Before how many writes at most.
        opened: From the number of the write, what opens the parts of a home of its own.
        work: What is killed, and done again.

    Yields:
        The parts after it was done again, and whether it had lived.
    """
    for kill_at in range(1, most + 1):
        open_wiring = opened(kill_at)
        lived = survived(kill_at, open_wiring, work)
        wiring = open_wiring()
        work(wiring)
        yield wiring, lived
        if lived:
            return
