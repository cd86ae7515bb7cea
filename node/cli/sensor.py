"""`commonwatt sensor`: find sensors, look at what they measure, calibrate them against a known load."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from node.cli.listing import Listing
from node.cli.options import answer, chosen, config_option, json_option, with_settings
from node.config import Settings, load

if TYPE_CHECKING:
    from pathlib import Path

    from node.sensors.driver import Measurement
    from node.sensors.settings import SensorSettings
    from node.sensors.status import Status


@click.group(cls=Listing)
def sensor() -> None:
    """Find sensors, look at them, calibrate them."""


@sensor.command()
@click.option("--bus", type=click.IntRange(0, 20), help="I2C bus to look at. [default: 1, or all there are]")
@json_option
def scan(bus: int | None, as_json: bool) -> None:
    """Look for chips on I2C and devices at serial ports, and say what to write for each.

    Nothing is changed: on I2C a byte is read from every address, serial ports are listened to for 2.5 s each
    (stop the logger first, if it reads one).
    """
    from node.sensors import scanning  # noqa: PLC0415 - whoever scans pays for it
    from node.sensors.errors import SensorError  # noqa: PLC0415

    there = scanning.buses()
    wanted = [bus] if bus is not None else scanning.worth_looking(there)
    found, notes = [], [] if wanted else ["there is no I2C bus (on a Pi: sudo raspi-config nonint do_i2c 0)"]
    for number in wanted:
        try:
            found += list(scanning.i2c_bus(number))
        except SensorError as error:
            notes.append(str(error))
    found += [scanning.serial_port(port) for port in scanning.ports()]
    paste = scanning.pasted(found)
    facts = {
        "found": [{"place": each.place, "likely": each.likely, "settings": each.settings} for each in found],
        "notes": notes,
        "yaml": paste,
    }
    lines = [f"{each.place}  {each.likely}" for each in found] or ["nothing was found"]
    if paste:
        lines += ["", "To paste, with names of your own (docs/hardware.md has the options):", paste]
    answer(as_json, facts, "\n".join([*notes, *lines]))


@sensor.command(name="try")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--driver", help="Try this driver instead of a configured sensor.")
@click.option(
    "--option", "-o", "given", multiple=True, metavar="KEY=VALUE", help="Option of that driver, as in YAML."
)
@click.option("--count", type=click.IntRange(1), default=5, show_default=True, help="Samples.")
@click.option("--every", type=click.FloatRange(0), default=1.0, show_default=True, help="Seconds in between.")
@json_option
@config_option
@click.pass_context
def try_(
    context: click.Context,
    *,
    names: tuple[str, ...],
    driver: str | None,
    given: tuple[str, ...],
    count: int,
    every: float,
    as_json: bool,
    files: tuple[Path, ...],
) -> None:
    """Show what sensors measure: those of the configuration (all, or by NAME), or a --driver.

    A sensor that a running logger reads is shown as the logger sees it; any other is opened and read here.
    Exit code 1 when one does not measure. With --json the last sample of each is told.
    """
    told: dict[str, dict[str, Any]] = {}
    if driver is not None:
        tried = {names[0] if names else driver: _given(driver, given)}
        statuses: dict[str, Status] = {}
    else:
        settings = load(chosen(files))
        tried = _chosen(settings, names)
        statuses = _running(settings)
    for name, one in tried.items():
        if name in statuses:
            told[name] = _as_logged(statuses[name])
            _show(as_json, name, told[name])
            continue
        for sample in _samples(name, one, count, every):
            told[name] = _as_read(sample)
            _show(as_json, name, told[name])
    if as_json:
        answer(True, {"sensors": told}, "")
    if not all(one["ok"] for one in told.values()):
        context.exit(1)


@sensor.command()
@click.argument("name")
@click.option("--zero", is_flag=True, help="Nothing flows (or the input is shorted): find the zero.")
@click.option("--true", metavar="AMOUNT", help="What a good instrument shows now, as 1.5A, 12.6V or 40W.")
@click.option(
    "--quantity",
    type=click.Choice(["current", "voltage", "power"]),
    help="What to calibrate. [default: the unit of --true, else current]",
)
@click.option("--seconds", type=click.IntRange(1, 600), default=30, show_default=True, help="To measure.")
@click.option(
    "--every", type=click.FloatRange(0.02, 60), help="Seconds between samples. [default: 1, or the sensor's]"
)
@json_option
@with_settings
@click.pass_context
def calibrate(
    context: click.Context,
    settings: Settings,
    *,
    name: str,
    zero: bool,
    true: str | None,
    quantity: str | None,
    seconds: int,
    every: float | None,
    as_json: bool,
) -> None:
    """Find the zero, then the gain, of the sensor NAME against a known load.

    First with the load disconnected: `calibrate NAME --zero`. Paste what it prints. Then with a steady load
    and a good instrument beside the sensor: `calibrate NAME --true 1.5A`. Exit code 1 when the sensor is too
    noisy, the load too small or unsteady, or the result beyond tolerance; the configuration is not written.
    """
    if zero is (true is not None):
        raise click.UsageError("give --zero, or --true AMOUNT")
    one = _chosen(settings, (name,))[name]
    amount, wanted = (None, quantity or "current") if true is None else _amount(true, quantity)
    samples = _collected(name, one, seconds, every or max(1.0, one.every or 0.0))
    if not any(wanted in each for each in samples):
        raise click.BadParameter(f"{name} measures no {wanted}", param_hint="--quantity")
    facts = {"sensor": name, "quantity": wanted, **_calibrated(one, wanted, samples, amount)}
    unit, _ = _read_in(wanted)
    if facts["ok"]:
        text = (
            f"{facts['samples']} samples: {facts['mean']:.1f} ± {facts['deviation']:.1f} m{unit}\n"
            f"To paste below sensors.{name}:\n"
            f"    calibration:\n      {wanted}: {{zero: {facts['zero']}, gain: {facts['gain']:g}}}"
        )
    else:
        text = f"refused: {facts['reason']}"
    answer(as_json, facts, text)
    context.exit(0 if facts["ok"] else 1)


def _calibrated(
    one: SensorSettings, wanted: str, samples: Sequence[dict[str, float]], amount: float | None
) -> dict[str, Any]:
    """What comes of the samples; a zero where no amount is known to flow."""
    from node.sensors import known_load  # noqa: PLC0415 - whoever calibrates pays for it
    from node.sensors.known_load import Corrected  # noqa: PLC0415

    by = one.corrections.get(wanted)
    before = Corrected() if by is None else Corrected(by.zero, by.gain)
    came = known_load.measured(wanted, samples, amount, before, one.rating.mw)
    facts = {"samples": came.samples, "mean": came.mean, "deviation": came.deviation}
    if isinstance(came.result, Corrected):
        return {**facts, "ok": True, "zero": came.result.zero, "gain": came.result.gain}
    return {**facts, "ok": False, "reason": came.result.reason}


def _given(driver: str, options: Sequence[str]) -> SensorSettings:
    import yaml  # noqa: PLC0415

    from node.sensors.settings import SensorSettings  # noqa: PLC0415

    pairs = [option.partition("=") for option in options]
    if not all(separator for _, separator, _ in pairs):
        raise click.BadParameter("write KEY=VALUE", param_hint="--option")
    try:
        values = {key: yaml.safe_load(value) for key, _, value in pairs}
        return SensorSettings.model_validate({**values, "driver": driver})
    except (yaml.YAMLError, ValueError) as error:
        raise click.BadParameter(" ".join(str(error).split()), param_hint="--option") from error


def _chosen(settings: Settings, names: Sequence[str]) -> dict[str, SensorSettings]:
    there = settings.sensors
    for name in names:
        if name not in there:
            known = ", ".join(there) or "none"
            raise click.BadParameter(f"there is no sensor {name!r}; there are: {known}", param_hint="NAME")
    if not there:
        raise click.UsageError("no sensor is configured: name one by --driver, or look with `sensor scan`")
    return {name: there[name] for name in names or there}


def _running(settings: Settings) -> dict[str, Status]:
    from node.sensors import status  # noqa: PLC0415

    return status.read(settings.paths.run) or {}


def _samples(name: str, one: SensorSettings, count: int, every: float) -> Any:
    from functools import partial  # noqa: PLC0415

    from node.logger.trying import Trial  # noqa: PLC0415
    from node.sensors.driver import open_configured  # noqa: PLC0415

    with Trial(name, partial(open_configured, name, one)) as trial:
        yield from trial.samples(count, every)


def _as_read(sample: Sequence[Measurement] | str) -> dict[str, Any]:
    from store.snapshot import boottime  # noqa: PLC0415

    if isinstance(sample, str):
        return {"ok": False, "by": "this command", "reason": sample, "values": {}}
    return {
        "ok": True,
        "by": "this command",
        "reason": None,
        "age_s": round(boottime() - min(one.taken for one in sample), 3),
        "quality": str(max(one.quality for one in sample)),
        "values": {str(one.quantity): one.value for one in sample},
    }


def _as_logged(found: Status) -> dict[str, Any]:
    age = found.age()
    return {
        "ok": found.state == "live",
        "by": "the logger",
        "state": str(found.state),
        "reason": found.reason,
        "age_s": None if age is None else round(age, 3),
        "quality": found.quality,
        "values": dict(found.values),
    }


def _show(as_json: bool, name: str, told: dict[str, Any]) -> None:
    if as_json:
        return
    shown = "  ".join(_shown(quantity, value) for quantity, value in told["values"].items())
    if told["ok"]:
        doubt = "" if told["quality"] == "good" else f"  ({told['quality']})"
        click.echo(f"{name}: {shown}  {told['age_s']:.1f} s ago{doubt}")
        return
    past = f" (last: {shown}, {told['age_s']:.0f} s ago)" if told["values"] else ""
    click.echo(f"{name}: {told.get('state', 'FAILED')}: {told['reason']}{past}")


def _shown(quantity: str, value: int) -> str:
    unit, scale = _read_in(quantity)
    return f"{quantity} {value / scale:g} {unit}"


def _read_in(quantity: str) -> tuple[str, float]:
    """The unit that people read, and how many of ours make one."""
    from node.sensors.driver import Quantity  # noqa: PLC0415
    from node.sensors.units import usual  # noqa: PLC0415

    return usual(Quantity(quantity))


def _amount(text: str, quantity: str | None) -> tuple[float, str]:
    """A known load: our unit, and the quantity it is of."""
    import re  # noqa: PLC0415

    match = re.fullmatch(r"\s*(-?[\d.]+)\s*(m?)([AVW])\s*", text)
    if match is None:
        raise click.BadParameter("write a number with a unit: 1.5A, 12600mV, 40W", param_hint="--true")
    of = {"A": "current", "V": "voltage", "W": "power"}[match[3]]
    if quantity not in (None, of):
        raise click.BadParameter(f"{text} is a {of}, not a {quantity}", param_hint="--true")
    try:
        return float(match[1]) * (1 if match[2] else 1_000), of
    except ValueError as error:
        raise click.BadParameter(f"{match[1]!r} is no number", param_hint="--true") from error


def _collected(name: str, one: SensorSettings, seconds: int, every: float) -> list[dict[str, float]]:
    """Samples of the uncorrected sensor, each measurement once."""
    from node.cli.progress import counted  # noqa: PLC0415

    raw = one.model_copy(update={"calibration": None})
    found: dict[float, dict[str, float]] = {}
    with counted(f"measuring {name}", seconds) as tell:
        for number, sample in enumerate(_samples(name, raw, max(int(seconds / every), 1), every), 1):
            if isinstance(sample, str):
                raise click.ClickException(f"{name} does not measure: {sample}")
            found[min(each.taken for each in sample)] = {str(each.quantity): each.value for each in sample}
            tell(round(number * every))
    return list(found.values())
