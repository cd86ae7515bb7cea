"""One household: configuration, sensors, logger, readings, wallet, client-interaction, DApp."""
