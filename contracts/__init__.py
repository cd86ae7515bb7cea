"""The market's contracts, their committed artefacts, and typed bindings to them."""
