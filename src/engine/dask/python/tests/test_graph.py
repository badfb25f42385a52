"""Lineage: exactly what is missing is made again, inputs first."""

from __future__ import annotations

from partwise_dask.graph import Node, carry, dask_graph, missing_for
from partwise_dask.placement import shares


def node(key: str, *deps: Node, there: bool = False) -> Node:
    made = Node(key=key, run="r", deps=list(deps), specs=b"", label="step")
    made.renew_key()
    if there:
        made.future = object()
    return made


def test_what_is_there_is_not_made_again_and_neither_is_what_only_it_needs() -> None:
    root = node("root")
    kept = node("kept", root, there=True)
    freed = node("freed", kept)
    left, right = node("left", freed, kept), node("right", freed)
    assert [one.key for one in missing_for([left, right])] == ["freed", "left", "right"]


def test_a_deep_chain_is_walked_without_recursion() -> None:
    last = node("0")
    for i in range(1, 5000):
        last = node(str(i), last)
    assert [one.key for one in missing_for([last])][:2] == ["0", "1"]


def test_every_attempt_has_a_key_of_its_own_and_refers_to_the_present_keys_of_its_inputs() -> None:
    there = node("there", there=True)
    made = node("made", there)
    (first,) = dask_graph([made], "topic", "build").values()
    (second,) = dask_graph([made], "topic", "build").values()
    assert first.key != second.key
    assert first.dependencies == second.dependencies == {there.dask_key}


def test_shares_follow_threads_and_move_only_the_surplus() -> None:
    holders = {f"k{i}": ["a"] for i in range(8)}
    moves = shares(holders, {"a": 1, "b": 1})
    assert list(moves) == ["b"]
    assert len(moves["b"]) == 4
    assert len(shares(holders, {"a": 1, "b": 3})["b"]) == 6
    assert shares({"k": ["a"]}, {"a": 1, "b": 1}) == {}
    assert shares({f"k{i}": ["a", "b"] for i in range(8)}, {"a": 1, "b": 1}) == {}
    assert shares({"k": ["gone"]}, {"a": 1, "b": 1}) == {}


def test_a_node_is_made_beside_its_input_only_where_both_are_made_and_the_input_is_watched() -> None:
    state = node("state")
    partial = node("partial", state)
    partial.beside = state
    made, watched = carry([state, partial], [state, partial])
    assert (made, watched, state.carried) == ([state], [state], [partial])
    (graph,) = dask_graph(made, "topic", "build").values()
    assert graph.key == state.dask_key
    # The input is there already, or nobody would tell when it is done: a task of its own.
    assert carry([partial], [partial]) == ([partial], [partial])
    assert carry([state, partial], [partial]) == ([state, partial], [partial])
    assert state.carried == []
