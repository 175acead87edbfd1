"""What goes on beside the faults: threads that run for as long as a block does."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def beside(over: threading.Event, work: Sequence[Callable[[], object]]) -> Iterator[None]:
    """Each in a thread of its own, until the block ends and each has seen that it is `over`."""
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
