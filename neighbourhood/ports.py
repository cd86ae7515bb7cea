"""The standard ports of a household."""

P2P = 30303
"""Of its chain node, for the other nodes."""

RPC = 8545
"""Of its chain node, for its own processes."""

RELAY = 15555
PAGES = 8080
