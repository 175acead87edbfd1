"""The Merkle tree of RFC 9162, 2.1 (SHA-256): roots and proofs from the nodes of its complete subtrees.

A node is named by its level (0: the leaves) and its number there, from the left: node (3, 1) is the root of leaves 8 to
15. What checks a proof is in `check.py`, which stands alone.
"""

from collections.abc import Callable

from services.reporting.audit.check import EMPTY, node_hash

Nodes = Callable[[int, int], bytes]


def root(size: int, nodes: Nodes) -> bytes:
    """The root of the first `size` leaves."""
    return _subtree(0, size, nodes) if size else EMPTY


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """RFC 9162, 2.1.3.1: the way from leaf `index` to the root of the first `size` leaves, from below."""
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} is not in a tree of {size}")
    return _path(index, 0, size, nodes)


def consistency_proof(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """RFC 9162, 2.1.4.1: that the tree of `new` leaves begins with that of `old`."""
    if not 0 <= old <= new:
        raise IndexError(f"a tree of {old} did not grow to {new}")
    return _grown(old, 0, new, nodes, whole=True) if 0 < old < new else []


def _split(start: int, end: int) -> int:
    """The end of the largest complete proper subtree."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def _subtree(start: int, end: int, nodes: Nodes) -> bytes:
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return nodes(level, start >> level)
    middle = _split(start, end)
    return node_hash(_subtree(start, middle, nodes), _subtree(middle, end, nodes))


def _path(index: int, start: int, end: int, nodes: Nodes) -> list[bytes]:
    if end - start == 1:
        return []
    middle = _split(start, end)
    if index < middle:
        return [*_path(index, start, middle, nodes), _subtree(middle, end, nodes)]
    return [*_path(index, middle, end, nodes), _subtree(start, middle, nodes)]


def _grown(old: int, start: int, end: int, nodes: Nodes, *, whole: bool) -> list[bytes]:
    """`whole` while all on the left is the old tree itself, whose root the reader has."""
    if old == end:
        return [] if whole else [_subtree(start, end, nodes)]
    middle = _split(start, end)
    if old <= middle:
        return [*_grown(old, start, middle, nodes, whole=whole), _subtree(middle, end, nodes)]
    return [*_grown(old, middle, end, nodes, whole=False), _subtree(start, middle, nodes)]
