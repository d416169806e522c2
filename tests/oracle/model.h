#pragma once

// What a number format is, by definition: the value of each code, and a number line with the points
// where rounding switches from one code to the next. Written from the documents that define the
// formats; shares no code with src/ and includes nothing from it.
//
//   positions   first() ... -1   0   1 ... last()      codes in increasing order of value
//   boundaries           |     |   |                    above(i) lies between i and i+1

#include <cstdint>
#include <memory>

#include "oracle/dyadic.h"

namespace posittune::oracle {

struct Value {
  enum class Kind : std::uint8_t { kFinite, kInfinite, kNan };
  Kind kind = Kind::kFinite;
  bool negative = false;  // tells -0 from 0
  Dyadic number{};        // of a finite value, with its sign

  bool finite() const { return kind == Kind::kFinite; }
  // NaN gives a quiet NaN, -0 gives -0.
  double to_double() const;
};

struct Boundary {
  Dyadic at;
  bool tie_up;  // exactly `at` goes to the upper of the two codes
};

class Model {
 public:
  virtual ~Model() = default;

  virtual int bits() const = 0;
  virtual Value value(std::uint32_t code) const = 0;  // code < 2^bits

  // The line is symmetric, position 0 is zero. It includes infinities only where rounding reaches
  // them; beyond its ends everything rounds to the end.
  virtual std::int64_t last() const = 0;
  std::int64_t first() const { return -last(); }
  virtual std::uint32_t code_at(std::int64_t position) const = 0;
  virtual Boundary above(std::int64_t position) const = 0;

  // What NaN, an infinity and a signed zero encode to.
  virtual std::uint32_t nan_result() const = 0;
  virtual std::uint32_t infinity_result(bool negative) const = 0;
  virtual std::uint32_t zero_result(bool negative) const = 0;
};

// Standard for Posit Arithmetic (2022), with es free. `flush`: |x| < minpos/2 -> 0, no standard.
std::unique_ptr<Model> posit_model(int n, int es, bool flush = false);
// N = 1 + exp_bits + man_bits. Specials and overflow by width; see float_model.cc.
std::unique_ptr<Model> float_model(int exp_bits, int man_bits);
// Symmetric; values are integers, or integers * 2^-(n-2) (`fraction`, OCP MX INT8 elements).
std::unique_ptr<Model> integer_model(int n, bool fraction = false);

// The value of a posit code of up to 33 bits; not for NaR.
Dyadic posit_value(int n, int es, std::uint64_t code);

// The code that an exact number rounds to. Slow: decodes some 2 * bits values.
std::uint32_t nearest(const Model& model, const Dyadic& x);
// The code of any double.
std::uint32_t encode(const Model& model, double x);

// Smallest and largest positive grid values that fp32 holds exactly.
struct FloatRange {
  double low, high;
};
FloatRange float_range(const Model& model);
// What a rounded value becomes in fp32: nonzero numbers outside the range go to its ends.
double clamp_to_float(const FloatRange& range, double rounded);

// OCP MX v1.0 section 6.3: the exponent of the shared scale.
int shared_exponent(const Model& element, double absmax);

}  // namespace posittune::oracle
