"""How far long work has come: a bar on a terminal, and nothing anywhere else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def progress(
    what: str, *, total: int | Callable[[], int] | None = None, worth: int = 0
) -> Iterator[Callable[..., None]]:
    """Show a bar on standard error while something is done, if that is a terminal; it goes at the end.

    Args:
        what: What is counted, in a word or two.
        total: How much there is, or what finds that out for a bar; None where nobody knows, so that it is
            only counted.
        worth: With less than this it is over too soon for a bar.

    Yields:
        To be called with how much more is done, 1 if left out.
    """
    if callable(total) and sys.stderr.isatty():
        total = total()
    if not sys.stderr.isatty() or callable(total) or (total is not None and total < worth):
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    counted = TextColumn("{task.description}: {task.completed:,.0f}")
    measured = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    columns = (counted,) if total is None else (*measured, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=total)
        yield lambda more=1: shown.update(task, advance=more)


@contextmanager
def progress_of_parts(what: str, *, worth: int = 0) -> Iterator[Callable[[int, int], None]]:
    """The same for work that tells how much there is only once it has begun.

    Yields:
        To be called with how much more is done, and how much there is in all.
    """
    with ExitStack() as stack:
        shown: list[Callable[..., None]] = []

        def advance(more: int, total: int) -> None:
            """Show how far it has come; the first call begins the bar."""
            if not shown:
                shown.append(stack.enter_context(progress(what, total=total, worth=worth)))
            shown[0](more)

        yield advance
