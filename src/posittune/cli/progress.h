#pragma once

// Progress of a long step on stderr: a redrawn bar with rate and time left on a terminal, a plain
// line now and then elsewhere; silent for steps shorter than a second.

#include <chrono>
#include <cstddef>
#include <string>

#include "posittune/cli/cli.h"

namespace posittune::cli {

class Progress {
 public:
  // `unit` is what advance() counts, for the rate.
  Progress(Streams streams, std::string what, std::size_t total, std::string unit = "elements");
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::size_t count);

 private:
  using Clock = std::chrono::steady_clock;
  void draw(Clock::time_point now);

  Streams streams_;
  std::string what_, unit_;
  std::size_t total_, done_ = 0;
  Clock::time_point start_, last_;
  bool drawn_ = false;
};

}  // namespace posittune::cli
