"""The first run: from a box without password and key to a household that trades.

`steps` says what is done and what is next, `keyholder` makes the key and proves its backup inside the process
that owns it, `channel` is the way from the pages to it, `owner` that process's part of the first run, and
`joining` its request to be admitted.
"""
