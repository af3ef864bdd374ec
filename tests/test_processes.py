"""Who is gone, and of whom that cannot be known."""

import os
import shutil
import subprocess
import sys
import threading

import pytest

from pipeline.processes import died_here, give_way, this_process

NAME = "from pipeline.processes import this_process; print(this_process())"


def test_a_process_that_lives_is_not_gone():
    assert not died_here(this_process())


def test_a_process_of_here_that_ended_is_gone():
    done = subprocess.run([sys.executable, "-c", NAME], capture_output=True, text=True, check=True)
    assert died_here(done.stdout.strip())


def test_the_process_of_another_namespace_is_not_known_to_be_gone():
    host, _, rest = this_process().partition(":")
    own = rest.split(":")[-1]
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    number = int(gone.stdout)
    assert died_here(f"{host}:{number}:abc123:{own}")
    for strange in (
        f"{host}:{number}:abc123:0badf00d",
        f"{host}:{number}:abc123:",
        f"{host}:{number}:abc123",
    ):
        assert not died_here(strange)
    assert not died_here(f"elsewhere:{number}:abc123:{own}")
    assert not died_here("evaluate")
    if os.geteuid() == 0 and shutil.which("unshare"):
        apart = ["unshare", "--pid", "--fork", sys.executable, "-c", NAME]
        done = subprocess.run(apart, capture_output=True, text=True, check=False)
        if done.returncode == 0:  # the kernel may not allow it, in a container say
            name = done.stdout.strip()
            assert name.startswith(f"{host}:")
            assert not died_here(name)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a priority is the whole process's")
def test_a_thread_that_gives_way_takes_nobody_with_it():
    """It runs behind others, and so do its children; the thread that started it stays as it was."""
    before, found = os.getpriority(os.PRIO_PROCESS, 0), []

    def work():
        give_way()
        give_way()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        child = [sys.executable, "-c", "import os; print(os.getpriority(os.PRIO_PROCESS, 0))"]
        found.append(int(subprocess.run(child, capture_output=True, check=True).stdout))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [max(before, 5)] * 2
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
