"""Exit codes, and the one line that goes with each: the only place that knows them.

0    done
1    something failed, and a line says what
2    wrong usage or configuration
130  interrupted (Ctrl-C)
143  ended (SIGTERM)
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from typer import Abort
from typer.exceptions import TyperException

from pipeline.errors import ConfigError, QueryError, UsageError, WirewatchError

DONE, FAILED, MISUSED, INTERRUPTED, ENDED = 0, 1, 2, 130, 143
_WRONG_USAGE = (ConfigError, UsageError, QueryError)
_STOPPED = "stopped; what was committed stays, the same command goes on from there"


class Failed(Exception):  # noqa: N818  not an error of the program: the verb did its work and says so
    """A verb has answered, and what it answered is a failure; its text is one line, or empty."""


class _Ended(BaseException):
    """SIGTERM came: passes through every `except Exception`, so that leases are given back on the way."""


def run(verb: Callable[[], object], *, as_json: bool) -> int:
    """Runs a verb to its end, whatever that is.

    Args:
        verb: Runs it; what it returns is an exit code where it is a number.
        as_json: Whether an error is also told as a JSON document on stdout.

    Returns:
        The exit code.
    """
    pid = os.getpid()

    def end(_number: int, _frame: FrameType | None) -> None:
        if os.getpid() != pid:  # a worker process that was forked from here
            os._exit(ENDED)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second one ends at once
        raise _Ended

    signal.signal(signal.SIGTERM, end)
    try:
        code = verb()
        sys.stdout.flush()
    except (_Ended, KeyboardInterrupt, Exception) as error:
        if isinstance(error, Exception) and os.environ.get("WIREWATCH_DEBUG"):
            raise
        return _code_of(error, as_json=as_json)
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):  # click ends the program itself
            return _code_of(stop.__context__, as_json=as_json)
        raise
    if code == INTERRUPTED:  # typer has caught it
        return _said(INTERRUPTED, _STOPPED)
    return code if isinstance(code, int) else DONE


def _code_of(error: BaseException, *, as_json: bool) -> int:
    match error:
        case _Ended():
            code = _said(ENDED, _STOPPED)
        case KeyboardInterrupt():
            code = _said(INTERRUPTED, _STOPPED)
        case BrokenPipeError():  # the reader has seen enough, as `head` has
            _drop_stdout()
            code = DONE
        case Failed():
            _flush()
            code = _said(FAILED, str(error))
        case Abort():  # a question was not answered: its context tells Ctrl-C from the end of the input
            sys.stderr.write("\n")
            stopped = isinstance(error.__context__, KeyboardInterrupt)
            code = _said(INTERRUPTED if stopped else FAILED, "no answer; nothing was changed")
        case TyperException():
            code = _misused(error)
        case _:
            code = _wrong(error, as_json=as_json)
    return code


def _flush(text: str = "") -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        _drop_stdout()


def _misused(error: TyperException) -> int:
    """Says in one line what is wrong with the arguments; a group without a verb shows its help."""
    said = str(getattr(error, "format_message", error.__str__)())
    if "Usage:" in said:
        sys.stderr.write(f"{said}\n")
        return MISUSED
    return _said(MISUSED, f"{said} (wirewatch --help shows what there is)")


def _wrong(error: BaseException, *, as_json: bool) -> int:
    if isinstance(error, WirewatchError):
        line, code = str(error), MISUSED if isinstance(error, _WRONG_USAGE) else FAILED
    elif isinstance(error, OSError):
        line, code = f"{error.filename or 'the output'}: {error.strerror or error}", FAILED
    else:
        line, code = f"unexpected {type(error).__name__}: {error}; WIREWATCH_DEBUG=1 shows where", FAILED
    line = " ".join(line.split())
    _flush(json.dumps({"error": line}, ensure_ascii=False) + "\n" if as_json else "")
    return _said(code, line)


def _said(code: int, line: str) -> int:
    if line:
        sys.stderr.write(f"wirewatch: {' '.join(line.split())}\n")
    return code


def _drop_stdout() -> None:
    """Keeps the interpreter from trying again, at its end, to write what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
