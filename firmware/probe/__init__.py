"""The probe itself: the same files on an ESP32, on MicroPython for Linux and on CPython. Knows no hardware
and no network card."""

VERSION = "0.4.0"
