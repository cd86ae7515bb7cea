"""The neighbourhood's Proof-of-Authority chain: keys, genesis, engine, sealer, health, and a thin client.

For every daemon: `chain.daemon` (log lines, stop, beat, start), `chain.keys` (accounts, signatures),
`chain.client` (what the chain says), `chain.confirmations` and `chain.freshness` (what counts of it).
For the node itself: `chain.genesis`, `chain.run` (supervises `chain.clique`),
`chain.sealer`, `chain.signers`, `chain.health`. Geth is built by `python -m chain.geth`.
"""
