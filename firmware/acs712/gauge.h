// The MAX17043 fuel gauge (data sheet 19-4811): cell voltage and state of charge. Absent is fine.
#pragma once
#include <stdint.h>

struct Cell {
  bool present;
  uint16_t millivolts;
  uint16_t soc;  // hundredths of a percent
};

namespace gauge {
void begin();
Cell read();
}
