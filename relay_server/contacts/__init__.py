"""The state machines of the two kinds of contact: feeds, and the transfer between home and the ties.

Pure: time is an argument (boottime seconds), and what is to be done comes back as a list of acts.
"""
