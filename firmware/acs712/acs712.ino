// The current meter: an ACS712 on A0, a MAX17043 fuel gauge on I2C where there is one, a line a second by USB.
// What it measures and says is in ../README.md; settings are changed by the commands of commands.cpp.
#include "commands.h"
#include "gauge.h"
#include "line.h"
#include "measure.h"
#include "sampler.h"
#include "settings.h"

static const uint8_t BUTTON = 2;  // to ground: pressed while a window ends, the zero is calibrated

static Settings settings;
static uint16_t number;

void setup() {
  Serial.begin(9600);
  pinMode(BUTTON, INPUT_PULLUP);
  settings = read_settings();
  gauge::begin();
  sampler::begin();
}

void loop() {
  commands::read(settings);
  Window window;
  if (!sampler::finished(window)) return;
  if (commands::zero_asked || digitalRead(BUTTON) == LOW) {
    commands::zero_asked = false;
    commands::zero(settings, window);
  }
  print_line(number++, measure(window, settings, gauge::read()), settings);
}
