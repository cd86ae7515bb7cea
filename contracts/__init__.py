"""The market's contracts, their committed artefacts, and typed bindings to them.

`bindings` reads and writes the three contracts, `messages` has what households sign, `codec` tells what a
transaction, event or refusal says, `manifest` knows which contracts are the neighbourhood's, and `deploy`
with `authority` puts them there. `compile` and `toolchain` are for development only.
"""
