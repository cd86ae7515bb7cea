#include "gauge.h"

#include <Wire.h>

static const uint8_t ADDRESS = 0x36, VCELL = 0x02, SOC = 0x04;

void gauge::begin() {
  Wire.begin();
  Wire.setWireTimeout(5000, true);  // microseconds: a bus that hangs must not stop the meter
}

static bool read_register(uint8_t number, uint16_t &value) {
  Wire.beginTransmission(ADDRESS);
  Wire.write(number);
  if (Wire.endTransmission(false) != 0 || Wire.requestFrom(ADDRESS, static_cast<uint8_t>(2)) != 2) return false;
  value = static_cast<uint16_t>(Wire.read()) << 8;
  value |= static_cast<uint8_t>(Wire.read());
  return true;
}

Cell gauge::read() {
  uint16_t volts, soc;
  if (!read_register(VCELL, volts) || !read_register(SOC, soc)) return {false, 0, 0};
  const uint16_t percent = static_cast<uint32_t>(soc) * 100 / 256;
  return {true, static_cast<uint16_t>((volts >> 4) * 5UL / 4), percent > 10000 ? static_cast<uint16_t>(10000) : percent};
}
