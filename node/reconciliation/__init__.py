"""Reconciliation: do the chain, the vouchers and both meters tell the same about each trade?

`records` is what is known of a trade, frozen; `tolerance` what may differ and why; `judgement` says what does
not agree, and the likely cause. All of these are pure. `gathering` reads the household's books, readings and
the chain; `evidence` is the file that one household hands to another, and what the other makes of it.
"""
