#include "measure.h"

#include <math.h>

int32_t mean(const Window &window) { return window.sum * 256 / window.samples; }

uint32_t variance(const Window &window) {
  // Exact: what is subtracted may be ten thousand times what is left.
  const uint64_t n = window.samples;
  const int64_t sum = window.sum;
  const uint64_t spread = n * window.squares - static_cast<uint64_t>(sum * sum);
  return static_cast<uint32_t>(spread * 256 / (n * n));
}

Measured measure(const Window &window, const Settings &settings, const Cell &cell) {
  float counts;
  if (settings.mode == AC) {
    const uint32_t seen = variance(window);
    counts = seen > settings.noise ? sqrt((seen - settings.noise) / 256.0f) : 0;
  } else {
    counts = (mean(window) - settings.zero) / 256.0f;
  }
  // The ACS712 gives its sensitivity in proportion to its supply, which is the converter's reference as well:
  // both fall out, and "at 5 V" holds at 4.7 V of a USB port too.
  const float amps = counts * (5000000.0f / 1024) / settings.sensitivity;
  Measured measured = {static_cast<int32_t>(lround(amps * 1000)), cell, false, 0, 0};
  if (settings.mode == AC) {
    measured.has_power = true;
    measured.milliwatts = lround(amps * settings.nominal);
  } else if (cell.present) {
    measured.has_power = true;
    measured.milliwatts = lround(amps * cell.millivolts);
  }
  measured.flags = (settings.calibrated ? 0 : UNCALIBRATED) | (window.clipped ? CLIPPED : 0);
  return measured;
}
