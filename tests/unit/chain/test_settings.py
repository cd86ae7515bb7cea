from __future__ import annotations

import tomllib
from typing import Any

import pytest
from pydantic import ValidationError

from chain.clique import p2p_config
from chain.errors import SettingRefused
from chain.plan import NodePlan
from chain.settings import ChainSettings, NodeSettings

ENODE = "enode://" + "ab" * 64 + "@10.0.0.1:30303"


def node(**given: Any) -> NodeSettings:
    return NodeSettings(**{"listen": "10.0.0.2:30303"} | given)


def test_a_household_without_a_node_reads_anothers() -> None:
    assert ChainSettings().node is None
    assert ChainSettings(rpc="http://10.0.0.1:8545", timeout="2 s").timeout == 2.0


def planned(**given: Any) -> NodePlan:
    return ChainSettings(node=node(**given)).plan()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"listen": "10.0.0.2"}, "an address and a port"),
        ({"listen": "10.0.0.2:99999"}, "an address and a port"),
        ({"listen": "http://10.0.0.2:1"}, "without http"),
        ({"http": "0.0.0.0:8545"}, "on loopback"),
        ({"http": "192.168.1.7:8545"}, "on loopback"),
        ({"peers": ["10.0.0.1:30303"]}, "enode://"),
        ({"ipc": "/" + "x" * 120}, "107 bytes"),
        ({"seal": {"keystore": "k", "password_file": "p", "socket": "/" + "x" * 120}}, "107 bytes"),
        ({"gehT": "x"}, "Extra inputs"),
        ({"authrpc_port": 0}, "greater than"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_right(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        node(**wrong)


def test_geths_file_holds_nothing_but_the_peers() -> None:
    config = tomllib.loads(p2p_config(planned(peers=[ENODE], network="10.0.0.0/24")))
    assert config == {
        "Node": {
            "P2P": {
                "MaxPeers": 5,
                "DialRatio": 1,
                "NoDiscovery": True,
                "StaticNodes": [ENODE],
                "TrustedNodes": [ENODE],
                "ListenAddr": "10.0.0.2:30303",
                "NetRestrict": ["10.0.0.0/24"],
            }
        }
    }


def test_a_node_allows_for_more_peers_than_a_small_neighbourhood_has() -> None:
    assert "MaxPeers = 5\n" in p2p_config(planned(peers=[ENODE]))
    assert "MaxPeers = 9\n" in p2p_config(planned(max_peers=9))


def test_a_plan_comes_back_from_a_command_line() -> None:
    seal = {"keystore": "k", "password_file": "p", "socket": "/run/s"}
    for plan in (planned(), planned(peers=[ENODE], ipc="/run/ipc", seal=seal, max_peers=3)):
        assert NodePlan.from_json(plan.to_json()) == plan


def test_a_host_without_a_node_plans_none() -> None:
    with pytest.raises(SettingRefused, match="this host runs no chain node"):
        ChainSettings().plan()
