"""CitizenWatt's HTTP API, for programs that were written for its base station: same paths, shapes and limits.

A measure's id is the Unix second in which it was taken; of several in one second it is their mean. So ids
rise with time and stay, whatever is deleted.
"""
