"""Non-volatile storage on a desk."""

flash: dict[str, int] = {}


class NVS:
    """One namespace."""

    def __init__(self, name: str) -> None:
        pass

    def get_i32(self, key: str) -> int:
        """Read, or fail as the chip does."""
        if key not in flash:
            raise OSError(-4354)
        return flash[key]

    def set_i32(self, key: str, value: int) -> None:
        """Write."""
        flash[key] = value

    def commit(self) -> None:
        """Into the flash."""
