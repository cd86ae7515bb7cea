// From sums to amperes: pure, no hardware.
#pragma once
#include "gauge.h"
#include "sampler.h"
#include "settings.h"

enum Flags : uint8_t { UNCALIBRATED = 1, CLIPPED = 2 };

struct Measured {
  int32_t milliamps;  // RMS without the direct part in AC mode, the mean in DC mode
  Cell cell;
  bool has_power;
  int32_t milliwatts;  // DC: with the cell's voltage; AC: apparent, with the nominal voltage
  uint8_t flags;
};

uint32_t variance(const Window &window);  // 1/256 of a count squared
int32_t mean(const Window &window);       // 1/256 of a count, from the middle
Measured measure(const Window &window, const Settings &settings, const Cell &cell);
