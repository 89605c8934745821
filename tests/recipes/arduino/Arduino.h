// What a sketch sees of an ESP32, on Linux: just enough of the Arduino core and its libraries to compile a probe and run it against
// a real hub over real sockets. The sensor's value is in the file named by the variable SENSOR; setup and loop are the sketch's.
#pragma once
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <thread>

using std::isnan;  // as the core does

inline unsigned long millis() {
  using namespace std::chrono;
  static auto start = steady_clock::now();
  return duration_cast<milliseconds>(steady_clock::now() - start).count();
}
inline void delay(unsigned long ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

class String : public std::string {
 public:
  String(const char *text = "") : std::string(text ? text : "") {}
  String(const std::string &text) : std::string(text) {}
  bool isEmpty() const { return empty(); }
  bool startsWith(const char *text) const { return rfind(text, 0) == 0; }
};

struct {
  void begin(int) {}
  template <class T> void print(const T &what) { std::cout << what << std::flush; }
  template <class T> void println(const T &what) { std::cout << what << std::endl; }
} Serial;

// Sends all, then reads until the other end closes.
inline std::string exchange(const std::string &host, const std::string &port, const std::string &request, int timeout_s) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found)) return "";
  int line = socket(AF_INET, SOCK_STREAM, 0);
  timeval wait{timeout_s, 0};
  setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  std::string reply;
  if (connect(line, found->ai_addr, found->ai_addrlen) == 0 && send(line, request.data(), request.size(), MSG_NOSIGNAL) >= 0) {
    char piece[2048];
    for (ssize_t got; (got = recv(line, piece, sizeof piece, 0)) > 0;) reply.append(piece, got);
  }
  freeaddrinfo(found);
  close(line);
  return reply;
}
