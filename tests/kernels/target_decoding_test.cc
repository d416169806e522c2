// decode of every vector target against the scalar twin, to the bit.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "posittune/kernels/scalar.h"
#include "tests/kernels/inputs.h"
#include "tests/kernels/mismatch.h"
#include "tests/kernels/test_targets.h"

namespace posittune::kernels {
namespace {

using formats::Format;

template <class T>
std::string compare(Target::DecodeRun<T> twin, Target::DecodeRun<T> run, const Plan& plan,
                    const std::vector<T>& codes, float inverse) {
  std::vector<float> expected(codes.size()), found(codes.size());
  twin(plan, codes.data(), expected.data(), codes.size(), inverse);
  run(plan, codes.data(), found.data(), codes.size(), inverse);
  return mismatch<float, T>(expected, found, codes);
}

// All codes; for wide formats the ends of the range, powers of two and random ones.
std::vector<std::uint32_t> codes_of(const Format& format, Random& random) {
  std::vector<std::uint32_t> codes;
  if (format.bits <= 16) {
    for (std::uint32_t code = 0; code < formats::code_count(format); ++code) codes.push_back(code);
    return codes;
  }
  for (std::uint32_t i = 0; i < 256; ++i) {
    const std::uint32_t sign = std::uint32_t{1} << (format.bits - 1);
    for (const std::uint32_t code : {i, 0 - i, sign + i, sign - i}) codes.push_back(code);
  }
  for (int bit = 0; bit < format.bits; ++bit) {
    const std::uint32_t power = std::uint32_t{1} << bit;
    for (const std::uint32_t code : {power - 1, power, power + 1, 0 - power}) codes.push_back(code);
  }
  for (int i = 0; i < 8192; ++i) codes.push_back(static_cast<std::uint32_t>(random()));
  return codes;
}

// Bits above the format's are ignored, so they are set at random.
template <class T>
std::vector<T> with_noise(const std::vector<std::uint32_t>& codes, int bits, Random& random) {
  std::vector<T> out;
  for (const std::uint32_t code : codes) {
    const auto noise = bits >= 32 ? 0 : static_cast<std::uint32_t>(random()) << bits;
    out.push_back(static_cast<T>(code | noise));
  }
  return out;
}

TEST(TargetDecoding, EveryFormatEqualsTheTwin) {
  Random random(4);
  for (const Format& format : plain_formats()) {
    const Plan plan = make_plan(format);
    const auto k = static_cast<std::size_t>(plan.decode_kind);
    const std::vector<std::uint32_t> codes = codes_of(format, random);
    for (const float inverse : {1.0f, 0.37f, 0x1p-20f, 1e-30f, 1e30f, 0x1p127f}) {
      for (const Target* target : vector_targets()) {
        const Target& twin = scalar_target();
        const std::string where =
            std::string(target->name) + " " + formats::name(format) + " 1/s " + show_bits(inverse);
        if (format.bits <= 8) {
          const auto narrow = with_noise<std::uint8_t>(codes, format.bits, random);
          ASSERT_EQ(compare(twin.decode8[k], target->decode8[k], plan, narrow, inverse), "")
              << where;
        }
        if (format.bits <= 16) {
          const auto middle = with_noise<std::uint16_t>(codes, format.bits, random);
          ASSERT_EQ(compare(twin.decode16[k], target->decode16[k], plan, middle, inverse), "")
              << where;
        }
        const auto wide = with_noise<std::uint32_t>(codes, format.bits, random);
        ASSERT_EQ(compare(twin.decode32[k], target->decode32[k], plan, wide, inverse), "") << where;
      }
    }
  }
}

}  // namespace
}  // namespace posittune::kernels
