"""The path board (firmware/esp32): its frames, a client, and the pin driver `esp32` that commands it."""
