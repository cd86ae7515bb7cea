"""A neighbourhood's files are what the product itself reads: real keys, real configuration."""

from pathlib import Path
from stat import S_IMODE
from tempfile import TemporaryDirectory

import pytest

from chain import genesis, keys
from node.config import load
from simulation.neighbourhood import plan
from simulation.neighbourhood.folders import Neighbourhood, build
from simulation.world import spec


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Neighbourhood:
    with TemporaryDirectory(prefix="cw-") as run:
        return build(plan(4), tmp_path_factory.mktemp("demo"), Path(run) / "run", Path("/usr/bin/geth"))


def test_every_household_has_a_configuration_that_the_product_accepts(built: Neighbourhood) -> None:
    for member in built.scenario.members:
        settings = load([built.configuration(member.name)])
        assert settings.household.name == member.name
        assert settings.household.role == member.role
        owner = keys.load(settings.account.keystore, settings.account.password_file)
        assert owner.address == built.accounts[member.name]


def test_buyers_and_sellers_agree_on_their_lines(built: Neighbourhood) -> None:
    everybody = {m.name: load([built.configuration(m.name)]) for m in built.scenario.members}
    for settings in everybody.values():
        for name, seller in settings.sellers.items():
            there = everybody[name]
            assert seller.account == built.accounts[name]
            assert there.relay is not None
            assert seller.relay == there.relay.listen
            assert seller.contact in {feed.contact for feed in there.relay.feeds}
            assert seller.contact in {offer.contact for offer in there.offers.feeds}


def test_the_genesis_is_sealed_by_the_sealers_and_credits_every_account(built: Neighbourhood) -> None:
    first = genesis.load(built.folder / "genesis.json")
    folders = [built.folder / member.name for member in built.scenario.signers]
    sealers = {keys.load(f / "sealer.json", f / "sealer.password").address for f in folders}
    assert set(first.signers) == sealers
    assert set(first.alloc) == {*built.accounts.values(), built.authority.address}


def test_two_neighbourhoods_never_share_a_chain(tmp_path: Path) -> None:
    ids = set()
    for turn in ("a", "b"):
        build(plan(2), tmp_path / turn, tmp_path / f"run-{turn}", Path("geth"))
        ids.add(genesis.load(tmp_path / turn / "genesis.json").chain_id)
    assert len(ids) == 2


def test_no_secret_is_open_to_others(built: Neighbourhood) -> None:
    secrets = [
        *built.folder.rglob("*.password"),
        *built.folder.rglob("*key.json"),
        *built.folder.rglob("node.key"),
    ]
    assert len(secrets) >= 4 * 3 + 2
    for path in secrets:
        assert S_IMODE(path.stat().st_mode) == 0o600, path


def test_the_world_can_be_read_again(built: Neighbourhood) -> None:
    world = spec.load(built.folder / "world.json")
    assert [h.name for h in world.households] == ["alder", "birch", "cedar", "dogwood"]


def test_each_household_has_its_own_password(built: Neighbourhood) -> None:
    assert len({login.password for login in built.logins}) == 4
    assert built.logins[0].url == "http://127.0.10.1:8080/"
