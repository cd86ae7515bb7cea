"""A laboratory for the rollout: Debian hosts that boot with systemd on this machine, on a network of ours.

Needs root, systemd-nspawn and mmdebstrap; `requirements.missing` says what is not there.
"""
