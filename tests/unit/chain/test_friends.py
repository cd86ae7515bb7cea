from __future__ import annotations

from chain.errors import Unreachable
from chain.run import PEERS_EVERY, Friends


def enode(name: str, host: str = "10.0.0.1") -> str:
    return f"enode://{name * 64}@{host}:30303"


OURS, CONFIGURED, CEDAR, DOGWOOD = enode("aa"), enode("bb"), enode("cc"), enode("dd")


class Node:
    """Writes down whom it was told to meet and to leave."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def befriend(self, enode: str) -> None:
        self.told.append(f"+{enode}")

    def unfriend(self, enode: str) -> None:
        self.told.append(f"-{enode}")


class Registry:
    def __init__(self, *listed: str) -> None:
        self.listed = list(listed)
        self.silent = False

    def __call__(self) -> list[str]:
        if self.silent:
            raise Unreachable("no node")
        return self.listed


def met(registry: Registry) -> tuple[Node, Friends]:
    node = Node()
    friends = Friends(node, OURS, [CONFIGURED], registry)
    friends.meet(0)
    return node, friends


def test_whom_the_registry_lists_is_met_once_but_neither_ourselves_nor_whom_geth_knows() -> None:
    node, friends = met(Registry(OURS, CONFIGURED, CEDAR))
    friends.meet(PEERS_EVERY)
    assert node.told == [f"+{CEDAR}"]


def test_whom_the_registry_drops_is_left() -> None:
    registry = Registry(CEDAR, DOGWOOD)
    node, friends = met(registry)
    node.told.clear()
    registry.listed = [DOGWOOD]
    friends.meet(PEERS_EVERY)
    assert node.told == [f"-{CEDAR}"]


def test_whose_address_changed_is_met_at_the_new_one() -> None:
    registry = Registry(CEDAR)
    node, friends = met(registry)
    registry.listed = [enode("cc", "10.0.0.9")]
    friends.meet(PEERS_EVERY)
    assert node.told == [f"+{CEDAR}", f"-{CEDAR}", f"+{enode('cc', '10.0.0.9')}"]


def test_a_registry_that_cannot_be_read_changes_nothing() -> None:
    registry = Registry(CEDAR)
    node, friends = met(registry)
    registry.silent = True
    friends.meet(PEERS_EVERY)
    assert node.told == [f"+{CEDAR}"]


def test_the_registry_is_not_asked_at_every_beat() -> None:
    registry = Registry()
    node, friends = met(registry)
    registry.listed = [CEDAR]
    friends.meet(PEERS_EVERY - 0.1)
    assert node.told == []


def test_a_node_that_was_started_anew_is_told_everything_again() -> None:
    node, friends = met(Registry(CEDAR))
    friends.forget()
    friends.meet(1)
    assert node.told == [f"+{CEDAR}", f"+{CEDAR}"]
