"""Configuration writes amounts with their unit; what makes no sense is refused with an example."""

import pytest
from pydantic import BaseModel, ValidationError

from quantities import Energy, Power, Price, SoC, Tokens
from quantities.fields import EnergyField, PowerField, PriceField, SecondsField, SoCField, TokensField


class Section(BaseModel):
    """One field of each kind."""

    energy: EnergyField = Energy(0)
    power: PowerField = Power(0)
    soc: SoCField = SoC(0)
    tokens: TokensField = Tokens(0)
    price: PriceField = Price(0)
    length: SecondsField = 1.0


@pytest.mark.parametrize(
    ("key", "written", "meant"),
    [
        ("energy", "3 Wh", Energy(3_000)),
        ("energy", "200 mWh", Energy(200)),
        ("energy", "1.5kWh", Energy(1_500_000)),
        ("power", "150 W", Power(150_000)),
        ("soc", "30 %", SoC(3_000)),
        ("tokens", 12.5, Tokens(125 * 10**17)),
        ("price", "0.25", Price(25 * 10**16)),
        ("length", "500 ms", 0.5),
        ("length", "5 min", 300.0),
    ],
)
def test_an_amount_is_read_with_its_unit(key: str, written: object, meant: object) -> None:
    assert getattr(Section.model_validate({key: written}), key) == meant


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("energy", 3),
        ("energy", "3 W"),
        ("energy", "many Wh"),
        ("power", "-"),
        ("soc", "130 %"),
        ("soc", 30),  # 0.3 for 30 % would be taken as 0.3 %: the household would never buy
        ("tokens", "a few"),
        ("tokens", True),
        ("price", None),
        ("length", "0 s"),
        ("length", "5"),
    ],
)
def test_what_makes_no_sense_is_refused(key: str, written: object) -> None:
    with pytest.raises(ValidationError):
        Section.model_validate({key: written})


def test_a_section_survives_being_written_and_read() -> None:
    section = Section(
        energy=Energy(1),
        power=Power(2),
        soc=SoC(3_333),
        tokens=Tokens(10**18 + 1),
        price=Price(1),
        length=0.25,
    )
    assert Section.model_validate(section.model_dump()) == section
