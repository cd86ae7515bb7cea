#include "settings.h"

#include <EEPROM.h>
#include <util/crc16.h>

static const uint8_t VERSION = 1;

struct Stored {
  Settings settings;
  uint16_t crc;
};

static uint16_t crc_of(const Settings &settings) {
  uint16_t crc = 0xFFFF;
  const uint8_t *bytes = reinterpret_cast<const uint8_t *>(&settings);
  for (uint8_t i = 0; i < sizeof settings; i++) crc = _crc_xmodem_update(crc, bytes[i]);
  return crc;
}

Settings read_settings() {
  Stored stored;
  EEPROM.get(0, stored);
  if (stored.settings.version == VERSION && stored.crc == crc_of(stored.settings)) return stored.settings;
  return {VERSION, DC, FRAMED, false, 0, 0, 185000, 230000};
}

void write_settings(const Settings &settings) {
  Stored stored = {settings, crc_of(settings)};
  EEPROM.put(0, stored);  // writes changed bytes only
}
