#pragma once
// The few words of ArduinoJson 7 that a probe needs, by another JSON library (Debian: nlohmann-json3-dev).
#include <nlohmann/json.hpp>

#include "Arduino.h"
struct Member {
  nlohmann::json *of;
  std::string name;
  template <class T> void operator=(const T &value) { (*of)[name] = value; }
  void operator=(const String &value) { (*of)[name] = std::string(value); }
  const char *operator|(const char *otherwise) const {
    return of->is_object() && of->contains(name) && (*of)[name].is_string() ? (*of)[name].get_ref<std::string &>().c_str() : otherwise;
  }
  unsigned long operator|(unsigned long otherwise) const {
    return of->is_object() && of->contains(name) && (*of)[name].is_number() ? (*of)[name].get<unsigned long>() : otherwise;
  }
};
struct JsonDocument {
  nlohmann::json value = nlohmann::json::object();
  Member operator[](const char *name) { return {&value, name}; }
};
inline bool deserializeJson(JsonDocument &into, const String &text) {
  into.value = nlohmann::json::parse(text, nullptr, false);
  return into.value.is_discarded();
}
inline size_t serializeJson(const JsonDocument &from, String &text) {
  text = String(from.value.dump());
  return text.size();
}
