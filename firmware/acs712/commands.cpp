#include "commands.h"

#include <Arduino.h>

#include "line.h"
#include "measure.h"

bool commands::zero_asked;

static const uint32_t LARGEST_NOISE = 16UL * 256;  // counts squared: 4 counts RMS, 20 mV
static const int32_t LARGEST_ZERO = 60L * 256;     // counts: 0.3 V off the middle, more than any good sensor

static bool number(const char *text, uint32_t lowest, uint32_t highest, uint32_t &value) {
  char *end;
  const uint32_t given = strtoul(text, &end, 10);
  if (end == text || *end || given < lowest || given > highest) return false;
  value = given;
  return true;
}

static void show(const Settings &settings) {
  char text[96];
  snprintf_P(text, sizeof text, PSTR("mode %c format %c sensitivity %lu nominal %lu zero %ld noise %lu%s"), settings.mode,
             settings.format, settings.sensitivity, settings.nominal, settings.zero, settings.noise,
             settings.calibrated ? "" : " not calibrated");
  print_note(text);
}

static bool obey(const char *text, Settings &settings) {
  if (!strcmp(text, "mode ac")) settings.mode = AC;
  else if (!strcmp(text, "mode dc")) settings.mode = DC;
  else if (!strcmp(text, "format framed")) settings.format = FRAMED;
  else if (!strcmp(text, "format plain")) settings.format = PLAIN;
  else if (!strncmp(text, "sensitivity ", 12)) return number(text + 12, 10000, 1000000, settings.sensitivity);
  else if (!strncmp(text, "nominal ", 8)) return number(text + 8, 1000, 1000000, settings.nominal);
  else return false;
  return true;
}

void commands::zero(Settings &settings, const Window &window) {
  const int32_t middle = mean(window);
  const uint32_t noise = variance(window);
  if (noise > LARGEST_NOISE || labs(middle) > LARGEST_ZERO) {
    print_note("zero refused: current is flowing, or the sensor is not on A0");
    return;
  }
  settings.zero = middle;
  settings.noise = noise;
  settings.calibrated = true;
  write_settings(settings);
  print_note("zero stored");
}

static void take(const char *text, Settings &settings) {
  if (!strcmp(text, "zero")) {
    commands::zero_asked = true;
  } else if (!strcmp(text, "show")) {
    show(settings);
  } else if (obey(text, settings)) {
    write_settings(settings);
    show(settings);
  } else {
    print_note("zero | mode ac|dc | format framed|plain | sensitivity UV_PER_A | nominal MV | show");
  }
}

void commands::read(Settings &settings) {
  static char text[32];
  static uint8_t length;
  while (Serial.available()) {
    const char c = Serial.read();
    if (c == '\r' || c == '\n') {
      text[length] = 0;
      if (length) take(text, settings);
      length = 0;
    } else if (length < sizeof text - 1) {
      text[length++] = c;
    }
  }
}
