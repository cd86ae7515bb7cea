"""Sensors: what a driver is, the settings that choose one, and the drivers that come with Commonwatt."""
