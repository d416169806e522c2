"""Errors that a user can act on, with the exit codes and the layout of the `posittune` executable."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    DONE = 0
    GOAL_NOT_MET = 1  # the result is written, a check failed
    USAGE = 2  # arguments, or packages that are not installed
    INPUT = 3  # a file does not hold what it should
    UNSUPPORTED = 4  # correct, but nothing we can export
    RESOURCE = 5  # network, disk, memory
    INTERRUPTED = 130


@dataclass
class Failure(Exception):
    """What happened, where, what was expected and found, what to do: the parts that are known."""

    kind: Exit
    what: str
    where: str = ""
    expected: str = ""
    found: str = ""
    hint: str = ""

    def __str__(self) -> str:
        parts = [("where", self.where), ("expected", self.expected), ("found", self.found), ("hint", self.hint)]
        return "\n".join([self.what, *(f"  {name}: {text}" for name, text in parts if text)])


def say(text: str) -> None:
    """Talk goes to stderr; stdout is for results."""
    print(text, file=sys.stderr, flush=True)


def one_line(error: BaseException, limit: int = 300) -> str:
    """The first line of a library's message."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:limit]


def run(main: Callable[[], int]) -> int:
    """main()'s exit code; failures become one message on stderr. Our own bugs keep their traceback."""
    try:
        return int(main())
    except Failure as failure:
        say(f"error: {failure}")
        return failure.kind
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("posittune"):
            raise
        say(
            f"error: the Python package {missing.name} is not installed\n"
            "  hint: pip install -r python/requirements-hub.txt"
        )
        return Exit.USAGE
    except KeyboardInterrupt:
        say("interrupted")
        return Exit.INTERRUPTED
    except MemoryError:
        say("error: not enough memory")
        return Exit.RESOURCE
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        say(f"error: {error.strerror or one_line(error)}\n  where: {error.filename or 'unknown'}")
        return Exit.RESOURCE
