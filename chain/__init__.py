"""The neighbourhood's Proof-of-Authority chain: keys, genesis, engine, sealer, health, and a thin client."""
