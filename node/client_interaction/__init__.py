"""The household's trader: buys from a neighbour when the battery is low, sells what the household can spare.

- `node.client_interaction.settings`: the `trading`, `sellers` and `offers` sections
- `node.client_interaction.core`: what to do now, a pure decision
- `node.client_interaction.trades`: every trade on disk, read by the DApp
- `node.client_interaction.status`: what the household sees, in one file
- `node.client_interaction.loop`: the process itself
"""
