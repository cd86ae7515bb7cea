#include "sampler.h"

#include <Arduino.h>

static const uint16_t SAMPLES = 4000;

// Two windows take turns: one is filled by the interrupt, one is read by the loop within the next second.
static volatile bool ready;
static Window filling, filled;

ISR(TIMER1_COMPA_vect) { ADCSRA |= _BV(ADSC); }

ISR(ADC_vect) {
  const uint16_t count = ADC;
  const int16_t value = static_cast<int16_t>(count) - 512;
  filling.sum += value;
  filling.squares += static_cast<uint32_t>(static_cast<int32_t>(value) * value);
  filling.clipped |= count == 0 || count == 1023;
  if (++filling.samples < SAMPLES) return;
  filled = filling;
  filling = Window{0, 0, 0, false};
  ready = true;
}

void sampler::begin() {
  ADMUX = _BV(REFS0);                                                       // AVcc, A0
  ADCSRA = _BV(ADEN) | _BV(ADIE) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);  // 125 kHz: 104 us a conversion
  TCCR1A = 0;
  TCCR1B = _BV(WGM12) | _BV(CS11);  // 2 MHz, cleared on compare
  OCR1A = F_CPU / 8 / SAMPLES - 1;
  TIMSK1 = _BV(OCIE1A);
}

bool sampler::finished(Window &window) {
  noInterrupts();
  const bool is = ready;
  if (is) window = filled;
  ready = false;
  interrupts();
  return is;
}
