"""Files and databases: opening, migrating, backing up. No tables of its own; each room owns its own.

- `store.snapshot`, `store.registers`: small files in the run folder, replaced atomically
- `store.sqlite`, `store.postgres`: databases, opened and migrated in one way
- `store.claim`: what only one process at a time may hold
- `store.errors`: what can go wrong
"""
