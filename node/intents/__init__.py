"""What a household asks for by its pages: a closed set, asked by the DApp, decided by client-interaction.

- `node.intents.kinds`: the set, and how one is written and read
- `node.intents.errors`: what is none of it
- `node.intents.wishes`: what of it still counts: trading switched off, a stop, orders by hand
"""
