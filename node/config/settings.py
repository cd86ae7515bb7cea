"""One household's whole configuration: every room's model side by side."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from chain.settings import ChainSettings
from node.client_interaction.settings import OffersSettings, SellerSettings, TradingSettings
from node.dapp.settings import DappSettings
from node.intents.settings import IntentsSettings
from node.local_time import zone
from node.logger.settings import BatterySettings
from node.mqtt.settings import MqttSettings
from node.notify.settings import NotificationsSettings
from node.readings.settings import ReadingsSettings
from node.reports.settings import ReportsSettings
from node.sensors.settings import Sensors
from node.tariffs.settings import TariffSettings
from node.wallet.settings import AccountSettings
from relay_server.settings import RelaySettings

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
"""Of a household: lower case letters, digits and hyphens, for it becomes a host's name."""


class Role(StrEnum):
    """What a household does in its neighbourhood."""

    PRODUCER = "producer"
    CONSUMER = "consumer"
    PROSUMER = "prosumer"


def _zone(given: str) -> str:
    return str(zone(given))


class HouseholdSettings(BaseModel):
    """Who this is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = Field(description="Name of the household, as in the neighbourhood's registry.")
    role: Role = Field(description="producer, consumer, or prosumer (both).")
    time_zone: Annotated[str, AfterValidator(_zone)] | None = Field(
        default=None,
        description="Of tariffs' hours and of times told to programs, as Europe/Paris; null: this host's.",
    )


class PathsSettings(BaseModel):
    """Where the household's processes keep their files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: Path = Field(
        default=Path("/run/commonwatt"),
        description="What processes tell each other; may be lost at a reboot, so in memory.",
    )
    state: Path = Field(
        default=Path("/var/lib/commonwatt"),
        description="Databases: trades, relay, readings, users of the pages.",
    )

    @property
    def meters(self) -> Path:
        """Folder of the meters' registers."""
        return self.run / "meters"

    @property
    def battery(self) -> Path:
        """The battery's state, by the logger."""
        return self.run / "battery.json"

    @property
    def trading(self) -> Path:
        """What the household is doing, by client-interaction."""
        return self.run / "trading.json"

    @property
    def chain(self) -> Path:
        """The chain node's health, by the chain process."""
        return self.run / "chain.json"


class Settings(BaseModel):
    """Everything that one household's processes need to know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    household: HouseholdSettings
    paths: PathsSettings = PathsSettings()
    account: AccountSettings
    chain: ChainSettings
    relay: RelaySettings | None = None
    sensors: Sensors = {}
    battery: BatterySettings | None = None
    trading: TradingSettings = TradingSettings()
    sellers: dict[Name, SellerSettings] = {}
    offers: OffersSettings = OffersSettings()
    intents: IntentsSettings = IntentsSettings()
    readings: ReadingsSettings = ReadingsSettings()
    reports: ReportsSettings = ReportsSettings()
    dapp: DappSettings = DappSettings()
    tariffs: dict[Name, TariffSettings] = {}
    mqtt: MqttSettings = MqttSettings()
    notifications: NotificationsSettings = NotificationsSettings()
