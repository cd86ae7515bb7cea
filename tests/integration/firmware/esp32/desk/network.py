"""Wi-Fi on a desk."""

STA_IF = 0
available = True
joined = False


def hostname(name: str) -> None:
    """Take a name."""


class WLAN:
    """The station."""

    def __init__(self, interface: int) -> None:
        pass

    def active(self, on: bool) -> None:
        """Switch the radio."""

    def isconnected(self) -> bool:
        """Whether it has joined."""
        return joined and available

    def connect(self, ssid: str, password: str) -> None:
        """Join."""
        global joined  # noqa: PLW0603 - the radio's own state
        joined = available

    def disconnect(self) -> None:
        """Leave."""
        global joined  # noqa: PLW0603 - the radio's own state
        joined = False
