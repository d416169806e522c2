"""What this package raises. Each kind of error of the native library is a class of its own, with the parts that are known:
what happened, where, what was expected and found, and what to do.

>>> try:
...     Format("posit<8,9>")
... except UsageError as error:
...     print(error.what)
unknown format 'posit<8,9>'
"""

import errno


class Error(Exception):
    """An error that a user can act on; the base of all others here."""

    def __init__(self, what: str, where: str = "", expected: str = "", found: str = "", hint: str = ""):
        super().__init__(what)
        self.what = what
        self.where = where
        self.expected = expected
        self.found = found
        self.hint = hint

    def __str__(self) -> str:
        parts = (("where", self.where), ("expected", self.expected), ("found", self.found), ("hint", self.hint))
        return "\n".join([self.what, *(f"  {name}: {text}" for name, text in parts if text)])


class UsageError(Error, ValueError):
    """Arguments or options that cannot be: a name that is not known, a value out of range."""


class InputError(Error, ValueError):
    """A file or an array does not hold what it should."""


class UnsupportedError(Error, NotImplementedError):
    """Correct, but nothing that this build or machine can do."""


class ResourceError(Error, OSError):
    """Disk, memory or time ended."""


class InterruptedRun(Error):
    """A run was cancelled; what it measured is in the journal of its run folder. Ctrl-C raises KeyboardInterrupt."""


class GoalNotMet(Error):
    """A budget cannot be met; what comes nearest was written."""


class InternalError(Error, RuntimeError):
    """A bug of ours: please report it with what `where` and `found` say."""


def cannot_write(what: str, where: str, error: OSError) -> Error:
    """The error of a file that cannot be written: ResourceError where the disk is full, as of the native library."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return (ResourceError if full else InputError)(what, where, found=error.strerror or str(error))


# In the order of the native library's kinds (base/result.h), which count from 1.
KINDS = (InternalError, UsageError, InputError, UnsupportedError, ResourceError, InterruptedRun, GoalNotMet)
