"""The server that switches a household's contacts, and the client that nodes use."""
