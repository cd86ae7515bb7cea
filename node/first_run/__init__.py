"""The first run: from a box without password and key to a household that trades.

`steps` says what is done and what is next, `keyholder` makes the key and proves its backup inside the process
that owns it, `owner` is that process's part of the first run, whom the pages ask over a `node.channel`, and
`joining` its request to be admitted.
"""
