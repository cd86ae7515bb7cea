"""Telling an MQTT broker what the household does, with discovery for Home Assistant; off unless configured.

A process of its own (`commonwatt mqtt run`): a broker that is slow, or gone, holds up nobody. It only reads
the run folder.
"""
