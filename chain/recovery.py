"""Asks this host's node about its last blocks, and has it take another's, over its administrative socket."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from chain import genesis, ipc
from chain.errors import BadAnswer, ChainError, NodeUnavailable
from chain.files import replace_file
from chain.keys import checksum, load_node_key, public_key
from chain.plan import NodePlan
from chain.stall import BACK, Last, Survey, Verdict

SLOW = 30.0
"""Seconds for calls that write to a Pi's card."""


def survey(plan: NodePlan, sealer: str | None, clock: Callable[[], float] = time.time) -> Survey:
    """What this host's node says of its last blocks.

    Args:
        sealer: the account with which it seals, if it does.

    Raises:
        ChainError: the node does not answer.
        SettingRefused, KeyRefused: the genesis file or the node's key cannot be read.
    """
    head = int(ipc.request(plan.ipc, "eth_blockNumber"), 16)
    numbers = range(max(head - BACK + 1, 1), head + 1)
    blocks = ipc.batch(plan.ipc, [("eth_getBlockByNumber", (hex(n), False)) for n in numbers], SLOW)
    raw = ipc.batch(plan.ipc, [("debug_getRawBlock", (hex(n),)) for n in numbers], SLOW)
    try:
        signers = tuple(checksum(each) for each in ipc.request(plan.ipc, "clique_getSigners"))
        return Survey(
            node=public_key(load_node_key(plan.key_file)).hex(),
            taken=clock(),
            period=genesis.load(plan.genesis).period,
            signers=signers,
            sealer=sealer,
            blocks=tuple(
                Last(
                    number=int(block["number"], 16),
                    hash=block["hash"],
                    parent=block["parentHash"],
                    sealed=int(block["timestamp"], 16),
                    difficulty=int(block["totalDifficulty"], 16),
                    raw=content,
                )
                for block, content in zip(blocks, raw, strict=True)
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswer(f"{plan.ipc} tells no last blocks: {error!r}") from None


def adopt(plan: NodePlan, verdict: Verdict) -> bool:
    """Have this host's node go back to what it has in common with the winner's chain, and take that.

    Done twice it does no harm: whoever has the winner's head already has nothing to do. A node that sealed
    seals again afterwards, whatever happens between.

    Returns:
        Whether anything was to be done here.

    Raises:
        ChainError: the node does not answer, has gone on since it was asked, or did not take the blocks.
    """
    due = verdict.blocks_for(public_key(load_node_key(plan.key_file)).hex())
    if due is None:
        return False
    common, blocks = due
    if _hash(plan, blocks[-1].number) == blocks[-1].hash:
        return False
    _refuse_moved(plan, verdict, common, blocks)
    # The node reads this file itself; it runs as the same user, or the socket would be closed to us.
    file = plan.data / "taken.rlp"
    replace_file(file, b"".join(bytes.fromhex(block.raw.removeprefix("0x")) for block in blocks), mode=0o644)
    sealed = ipc.request(plan.ipc, "eth_mining")
    try:
        if sealed:
            ipc.request(plan.ipc, "miner_stop")
        ipc.request(plan.ipc, "debug_setHead", hex(common), timeout=SLOW)
        ipc.request(plan.ipc, "admin_importChain", str(file), timeout=SLOW)
    finally:
        if sealed:
            with suppress(ChainError):
                ipc.request(plan.ipc, "miner_start", timeout=SLOW)
        file.unlink()
    if _hash(plan, blocks[-1].number) != blocks[-1].hash:
        raise NodeUnavailable(
            f"the node did not take block {blocks[-1].number}, {blocks[-1].hash}: see its log, repeat this"
        )
    return True


def _refuse_moved(plan: NodePlan, verdict: Verdict, common: int, blocks: tuple[Last, ...]) -> None:
    """A node that has blocks which nobody judged is not taken back: the chain has healed by itself."""
    head = ipc.request(plan.ipc, "eth_getBlockByNumber", "latest", False)
    known = {*(verdict.heads or {}).values(), *(block.hash for block in blocks)}
    if int(head["number"], 16) > common and head["hash"] not in known:
        raise NodeUnavailable(
            f"this node has block {int(head['number'], 16)} since it was asked, so the chain goes on: "
            "nothing was changed; ask all nodes anew"
        )


def _hash(plan: NodePlan, number: int) -> str | None:
    found = ipc.request(plan.ipc, "eth_getBlockByNumber", hex(number), False)
    return None if found is None else str(found["hash"])
