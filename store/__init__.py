"""Files and databases: opening, migrating, backing up. No tables of its own; each room owns its own."""
