#pragma once
#include "Arduino.h"
// The board's flash: a file for each key in the folder named by the variable FLASH.
class Preferences {
 public:
  bool begin(const char *) { return true; }
  String getString(const char *key, const char *otherwise = "") {
    std::ifstream file(place(key));
    if (!file) return String(otherwise);
    std::stringstream text;
    text << file.rdbuf();
    return String(text.str());
  }
  size_t putString(const char *key, const String &value) {
    std::ofstream(place(key)) << value;
    return value.size();
  }
  uint32_t getUInt(const char *key, uint32_t otherwise) {
    String text = getString(key, "");
    return text.isEmpty() ? otherwise : std::strtoul(text.c_str(), nullptr, 10);
  }
  size_t putUInt(const char *key, uint32_t value) { return putString(key, String(std::to_string(value))); }

 private:
  std::string place(const char *key) {
    if (std::strlen(key) > 15) std::exit(4);  // NVS takes no longer key
    return std::string(std::getenv("FLASH")) + "/" + key;
  }
};
