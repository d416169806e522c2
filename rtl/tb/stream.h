#pragma once

// Drives a MAC unit with a stream of pairs through its handshakes, against the model.

#include <cstdint>
#include <deque>
#include <random>
#include <string>

#include "codes.h"
#include "mac_unit.h"
#include "sum_model.h"

namespace posittune::rtl {

struct Pair {
  std::uint32_t a = 0, b = 0;
  bool clear = false, last = false;
};

class Stream {
 public:
  explicit Stream(const MacConfig& config, std::uint64_t seed = 1);

  // Chances, of 256, that a cycle offers no pair and that it takes no sum.
  void set_pauses(int input, int output);

  // Runs cycles until the pair has been taken. False at a mismatch, which it describes.
  bool push(const Pair& pair);
  // Runs until every sum that is due has come.
  bool drain();
  // Resets in the middle of whatever is under way, for one cycle with inputs that must be ignored.
  void reset();

  std::uint64_t pairs() const { return pairs_; }
  std::uint64_t sums() const { return sums_; }
  std::uint64_t nars() const { return nars_; }
  std::uint64_t stalls() const { return stalls_; }
  const std::string& mismatch() const { return mismatch_; }

 private:
  struct Expected {
    bool nar;
    std::uint32_t posit;
    std::vector<std::uint32_t> acc;
  };
  bool cycle(const Pair* pair, bool* taken);
  bool chance(int of_256) { return static_cast<int>(random_() & 255) < of_256; }
  bool compare();

  MacConfig config_;
  std::unique_ptr<MacUnit> unit_;
  SumModel model_;
  std::deque<Expected> due_;
  std::mt19937_64 random_;
  std::size_t words_;
  int input_pause_ = 0, output_pause_ = 0;
  std::uint64_t pairs_ = 0, sums_ = 0, nars_ = 0, stalls_ = 0;
  std::string mismatch_;
};

}  // namespace posittune::rtl
