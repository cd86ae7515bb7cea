"""Makes load.csv and sun.csv from published data. Only whoever wants other profiles runs this.

    python3 -m venv build/profiles
    build/profiles/bin/pip install --require-hashes -r requirements/profiles.txt
    build/profiles/bin/python simulation/profiles/make_profiles.py

demandlib carries the representative load profiles of the German electricity industry (BDEW; H0 is that of
households); pvlib carries a typical meteorological year of Greensboro (NC, USA) from NREL's National Solar
Radiation Data Base. The demo needs neither package: it reads the CSV files.
"""

# mypy: ignore-errors
from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pvlib
from demandlib import bdew

HERE = Path(__file__).resolve().parent
STEP_HOURS = 0.25
SUMMER_DAY = (6, 21)
"""Month and day of both profiles."""

TILT, AZIMUTH = 30, 180
"""Of the panel, degrees: facing south."""


def main() -> None:
    """Write both files."""
    load, year = household_load()
    write(
        "load.csv",
        [
            "Electric load of households on a summer workday, as a multiple of the day's mean.",
            f"Source: BDEW representative load profile H0 (dynamic), from demandlib {version('demandlib')}.",
            "Licence: demandlib is MIT; the H0 profile is freely published by BDEW (first by VDEW, 1999).",
            f"Done: {year}-06-21, 15-minute values, divided by their mean.",
        ],
        "factor",
        load,
    )
    sun, meta, day = panel_output()
    write(
        "sun.csv",
        [
            "Output of a photovoltaic panel on a bright summer day, as a part of the day's peak.",
            f"Source: TMY3 weather of {meta['Name']} ({meta['State']}, station {meta['USAF']}),",
            f"NREL National Solar Radiation Data Base, as shipped with pvlib {version('pvlib')}:",
            "measured and modelled hours of real weather, no clear-sky model.",
            "Licence: NREL's NSRDB TMY3 is public domain (a work of the US government); pvlib BSD-3-Clause.",
            f"Done: {day} (the June day with the most sun), irradiance on a plane tilted {TILT}° south",
            "(isotropic sky), PVWatts DC model with Sandia cell temperature (open rack, glass/polymer),",
            "hourly values interpolated to 15 minutes in local standard time, divided by the day's peak.",
        ],
        "factor",
        sun,
    )


def household_load() -> tuple[list[float], int]:
    """BDEW H0 of the summer day, mean 1."""
    year = 2023
    slp = bdew.ElecSlp(year)
    profile = slp.get_scaled_power_profiles({"h0_dyn": 1000.0})["h0_dyn"]
    day = profile.loc[f"{year}-{SUMMER_DAY[0]:02}-{SUMMER_DAY[1]:02}"]
    return [float(v) for v in day / day.mean()], year


def panel_output() -> tuple[list[float], dict[str, object], str]:
    """The panel on the sunniest June day of the typical year, peak 1."""
    path = Path(pvlib.__file__).parent / "data" / "723170TYA.CSV"
    weather, meta = pvlib.iotools.read_tmy3(path, coerce_year=2001, map_variables=True)
    june = weather[weather.index.month == SUMMER_DAY[0]]
    sums = june["ghi"].groupby(june.index.date).sum()
    date = sums.idxmax()
    # TMY3 rows are means of the hour that ends at their time stamp: the sun stands at its middle.
    middle = june.index - pd.Timedelta(minutes=30)
    where = pvlib.location.Location(meta["latitude"], meta["longitude"], meta["TZ"], meta["altitude"])
    sun = where.get_solarposition(middle)
    poa = pvlib.irradiance.get_total_irradiance(
        TILT,
        AZIMUTH,
        sun["apparent_zenith"].to_numpy(),
        sun["azimuth"].to_numpy(),
        june["dni"].to_numpy(),
        june["ghi"].to_numpy(),
        june["dhi"].to_numpy(),
    )["poa_global"]
    thermal = pvlib.temperature.TEMPERATURE_MODEL_PARAMETERS["sapm"]["open_rack_glass_polymer"]
    air, wind = june["temp_air"].to_numpy(), june["wind_speed"].to_numpy()
    cell = pvlib.temperature.sapm_cell(poa, air, wind, **thermal)
    power = pd.Series(pvlib.pvsystem.pvwatts_dc(poa, cell, 1.0, -0.004), index=middle).fillna(0).clip(lower=0)
    fine = power.resample("15min").interpolate("time")
    day = fine[fine.index.date == date]
    day = day.reindex(pd.date_range(str(date), periods=96, freq="15min", tz=fine.index.tz)).fillna(0.0)
    meta["Name"] = str(meta["Name"]).strip('"').title()
    return [float(v) for v in day / day.max()], meta, f"{date:%d June}"


def write(name: str, header: list[str], column: str, values: list[float]) -> None:
    """Write one day with its header."""
    lines = [f"# {line}" for line in header]
    lines += [f"hour,{column}"]
    lines += [f"{index * STEP_HOURS:g},{value:.5f}" for index, value in enumerate(values)]
    (HERE / name).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
