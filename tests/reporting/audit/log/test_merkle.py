"""The tree of RFC 9162: the known roots and proofs of the test data that its implementations share, and any tree."""

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.audit.check import (
    EMPTY,
    Head,
    Refused,
    check_consistency,
    leaf_hash,
    node_hash,
    root_from_inclusion,
    root_of,
)
from services.reporting.audit.log import merkle
from services.reporting.audit.log.merkle import Nodes

LEAVES = [
    bytes.fromhex(data)
    for data in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Of the first 0 to 8 leaves, as Certificate Transparency's implementations have them."""
INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): INCLUSION[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
GOLDEN = {
    10: "VjWMPSYNtCuCNlF/RLnQy6HcwSk6CIipfxm+hettA+4=",
    15: "j4SulYmocFuxdeyp12xXCIgK6PekBcxzAIj4zbQzNEI=",
    16: "c+4Uc6BCMOZf/v3NZK1kqTUJe+bBoFtOhP+P3SayKRE=",
    100: "dUh9hYH88p0CMoHkdr1wC2szbhcLAXOejWpINIooKUY=",
    255: "SmdsuKUqiod3RX2jyF2M6JnbdE4QuTwwipfAowI4/i0=",
}
"""Roots of trees whose leaf i is i in two bytes, little-endian."""


def nodes(leaves: list[bytes]) -> Nodes:
    """The roots of complete subtrees, each computed from its leaves."""

    def node(level: int, number: int) -> bytes:
        part = leaves[number << level : (number + 1) << level]
        assert len(part) == 1 << level, "a subtree that is not complete was asked for"
        return root_of([leaf_hash(leaf) for leaf in part])

    return node


def numbered(count: int) -> list[bytes]:
    return [number.to_bytes(2, "little") for number in range(count)]


def head(leaves: list[bytes]) -> Head:
    return Head(len(leaves), merkle.root(len(leaves), nodes(leaves)))


def test_hashes_are_those_of_the_rfc() -> None:
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert node_hash(b"N123", b"N456").hex() == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


@pytest.mark.parametrize("size", range(9))
def test_the_known_tree_has_its_roots(size: int) -> None:
    assert merkle.root(size, nodes(LEAVES)).hex() == ROOTS[size]
    assert root_of([leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size]


@pytest.mark.parametrize(("size", "root"), GOLDEN.items())
def test_larger_trees_have_their_roots(size: int, root: str) -> None:
    assert merkle.root(size, nodes(numbered(size))) == b64decode(root)


@pytest.mark.parametrize(("place", "proof"), INCLUSION.items())
def test_the_known_tree_has_its_inclusion_proofs(place: tuple[int, int], proof: list[str]) -> None:
    index, size = place
    made = merkle.inclusion_proof(index, size, nodes(LEAVES))
    assert [step.hex() for step in made] == proof
    assert root_from_inclusion(leaf_hash(LEAVES[index]), index, size, made).hex() == ROOTS[size]


@pytest.mark.parametrize(("grown", "proof"), CONSISTENCY.items())
def test_the_known_tree_has_its_consistency_proofs(grown: tuple[int, int], proof: list[str]) -> None:
    old, new = grown
    made = merkle.consistency_proof(old, new, nodes(LEAVES))
    assert [step.hex() for step in made] == proof
    check_consistency(Head(old, bytes.fromhex(ROOTS[old])), Head(new, bytes.fromhex(ROOTS[new])), made)


@given(st.data())
def test_every_leaf_of_every_tree_is_proved_and_no_other(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    leaves = numbered(size)
    proof = merkle.inclusion_proof(index, size, nodes(leaves))
    root = merkle.root(size, nodes(leaves))
    assert root_from_inclusion(leaf_hash(leaves[index]), index, size, proof) == root
    assert leads_elsewhere(leaf_hash(leaves[index] + b"x"), index, size, proof, root)
    if other != index:
        assert leads_elsewhere(leaf_hash(leaves[index]), other, size, proof, root)
    assert leads_elsewhere(leaf_hash(leaves[index]), index, size, [*proof, EMPTY], root)
    if proof:
        assert leads_elsewhere(leaf_hash(leaves[index]), index, size, proof[:-1], root)
        at = data.draw(st.integers(0, len(proof) - 1))
        bent = [bytes([step[0] ^ 8]) + step[1:] if here == at else step for here, step in enumerate(proof)]
        assert leads_elsewhere(leaf_hash(leaves[index]), index, size, bent, root)


def leads_elsewhere(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    try:
        return root_from_inclusion(leaf, index, size, proof) != root
    except Refused:
        return True


@given(st.data())
def test_every_tree_grew_from_every_smaller_one_and_from_no_other(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, 300))
    old = data.draw(st.integers(0, new))
    leaves = numbered(new)
    proof = merkle.consistency_proof(old, new, nodes(leaves))
    check_consistency(head(leaves[:old]), head(leaves), proof)
    assert refused(head(leaves), Head(old, head(leaves[:old]).root), proof) or old == new
    if old:
        changed = [b"changed", *leaves[1:]]
        assert refused(head(leaves[:old]), head(changed), proof)
        assert refused(head(changed[:old]), head(leaves), proof)
        assert refused(head(leaves[:old]), head(leaves), [*proof, EMPTY])
    if proof:
        assert refused(head(leaves[:old]), head(leaves), proof[:-1])
        assert refused(head(leaves[:old]), head(leaves), [])


def refused(old: Head, new: Head, proof: list[bytes]) -> bool:
    try:
        check_consistency(old, new, proof)
    except Refused:
        return True
    return False


def test_a_proof_of_what_is_not_there_is_not_made() -> None:
    with pytest.raises(IndexError):
        merkle.inclusion_proof(8, 8, nodes(LEAVES))
    with pytest.raises(IndexError):
        merkle.consistency_proof(9, 8, nodes(LEAVES))
