#pragma once
#include "Arduino.h"
// Says what it would announce; the test announces just that.
struct {
  std::string name;
  bool begin(const char *) { return true; }
  void setInstanceName(const char *instance) { name = instance; }
  bool addService(const char *service, const char *proto, uint16_t port) {
    std::cout << "announces " << name << " _" << service << "._" << proto << " " << port << std::endl;
    return true;
  }
} MDNS;
