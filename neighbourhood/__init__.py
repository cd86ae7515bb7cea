"""A neighbourhood before it runs: from an inventory everybody's keys, first block, settings; its founding.

The rollout (`ansible/`) carries what is made here to the hosts; the demo begins with the same parts.
"""
