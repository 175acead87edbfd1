"""Python's collector of cycles, set for work in large batches."""

import gc


def tune_gc() -> None:
    """What is loaded stays; batches of events make many objects and few cycles, so look for cycles seldom.

    As Python sets it, it walks all events of a batch again and again: a third of a rebuild.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
