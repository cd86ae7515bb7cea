// 4000 conversions of A0 a second, summed over one second: whole periods of 50 Hz (50) and of 60 Hz (60).
#pragma once
#include <stdint.h>

struct Window {
  uint16_t samples;
  int32_t sum;        // of (count - 512)
  uint32_t squares;   // of (count - 512) squared; at most 4000 * 512 * 512, so 31 bits
  bool clipped;       // the converter was at one of its ends
};

namespace sampler {
void begin();
bool finished(Window &window);  // true once for each window
}
