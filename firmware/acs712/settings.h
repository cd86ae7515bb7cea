// What the meter remembers over a power cut: in EEPROM, with a checksum; broken or empty, the defaults hold.
#pragma once
#include <stdint.h>

enum Mode : uint8_t { AC = 'A', DC = 'D' };
enum Format : uint8_t { FRAMED = 'F', PLAIN = 'P' };

struct Settings {
  uint8_t version;
  Mode mode;
  Format format;
  bool calibrated;
  int32_t zero;          // 1/256 of a count, from the middle of the converter (512)
  uint32_t noise;        // 1/256 of a count squared: what the sensor shows of itself without current
  uint32_t sensitivity;  // microvolts an ampere at 5 V: 185000, 100000 or 66000, by the sensor's type
  uint32_t nominal;      // millivolts of the mains, for the apparent power in AC mode
};

Settings read_settings();
void write_settings(const Settings &settings);
