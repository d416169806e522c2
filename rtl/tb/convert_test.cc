// Converters against formats::encode and decode.

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

#include "Vconvert16e2.h"
#include "Vconvert32e2.h"
#include "Vconvert32e4.h"
#include "Vconvert8e0.h"
#include "Vconvert8e1.h"
#include "codes.h"
#include "posittune/formats/codec.h"

namespace posittune::rtl {
namespace {

using formats::decode;
using formats::encode;
using formats::Format;

template <class Model>
class Converters {
 public:
  explicit Converters(Format posit) : posit_(posit) {}

  // The standard's NaN codes: a NaR gives the quiet NaN, the unused integer.
  void from_posit(std::uint32_t code) {
    unit_.posit_i = code;
    unit_.eval();
    const double value = decode(posit_, code);
    ASSERT_EQ(unit_.fp32_o, encode(formats::fp32(), value)) << name(posit_) << " " << code;
    ASSERT_EQ(unit_.bf16_o, encode(formats::bf16(), value)) << name(posit_) << " " << code;
    ASSERT_EQ(unit_.int8_o, encode(formats::integer(8), value)) << name(posit_) << " " << code;
    ASSERT_EQ(unit_.int16_o, encode(formats::integer(16), value)) << name(posit_) << " " << code;
  }
  void from_float(std::uint32_t bits) {
    unit_.fp32_i = bits;
    unit_.bf16_i = static_cast<SData>(bits >> 16);
    unit_.eval();
    const double x = std::bit_cast<float>(bits), y = decode(formats::bf16(), bits >> 16);
    ASSERT_EQ(unit_.from_fp32_o, encode(posit_, x)) << name(posit_) << " " << bits;
    ASSERT_EQ(unit_.from_bf16_o, encode(posit_, y)) << name(posit_) << " " << bits;
  }
  void from_int(std::uint32_t bits) {
    unit_.int8_i = static_cast<CData>(bits & 255);
    unit_.int16_i = static_cast<SData>(bits & 0xffff);
    unit_.eval();
    ASSERT_EQ(unit_.from_int8_o, encode(posit_, decode(formats::integer(8), bits & 255)));
    ASSERT_EQ(unit_.from_int16_o, encode(posit_, decode(formats::integer(16), bits & 0xffff)));
  }

  // All codes up to 16 bits, all bf16, all integers; else random codes and floats.
  void run() {
    std::mt19937_64 random(21);
    const bool small = posit_.bits <= 16;
    const std::uint32_t codes = small ? 1u << posit_.bits : 400000;
    for (std::uint32_t i = 0; i < codes && !::testing::Test::HasFailure(); ++i) {
      from_posit(small ? i : corner_code(posit_, random));
    }
    for (std::uint32_t i = 0; i < 65536 && !::testing::Test::HasFailure(); ++i) {
      from_int(i);
      from_float(i << 16);
      from_float(i << 16 | (static_cast<std::uint32_t>(random()) & 0xffff));
      from_float(i << 16 | 1);
      from_float((i & 0x807f) << 16 |
                 (static_cast<std::uint32_t>(random()) & 0xffff));  // subnormals
      // Ties and their neighbours: halves between posits that fp32 holds.
      const auto near = std::bit_cast<std::uint32_t>(
          static_cast<float>(decode(posit_, corner_code(posit_, random))));
      from_float(near);
      from_float(near + (1u << (i % 23)));
      from_float(near - (1u << (i % 23)));
    }
  }

 private:
  Format posit_;
  Model unit_;
};

TEST(Convert, Posit8Es0) { Converters<Vconvert8e0>(formats::posit(8, 0)).run(); }
TEST(Convert, Posit8Es1) { Converters<Vconvert8e1>(formats::posit(8, 1)).run(); }
TEST(Convert, Posit16Es2) { Converters<Vconvert16e2>(formats::posit(16, 2)).run(); }
TEST(Convert, Posit32Es2) { Converters<Vconvert32e2>(formats::posit(32, 2)).run(); }
TEST(Convert, Posit32Es4) { Converters<Vconvert32e4>(formats::posit(32, 4)).run(); }

}  // namespace
}  // namespace posittune::rtl
