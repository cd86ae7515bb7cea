"""The index of a real chain, against a look at every block of it."""

from pathlib import Path

from chain.client import ChainClient
from node.dapp.chain_index import ChainIndex
from tests.integration.dapp.on_chain import traded_chain


def test_a_real_chain_is_indexed_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "chain").mkdir()
    with traded_chain(tmp_path / "chain", host="127.0.7.31") as traded:
        index, client = ChainIndex(tmp_path / "index.db"), ChainClient(traded.chain.client.url)
        while index.step(client):
            pass
        done = index.reach().done
        assert done > 0
        for account in (traded.seller.address, traded.buyer.address, traded.manifest.current):
            assert index.of(account, done, 1_000) == _by_looking(client, account, done)
        index.close()


def _by_looking(client: ChainClient, account: str, done: int) -> list[int]:
    """Blocks in whose transactions, or events of any contract, the account's 20 bytes occur."""
    found, digits = [], account.lower().removeprefix("0x")
    for number in range(done, -1, -1):
        [block] = client.batch([("eth_getBlockByNumber", (hex(number), True))])
        span = {"fromBlock": hex(number), "toBlock": hex(number)}
        [logs] = client.batch([("eth_getLogs", (span,))])
        ends = [each[side] or "" for each in block["transactions"] for side in ("from", "to")]
        told = [part for log in logs for part in (log["address"], *log["topics"][1:])]
        if any(part.lower().endswith(digits) for part in ends + told):
            found.append(number)
    return found
