"""What a session tells while it works."""

import sys
from collections.abc import Callable


class Quiet:
    """Tells nothing; the base of those that do."""

    def note(self, text: str) -> None:
        """A line that the user should know of."""

    def step(self, title: str, total: int, unit: str) -> Callable[[int], None] | None:
        """A step of `total` units begins; what is returned is called with how many were done since the last call."""
        return None


class Progress(Quiet):
    """Notes on stderr, and a bar of tqdm (in notebooks too) for each step where tqdm is installed."""

    def __init__(self):
        try:
            from tqdm.auto import tqdm
        except ImportError:
            tqdm = None
        self._tqdm = tqdm

    def note(self, text: str) -> None:
        line = "note: " + "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text.replace("\n", " "))
        if self._tqdm is not None:
            self._tqdm.write(line, file=sys.stderr)
        else:
            print(line, file=sys.stderr)

    def step(self, title: str, total: int, unit: str) -> Callable[[int], None] | None:
        if self._tqdm is None or total == 0:
            return None
        bar = self._tqdm(total=total, desc=title, unit=f" {unit}", leave=False)

        def advance(count: int) -> None:
            bar.update(count)
            if bar.n >= total:
                bar.close()

        return advance
