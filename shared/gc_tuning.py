"""Python's collector of cycles, set for work in large batches."""

import gc


def tune_gc() -> None:
    """Freeze what is loaded and collect seldom: batches of events make many objects and few cycles.

    As Python sets it, it walks all events of a batch again and again: a third of a rebuild.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
