"""Telling people what is wrong when nobody looks at the pages: by e-mail, ntfy, Telegram and others.

A process of its own (`commonwatt notify run`): a service that is slow, or gone, holds up nobody.

It tells what lasts (`following`), once, and again when it is over; what it has told survives a restart.
"""
