"""Why a transaction reverted: asked of the chain, decoded, and said in the contract's own words."""

from __future__ import annotations

from chain.errors import Reverted, RpcError, UnknownBlock
from chain.transactions import Call
from contracts.codec import decode_revert
from node.wallet.chain_node import Node, Receipt


def why_reverted(node: Node, account: str, call: Call, receipt: Receipt) -> str:
    """A clause: "reverted in block 7: there is no such order (UnknownOrder)".

    The node is asked what the call answers before its block, then after it: what stood in its way may have
    come with another transaction of the same block.
    """
    told = f"reverted in block {receipt.block}"
    if receipt.gas_used >= call.gas:
        return f"{told}: its {call.gas} units of gas did not suffice"
    for block in (max(receipt.block - 1, 0), receipt.block):
        said = _said(node, account, call, block)
        if said is not None:
            return f"{told}: {said}" if said else told
    return told


def _said(node: Node, account: str, call: Call, block: int) -> str | None:
    """None: the call would succeed there, or the node cannot tell."""
    if call.to is None:
        return None
    try:
        node.call(call.to, call.data, block, account, call.value)
    except Reverted as refused:
        decoded = decode_revert(refused.data)
        if decoded is None:
            return ""
        meaning = decoded.meaning.rstrip(".")
        meaning = meaning[:1].lower() + meaning[1:]
        return f"{meaning} ({decoded.name})" if meaning else decoded.name
    except (RpcError, UnknownBlock):
        return None
    return None
