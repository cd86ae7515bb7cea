from itertools import pairwise
from pathlib import Path

import pytest

from simulation.world import demand
from tests.unit.simulation.bench_of_two import bench

HEADERS = {"load": "BDEW", "sun": "NREL"}


@pytest.mark.parametrize("name", HEADERS)
def test_a_profile_says_where_it_comes_from_and_under_which_licence(name: str) -> None:
    text = (demand.PROFILES / f"{name}.csv").read_text()
    header = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    assert HEADERS[name] in header
    for word in ("Source:", "Licence:", "Done:"):
        assert word in header


def test_the_load_is_a_day_of_quarter_hours_around_one_with_an_evening_peak() -> None:
    load = demand.profile("load")
    assert len(load) == 96
    assert sum(load) / 96 == pytest.approx(1.0, abs=1e-4)
    assert min(load) > 0.2
    assert max(load) == max(load[4 * 11 : 4 * 22])
    assert min(load) == min(load[: 4 * 6])


def test_the_sun_is_dark_at_night_peaks_around_noon_and_shines_for_a_summer_day() -> None:
    sun = demand.profile("sun")
    assert len(sun) == 96
    assert set(sun[: 4 * 4]) == set(sun[4 * 22 :]) == {0.0}
    assert max(sun) == 1.0
    assert 4 * 10 <= sun.index(1.0) <= 4 * 14
    assert 5 < sum(sun) / 4 < 12, "full-power hours of a bright day"
    assert max(abs(a - b) for a, b in pairwise(sun)) < 0.15


def test_a_file_that_is_no_day_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demand, "PROFILES", tmp_path)
    (tmp_path / "half.csv").write_text("# half a day\nhour,factor\n0,1\n1,1\n12,1\n")
    with pytest.raises(ValueError, match=r"half\.csv"):
        demand.profile("half")


def test_load_and_sun_repeat_with_the_day_but_not_to_the_last_watt() -> None:
    spec = bench()
    alder = spec.households[0]
    noon = (0.5 - spec.begins) % 1.0 * spec.day
    assert demand.sun(spec, alder, noon) == pytest.approx(demand.sun(spec, alder, noon + spec.day), rel=0.1)
    assert demand.load(spec, alder, noon) != demand.load(spec, alder, noon + spec.day)
