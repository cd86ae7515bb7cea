"""Those who carry decisions out and bring news: the chain, the relays, the keepers of leases."""
