"""The household's web pages: what its battery, its trades and its chain are doing, in words.

Server-rendered by Flask, kept live over SSE. Reads the other processes' files read-only; holds no key.
`node.dapp.settings.DappSettings` configures it, `node.dapp.serve.arguments` is how gunicorn runs it,
`node.dapp.users.set_password` makes the first login.
"""
