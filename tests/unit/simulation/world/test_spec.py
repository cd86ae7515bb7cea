from dataclasses import replace
from pathlib import Path

import pytest

from simulation.world import ContactSpec, SpecRefused, initial, spec, state
from tests.unit.simulation.bench_of_two import bench, run


def test_a_world_survives_being_written(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_text(spec.dump(bench()))
    assert spec.load(path) == bench()


def test_a_file_that_holds_no_world_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_text('{"households": 3}')
    with pytest.raises(SpecRefused, match=r"world\.json"):
        spec.load(path)


def test_a_line_without_its_contact_is_refused() -> None:
    with pytest.raises(SpecRefused, match="no tie contact"):
        replace(bench(), lines=(replace(bench().lines[0], tie="birch.home"),))


def test_two_contacts_on_one_pin_are_refused() -> None:
    again = ContactSpec(name="birch.tie-12", household="birch", pin=23, kind="tie")
    with pytest.raises(SpecRefused, match="share a pin"):
        replace(bench(), contacts=(*bench().contacts, again))


def test_a_moment_survives_being_written() -> None:
    moment, _ = run(bench(), initial(bench()), 1)
    assert state.load(state.dump(moment)) == moment
