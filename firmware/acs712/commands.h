// What can be typed: zero, mode ac, mode dc, format framed, format plain, sensitivity <uV/A>, nominal <mV>, show.
#pragma once
#include "sampler.h"
#include "settings.h"

namespace commands {
extern bool zero_asked;
void read(Settings &settings);                        // takes what has come, without waiting
void zero(Settings &settings, const Window &window);  // no current flows now: remember what the sensor shows
}
