"""Tariffs: what a kilowatt-hour costs at each moment, and so what a meter's energy cost. Pure, in integers.

A `Plan` has versions, each valid from a day until the next begins, so that a new price never changes what was
before. Prices and sums are micro-units of a currency (0.2516 EUR is 251 600); a sum is rounded once, at its
end, half to even.
"""
