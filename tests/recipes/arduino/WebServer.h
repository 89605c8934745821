#pragma once
#include "Arduino.h"
enum HTTPMethod { HTTP_GET, HTTP_POST };
// One request at a time, as on the board. PROBE_PORT stands for port 80, which needs an administrator here.
class WebServer {
 public:
  explicit WebServer(int) {}
  void on(const char *path, HTTPMethod method, std::function<void()> work) { work_[(method == HTTP_GET ? "GET " : "POST ") + std::string(path)] = work; }
  void begin() {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    int yes = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(std::atoi(std::getenv("PROBE_PORT")));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener_, (sockaddr *)&at, sizeof at) || listen(listener_, 8)) std::exit(3);
  }
  void handleClient() {
    pollfd waits{listener_, POLLIN, 0};
    if (poll(&waits, 1, 0) <= 0) return;
    line_ = accept(listener_, nullptr, nullptr);
    timeval wait{5, 0};
    setsockopt(line_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    std::string request = read();
    std::string what = request.substr(0, request.find(' ', request.find(' ') + 1));
    if (work_.count(what)) work_[what]();
    else send(404, "text/plain", "Not found");
    close(line_);
  }
  String arg(const char *name) { return std::string(name) == "plain" ? String(body_) : String(); }
  void send(int code, const char *kind, const String &content) {
    std::ostringstream reply;
    reply << "HTTP/1.1 " << code << " OK\r\nContent-Type: " << kind << "\r\nContent-Length: " << content.size() << "\r\nConnection: close\r\n\r\n" << content;
    std::string all = reply.str();
    ::send(line_, all.data(), all.size(), MSG_NOSIGNAL);
  }

 private:
  std::string read() {
    std::string all;
    size_t head = std::string::npos, wanted = 0;
    char piece[2048];
    while (head == std::string::npos || all.size() < head + 4 + wanted) {
      ssize_t got = recv(line_, piece, sizeof piece, 0);
      if (got <= 0) break;
      all.append(piece, got);
      head = all.find("\r\n\r\n");
      size_t at = all.find("ontent-"), length = head == std::string::npos ? at : all.find("ength: ");
      if (head != std::string::npos && length < head) wanted = std::strtoul(all.c_str() + length + 7, nullptr, 10);
    }
    body_ = head == std::string::npos ? "" : all.substr(head + 4);
    return all;
  }
  int listener_ = -1, line_ = -1;
  std::string body_;
  std::map<std::string, std::function<void()>> work_;
};
