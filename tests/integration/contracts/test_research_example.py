"""The example of docs/research.md works as it is written, on a real chain, by a library that is not ours."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from contracts.bindings import Market
from contracts.messages import voucher_digest
from quantities import Energy
from tests.integration.contracts.conftest import PRICE, Neighbourhood

ROOT = Path(__file__).parents[3]
CONTACT = 8


def test_the_example_lists_a_settled_trade(town: Neighbourhood, tmp_path: Path) -> None:
    [order] = town.buys(town.birch, CONTACT, 2_000)
    signature = town.birch.sign(voucher_digest(town.manifest.chain_id, town.market.address, order, 1_500))
    town.done(town.alder, town.market.address, Market.encode_redeem(order, Energy(1_500), signature))
    town.manifest.save(tmp_path / "manifest.json")

    [example] = re.findall(r"```python\n(.+?)```", (ROOT / "docs" / "research.md").read_text(), re.DOTALL)
    example = example.replace("street/manifest.json", str(tmp_path / "manifest.json"))
    example = example.replace("http://127.0.10.1:8545", town.client.url)
    ran = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, check=False, cwd=ROOT, timeout=60
    )

    assert ran.returncode == 0, ran.stderr
    paid = PRICE.cost(Energy(1_500)).value / 10**18
    assert ran.stdout.splitlines()[-1].split(" ", 1)[1] == f"1500 mWh {paid} tokens"
