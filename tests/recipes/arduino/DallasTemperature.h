#pragma once
#include "Arduino.h"
#include "OneWire.h"
#define DEVICE_DISCONNECTED_C -127
struct DallasTemperature {
  explicit DallasTemperature(OneWire *) {}
  void begin() {}
  void requestTemperatures() {}
  float getTempCByIndex(int) {
    std::ifstream file(std::getenv("SENSOR"));
    float value = DEVICE_DISCONNECTED_C;
    file >> value;
    return value;
  }
};
