#include "line.h"

#include <Arduino.h>
#include <util/crc16.h>

static uint16_t crc;

static void put(char c) {
  crc = _crc_xmodem_update(crc, c);
  Serial.write(c);
}

static void put(const char *text) {
  while (*text) put(*text++);
}

static void put_number(int32_t number) {
  char digits[12];
  put(ltoa(number, digits, 10));
}

static void print_framed(uint16_t number, const Measured &measured, Mode mode) {
  Serial.write('$');
  crc = 0xFFFF;
  put("CWM,");
  put_number(number);
  put(',');
  put(static_cast<char>(mode));
  put(',');
  put_number(measured.milliamps);
  put(',');
  if (measured.cell.present) put_number(measured.cell.millivolts);
  put(',');
  if (measured.cell.present) put_number(measured.cell.soc);
  put(',');
  if (measured.has_power) put_number(measured.milliwatts);
  put(',');
  put_number(measured.flags);
  Serial.write('*');
  const uint16_t sum = crc;
  for (int8_t shift = 12; shift >= 0; shift -= 4) Serial.write("0123456789ABCDEF"[sum >> shift & 15]);
  Serial.write("\r\n");
}

void print_line(uint16_t number, const Measured &measured, const Settings &settings) {
  if (settings.format == FRAMED) {
    print_framed(number, measured, settings.mode);
    return;
  }
  Serial.print(measured.cell.millivolts / 1000.0, 3);
  Serial.write('|');
  Serial.print(measured.cell.soc / 100.0, 2);
  Serial.write('|');
  Serial.println(measured.milliwatts / 1000.0, 3);
}

void print_note(const char *text) {
  Serial.print("# ");
  Serial.println(text);
}
