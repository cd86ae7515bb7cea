"""The household's account: its key, the journal of everything sent with it, and the one sender.

- `node.wallet.settings`: where the key is
- `node.wallet.database`: `trade.db`, one connection, joined transactions
- `node.wallet.journal`: what is to be sent, on disk before it is sent
- `node.wallet.sender`, `wire`, `watch`: sign and follow; hand over; look back after a reorganisation
- `node.wallet.credit`: what of the gas credit is kept for settling
- `node.wallet.refusals`, `reasons`, `used`: what refusals mean, why a contract refused, who took a nonce
- `node.wallet.backup`: the key on a stick and its code on paper
- `node.wallet.errors`: what can go wrong

docs/wallet.md tells the states and what happens at each crash.
"""
