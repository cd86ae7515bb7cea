"""What a household bought, sold, paid and earned, from the chain's events alone, so that anyone can check it.

`history` reads the events; `rows`, `monthly` and `forecast` are pure; `page` and `table` write for people and
programs.
"""
