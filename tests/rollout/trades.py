"""What the chain says about trades, read over ssh from one household's node."""

from __future__ import annotations

from contracts import manifest
from contracts.codec import decode_log
from tests.rollout.street import Street


def events(street: Street, name: str = "alder") -> list[tuple[str, str]]:
    """Everything that happened on the market: event and order."""
    file = street.files / "manifest.json"
    if not file.exists():
        return []
    market = manifest.load(file).current
    found = []
    for log in street.ask(name, "eth_getLogs", {"address": market, "fromBlock": "0x0", "toBlock": "latest"}):
        topics = [bytes.fromhex(topic.removeprefix("0x")) for topic in log["topics"]]
        told = decode_log(topics, bytes.fromhex(log["data"].removeprefix("0x")))
        if told is not None:
            found.append((told.name, str(told.fields.get("orderId", told.fields.get("order")))))
    return found


def settled(street: Street) -> list[str]:
    """The orders that were redeemed."""
    return [order for name, order in events(street) if name == "OrderRedeemed"]
