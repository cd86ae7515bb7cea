"""Whether the neighbours' nodes follow the same chain as ours.

Each relay tells its node's last block to whoever says hello. `judging` compares, and waits until a difference
lasts: two signers that seal at the same time part neighbours for a block or two. `asking` asks everybody;
`lookout` does so each minute, for whoever tells people.
"""
