"""A tree in tiles is the tree of RFC 9162, whatever part of it is in memory."""

from collections.abc import Callable
from hashlib import sha256

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.audit.check import Head, check_consistency, leaf_hash, root_from_inclusion, root_of
from services.reporting.audit.log import merkle, tiles
from services.reporting.audit.log.tiles import Tiles

MANY = 1000


def link(index: int) -> bytes:
    return sha256(b"%d" % index).digest()


LEAVES = [leaf_hash(link(index)) for index in range(MANY)]


def grown(size: int) -> Tiles:
    tree = Tiles()
    for index in range(size):
        tree.append(index, link(index), 10 * index + 5, index + 1)
    return tree


WHOLE = grown(MANY)


@given(st.integers(0, MANY))
def test_every_beginning_has_its_root(size: int) -> None:
    assert WHOLE.head(size).root == root_of(LEAVES[:size])


@given(st.integers(0, 600))
def test_its_size_is_the_number_of_leaves(size: int) -> None:
    assert grown(size).size == size


@given(st.data())
def test_the_tiles_around_a_leaf_are_all_that_its_proofs_need(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, MANY))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    names = tiles.around([index], size, old)
    part = Tiles({name: tile for name, tile in WHOLE._held.items() if name in names})
    proof = merkle.inclusion_proof(index, size, part.node)
    assert root_from_inclusion(LEAVES[index], index, size, proof) == part.head(size).root
    check_consistency(part.head(old), part.head(size), merkle.consistency_proof(old, size, part.node))


def test_a_record_is_found_by_its_position() -> None:
    for index in (0, 255, 256, 999):
        assert WHOLE.index_of(10 * index + 5) == index
        assert WHOLE.place(index) == (10 * index + 5, index + 1)
        assert WHOLE.link(index) == link(index)
    assert WHOLE.index_of(7) is None
    assert WHOLE.index_of(10**9) is None


async def test_a_tree_that_is_kept_grows_from_its_edge(postgres: Callable[[str], str]) -> None:
    size = 0
    url = postgres("tiles")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        await conn.execute(tiles.SCHEMA)
        for more in (1, 254, 1, 1, 300, 443):
            tree = await tiles.load_edge(conn, "cases", 3)
            assert tree.size == size
            for index in range(size, size + more):
                tree.append(index, link(index), 10 * index + 5, index + 1)
            size += more
            await tree.save(conn, "cases", 3)
            kept = await tiles.load(conn, "cases", 3, tiles.around((), size))
            assert kept.head(size) == Head(size, root_of(LEAVES[:size]))
        assert size == MANY
        assert await tiles.numbers_of(conn, "cases", 3, [5, 15, 2565]) == [0, 1]
        assert await tiles.numbers_of(conn, "cases", 3, [1]) == []
        assert await tiles.numbers_of(conn, "cases", 2, [5]) == []
        await tiles.clear(conn, "cases", 3)
        assert (await tiles.load_edge(conn, "cases", 3)).size == 0


def test_what_is_not_in_memory_is_not_made_up() -> None:
    with pytest.raises(KeyError):
        Tiles().node(0, 0)
