// A line a second. Framed, with a checksum (CRC-16/CCITT-FALSE over what stands between $ and *):
//
//     $CWM,<number>,<A or D>,<mA>,<mV of the cell>,<1/100 %>,<mW>,<flags>*<CRC, 4 digits>
//
// with empty fields where nothing is measured, or plain as in the first prototype: Vcell|SoC|power.
#pragma once
#include "measure.h"

void print_line(uint16_t number, const Measured &measured, const Settings &settings);
void print_note(const char *text);  // # text: an answer to a command; loggers pass over it
