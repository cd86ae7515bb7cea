"""What the logger tells of a sensor, beside what it measures: how it is corrected, and what it can see."""

from __future__ import annotations

from pathlib import Path

from node.logger.supervised import Supervised
from node.sensors import status
from node.sensors.settings import SensorSettings


def test_whoever_calibrates_is_told_what_is_corrected_already(tmp_path: Path) -> None:
    settings = SensorSettings.model_validate(
        {
            "driver": "ina219",
            "rating": "36 W",
            "calibration": {"current": {"zero": 12, "gain": 1.013}, "voltage": {"zero": 0, "gain": 1.0}},
        }
    )
    told = Supervised("load", settings, lambda _: None).status(None, gap=3.0)
    status.write(tmp_path, {"load": told})
    read = (status.read(tmp_path) or {})["load"]
    assert read.corrections == {"current": (12, 1.013)}
    assert read.rating == 36_000
