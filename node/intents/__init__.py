"""What a household asks for by its pages: a closed set, asked by the DApp, decided by client-interaction.

- `node.intents.kinds`: the set, and how one is written and read
- `node.intents.book`: what is asked, in `dapp.db`: the DApp writes
- `node.intents.caps`: how far it may go, from `node.intents.settings`
- `node.intents.answers`: what came of it and what is in force, in `trade.db`: client-interaction writes
- `node.intents.published`: what is in force, for the pages to show
- `node.intents.overrides`: the settings in force
- `node.intents.wishes`: what of it the trader's decisions see
- `node.intents.errors`: what is none of it
"""
