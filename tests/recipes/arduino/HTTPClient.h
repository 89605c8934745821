#pragma once
#include "Arduino.h"
class HTTPClient {
 public:
  bool begin(const String &url) {
    if (!url.startsWith("http://")) return false;
    std::string rest = url.substr(7);
    size_t slash = rest.find('/');
    place_ = rest.substr(0, slash);
    path_ = slash == std::string::npos ? "/" : rest.substr(slash);
    headers_.clear();
    return true;
  }
  void setTimeout(uint16_t ms) { timeout_s_ = ms / 1000; }
  void addHeader(const char *name, const String &value) { headers_ += std::string(name) + ": " + value + "\r\n"; }
  int POST(const String &body) {
    size_t colon = place_.find(':');
    std::string port = colon == std::string::npos ? "80" : place_.substr(colon + 1);
    std::string request = "POST " + path_ + " HTTP/1.1\r\nHost: " + place_ + "\r\nUser-Agent: ESP32HTTPClient\r\nConnection: close\r\n" + headers_ +
                          "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    reply_ = exchange(place_.substr(0, colon), port, request, timeout_s_);
    return reply_.size() > 12 ? std::atoi(reply_.c_str() + 9) : -1;
  }
  String getString() { return String(reply_.substr(reply_.find("\r\n\r\n") + 4)); }
  void end() {}

 private:
  std::string place_, path_, headers_, reply_;
  int timeout_s_ = 5;
};
