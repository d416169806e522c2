#pragma once

// A child process that is talked to in lines: its standard input and output.

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "posittune/base/result.h"

namespace posittune {

class ChildProcess {
 public:
  // Starts a program, found in PATH. Its standard error is ours. kResource where no process can be
  // made; a program that does not exist ends at once, which read_line() says.
  static Result<ChildProcess> start(const std::vector<std::string>& command);
  ChildProcess(ChildProcess&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)),
        socket_(std::exchange(other.socket_, -1)),
        name_(std::move(other.name_)),
        read_(std::move(other.read_)) {}
  ChildProcess& operator=(ChildProcess&&) = delete;
  // Closes its input, and waits until it has ended.
  ~ChildProcess();

  Status write_line(const std::string& line);
  // The next line, without its end. kResource where the process ended.
  Result<std::string> read_line();

 private:
  ChildProcess(pid_t pid, int socket, std::string name)
      : pid_(pid), socket_(socket), name_(std::move(name)) {}
  Error ended() const;

  pid_t pid_;
  int socket_;
  std::string name_, read_;  // read_: beyond the last line
};

}  // namespace posittune
