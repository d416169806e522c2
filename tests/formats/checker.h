#pragma once

// Holds one format of the library against the oracle: shared by the tests of the families.

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "oracle/model.h"
#include "oracle/table.h"
#include "posittune/formats/format.h"

namespace posittune::formats {

// Both variants of every posit, every float, and every int with bits in [low, high].
std::vector<Format> posits(int low, int high);
std::vector<Format> floats(int low, int high);
std::vector<Format> integers();
std::vector<Format> blocks();

// The oracle's model of a format (of its elements, for a block format).
std::unique_ptr<oracle::Model> model_of(const Format& format);

// "01000000 (1)": bits and value for a message.
std::string show_code(const Format& format, std::uint32_t code);
// Bit-identical, or both NaN.
bool same(double a, double b);

// Each check counts the cases it visits, and returns false at a mismatch, which it describes.
class Checker {
 public:
  explicit Checker(const Format& format);

  // Value of a code, and that the value encodes to it (NaN, infinities: to what the oracle says).
  bool code(std::uint32_t code);
  // encode() and round() of a double; round_to_float() of a float.
  bool input(double x);
  bool float_input(float x);
  // x and its neighbours one ulp away: as doubles, and the floats nearest to it.
  bool around(double x);
  // Zeros, subnormals, ends of the ranges of float and double, infinities, NaN.
  bool special_inputs();

  // Everything there is to know of a format of at most 16 bits.
  bool all_codes();
  bool all_inputs();
  // `count` random codes with their boundaries, and `count` random doubles and floats.
  bool random_cases(int count, std::uint64_t seed);

  const std::string& mismatch() const { return mismatch_; }
  std::uint64_t codes() const { return codes_; }
  std::uint64_t inputs() const { return inputs_; }
  // What all_inputs() has to visit.
  std::uint64_t expected_inputs() const;

  static constexpr std::uint64_t kSpecialInputs = 2 * 9 + 2 * 7;
  static constexpr std::uint64_t kAround = 6;

 private:
  std::uint32_t expected_code(double x) const;
  double value(std::uint32_t code) const;
  bool boundary_above(std::int64_t position);
  bool fail(const std::string& call, const std::string& got, const std::string& expected);

  Format format_;
  std::unique_ptr<oracle::Model> model_;
  oracle::FloatRange range_;
  std::unique_ptr<oracle::EncodeTable> table_;  // at most 16 bits
  std::vector<double> values_;                  // at most 16 bits
  std::string mismatch_;
  std::uint64_t codes_ = 0, inputs_ = 0;
};

}  // namespace posittune::formats
