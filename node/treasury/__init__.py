"""The treasurer's desk: tokens issued for money, money paid out for tokens, and a book that equals the chain.

`book` is what is on disk, `desk` does, `entries`, `cap` and `ledger` are pure.
"""
