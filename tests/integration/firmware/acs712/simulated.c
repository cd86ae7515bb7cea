/* Runs the current meter's firmware in simavr, with a wave at A0 and a fuel gauge on I2C; its UART is stdout.
 *
 *   simulated FIRMWARE.elf KEY=VALUE…
 *     seconds=3.5         simulated time
 *     offset=2500         mV at A0 without current
 *     amplitude=500       mV, peak of the fundamental; hz=50; third=0.2 fifth=0.1 parts of it; square=1: a square wave
 *     noise=3             mV, peak of an even distribution
 *     from=1.5            seconds before which there is no current (default 0)
 *     gauge=3700,41.66    mV and percent of a MAX17043; without: nobody at its address
 *     eeprom=FILE         read at the start where it exists, written at the end
 *     send=1.2:zero       typed at that second; may be given often
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "avr_adc.h"
#include "avr_eeprom.h"
#include "avr_twi.h"
#include "avr_uart.h"
#include "sim_avr.h"
#include "sim_elf.h"
#include "sim_irq.h"

#define HZ 16000000
#define GAUGE 0x36
#define TYPED 16

static avr_t *avr;
static FILE *uart;
static double seconds = 2, offset = 2500, amplitude, hz = 50, third, fifth, noise, from;
static int square;
static int gauge_mv = -1;
static double gauge_percent;
static const char *eeprom;
static struct { double at; const char *text; } typed[TYPED];
static int types;

static double now(void) { return (double)avr->cycle / HZ; }

static double wave(double t) {
  const double phase = 2 * M_PI * hz * t;
  if (t < from) return 0;
  if (square) return sin(phase) >= 0 ? amplitude : -amplitude;
  return amplitude * (sin(phase) + third * sin(3 * phase) + fifth * sin(5 * phase));
}

static void converts(struct avr_irq_t *irq, uint32_t value, void *adc0) {
  (void)irq, (void)value;
  double mv = offset + wave(now()) + noise * (2.0 * rand() / RAND_MAX - 1);
  if (mv < 0) mv = 0;
  if (mv > 5000) mv = 5000;
  avr_raise_irq(adc0, (uint32_t)lround(mv));
}

static void says(struct avr_irq_t *irq, uint32_t byte, void *unused) {
  (void)irq, (void)unused;
  putc((int)byte, uart);
}

/* The fuel gauge: a pointer, and registers of two bytes behind it. */
static struct { avr_irq_t *bus; int selected; int pointer; } gauge;

static uint8_t gauge_byte(int place) {
  const unsigned volts = (unsigned)lround(gauge_mv / 1.25) << 4;
  const unsigned soc = (unsigned)lround(gauge_percent * 256);
  switch (place) {
    case 2: return volts >> 8;
    case 3: return volts & 0xFF;
    case 4: return soc >> 8;
    case 5: return soc & 0xFF;
  }
  return 0;
}

static void bus(struct avr_irq_t *irq, uint32_t value, void *unused) {
  (void)irq, (void)unused;
  avr_twi_msg_irq_t message;
  message.u.v = value;
  if (message.u.twi.msg & TWI_COND_STOP) gauge.selected = 0;
  if (message.u.twi.msg & TWI_COND_START) {
    gauge.selected = gauge_mv >= 0 && message.u.twi.addr >> 1 == GAUGE;
    if (gauge.selected) avr_raise_irq(gauge.bus + TWI_IRQ_INPUT, avr_twi_irq_msg(TWI_COND_ACK, GAUGE << 1, 1));
  }
  if (!gauge.selected) return;
  if (message.u.twi.msg & TWI_COND_WRITE) {
    avr_raise_irq(gauge.bus + TWI_IRQ_INPUT, avr_twi_irq_msg(TWI_COND_ACK, GAUGE << 1, 1));
    gauge.pointer = message.u.twi.data;
  }
  if (message.u.twi.msg & TWI_COND_READ)
    avr_raise_irq(gauge.bus + TWI_IRQ_INPUT, avr_twi_irq_msg(TWI_COND_READ, GAUGE << 1, gauge_byte(gauge.pointer++)));
}

static void read_plan(int count, char **words) {
  for (int i = 0; i < count; i++) {
    char *value = strchr(words[i], '=');
    if (!value) exit(64);
    *value++ = 0;
    const char *key = words[i];
    if (!strcmp(key, "seconds")) seconds = atof(value);
    else if (!strcmp(key, "offset")) offset = atof(value);
    else if (!strcmp(key, "amplitude")) amplitude = atof(value);
    else if (!strcmp(key, "hz")) hz = atof(value);
    else if (!strcmp(key, "third")) third = atof(value);
    else if (!strcmp(key, "fifth")) fifth = atof(value);
    else if (!strcmp(key, "square")) square = atoi(value);
    else if (!strcmp(key, "noise")) noise = atof(value);
    else if (!strcmp(key, "from")) from = atof(value);
    else if (!strcmp(key, "gauge")) sscanf(value, "%d,%lf", &gauge_mv, &gauge_percent);
    else if (!strcmp(key, "eeprom")) eeprom = value;
    else if (!strcmp(key, "send") && types < TYPED) {
      char *text = strchr(value, ':');
      if (!text) exit(64);
      *text++ = 0;
      typed[types].at = atof(value);
      typed[types++].text = text;
    } else exit(64);
  }
}

static void remember(int write) {
  if (!eeprom) return;
  uint8_t bytes[1024];
  avr_eeprom_desc_t all = {.ee = bytes, .offset = 0, .size = sizeof bytes};
  FILE *file = fopen(eeprom, write ? "wb" : "rb");
  if (!file) return;
  if (write) {
    all.ee = NULL; /* asks for the memory itself */
    avr_ioctl(avr, AVR_IOCTL_EEPROM_GET, &all);
    if (all.ee) fwrite(all.ee, 1, sizeof bytes, file);
  } else if (fread(bytes, 1, sizeof bytes, file) == sizeof bytes) {
    avr_ioctl(avr, AVR_IOCTL_EEPROM_SET, &all);
  }
  fclose(file);
}

int main(int count, char **words) {
  if (count < 2) return 64;
  uart = fdopen(dup(STDOUT_FILENO), "w");
  dup2(STDERR_FILENO, STDOUT_FILENO); /* where simavr's own remarks go */
  elf_firmware_t firmware = {0};
  if (elf_read_firmware(words[1], &firmware)) return 66;
  read_plan(count - 2, words + 2);
  avr = avr_make_mcu_by_name("atmega328p");
  if (!avr) return 69;
  avr_init(avr);
  avr->frequency = HZ;
  avr->vcc = avr->avcc = avr->aref = 5000;
  avr_load_firmware(avr, &firmware);
  avr->frequency = HZ;
  avr->vcc = avr->avcc = avr->aref = 5000;
  remember(0);

  uint32_t flags = 0;
  avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
  flags &= ~(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
  avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), says, NULL);
  avr_irq_t *const input = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
  avr_irq_t *const adc0 = avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0);
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_OUT_TRIGGER), converts, adc0);
  gauge.bus = avr_io_getirq(avr, AVR_IOCTL_TWI_GETIRQ(0), TWI_IRQ_INPUT);
  avr_irq_register_notify(gauge.bus + TWI_IRQ_OUTPUT, bus, NULL);

  int next = 0, place = 0;
  while (now() < seconds) {
    if (next < types && now() >= typed[next].at + 0.002 * place) { /* slower than 9600 baud */
      const char c = typed[next].text[place];
      avr_raise_irq(input, c ? (uint8_t)c : '\n');
      place++;
      if (!c) next++, place = 0;
    }
    const int state = avr_run(avr);
    if (state == cpu_Done || state == cpu_Crashed) return 70;
  }
  fclose(uart);
  remember(1);
  return 0;
}
