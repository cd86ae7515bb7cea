"""Reports: what the household made and drew, interval by interval, with the Merkle root of its readings.

`spans` decides which intervals are due, `covering` computes what a report says, `book` keeps in `trade.db`
what each one covered. The actor that sends them is `node.client_interaction.actors.reporter`.
"""
