"""The household's account: its key, the journal of everything sent with it, and the one sender.

- `node.wallet.settings`: where the key is
- `node.wallet.database`: `trade.db`, one connection, joined transactions
- `node.wallet.journal`: what is to be sent, on disk before it is sent
- `node.wallet.sender`: signs, broadcasts, follows and replaces
- `node.wallet.errors`: what can go wrong
"""
