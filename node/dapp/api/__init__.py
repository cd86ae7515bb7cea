"""The household's data for other programs: `/api/v1`, CitizenWatt's `/api`, and `/metrics`.

An operation (`operations`) is a function from its parameters to its answer; both are frozen dataclasses, and
everything else is made of them: how a request is read, the answer's JSON and CSV, and the OpenAPI document.
All of it only reads.
"""
