#pragma once

// The systolic array of the build (tests/rtl/CMakeLists.txt): 8 x 8, posit<8,1>, sums of 64 bits.

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

namespace posittune::rtl {

using Codes = std::vector<std::uint32_t>;

class Array {
 public:
  static constexpr int kRows = 8, kCols = 8, kBits = 8;
  static constexpr int kSum = 64, kLsb = -24;  // bits of a sum; bit 0 weighs 2^kLsb
  static constexpr std::size_t kSumWords = kCols * kSum / 32;

  // Of a tile, an entry for each vector.
  struct Sums {
    std::vector<std::vector<std::uint32_t>> sums;  // kCols sums of two words
    std::vector<Codes> posits;                     // the same rounded, kCols codes
    std::vector<std::uint32_t> nars;               // a bit for each column

    std::int64_t sum(std::size_t vector, std::size_t column) const;
  };

  Array();
  ~Array();

  // w[r * kCols + c]; the last row goes in first.
  void load(const Codes& w);

  // Streams vectors of kRows codes through the weights. `begin`, when not null, has the sums of
  // earlier tiles for the same vectors. Of 256 cycles, `pause` have no vector on offer and as many
  // do not take what comes out. Fewer entries than vectors: the array is stuck.
  Sums run(const std::vector<Codes>& vectors, const Sums* begin, unsigned pause);

 private:
  struct Unit;
  void offer(const Codes* vector, const Sums* begin, std::size_t number);

  std::unique_ptr<Unit> unit_;
  std::mt19937_64 random_{41};
};

}  // namespace posittune::rtl
