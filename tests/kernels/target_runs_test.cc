// Lengths, alignment and bounds of the runs: each length 0..70 and some odd sizes, outputs at every
// alignment, nothing written outside. Inputs are allocated to size, so that ASan sees a read
// outside.

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/kernels/inputs.h"
#include "tests/kernels/mismatch.h"
#include "tests/kernels/test_targets.h"

namespace posittune::kernels {
namespace {

using formats::Format;

std::vector<std::size_t> lengths() {
  std::vector<std::size_t> all;
  for (std::size_t n = 0; n <= 70; ++n) all.push_back(n);
  for (const std::size_t n : {127u, 129u, 1000u, 4095u, 4097u}) all.push_back(n);
  return all;
}

// Calls run(in, out, n) with out inside a larger array that must stay as it was around it.
template <class T, class In, class Run>
std::string compare(Run twin, Run run, const Plan& plan, const std::vector<In>& in,
                    std::size_t offset) {
  constexpr std::size_t kAround = 80;
  const std::size_t n = in.size();
  std::vector<T> expected(n + offset + kAround);
  std::memset(expected.data(), 0xa5, expected.size() * sizeof(T));
  std::vector<T> found = expected;
  const float scale = 0.37f;
  if constexpr (std::is_invocable_v<Run, const Plan&, const In*, T*, std::size_t, float>) {
    twin(plan, in.data(), expected.data() + offset, n, scale);
    run(plan, in.data(), found.data() + offset, n, scale);
  } else {
    twin(plan, in.data(), expected.data() + offset, n, scale, 1.0f / scale);
    run(plan, in.data(), found.data() + offset, n, scale, 1.0f / scale);
  }
  return mismatch<T>(expected, found);
}

template <class Code>
std::vector<Code> random_codes(std::size_t n, Random& random) {
  std::vector<Code> codes(n);
  for (Code& code : codes) code = static_cast<Code>(random());
  return codes;
}

std::string compare_all(const Target& target, const Plan& plan, const std::vector<float>& x,
                        std::size_t offset, Random& random) {
  const Target& twin = scalar_target();
  const auto k = static_cast<std::size_t>(plan.kind),
             e = static_cast<std::size_t>(plan.encode_kind),
             d = static_cast<std::size_t>(plan.decode_kind);
  std::string text;
  const auto note = [&text](const char* entry, const std::string& found) {
    if (!found.empty() && text.empty()) text = std::string(entry) + ": " + found;
  };
  const std::size_t n = x.size();
  note("quantize", compare<float>(twin.quantize[k], target.quantize[k], plan, x, offset));
  note("quantize_stream",
       compare<float>(twin.quantize_stream[k], target.quantize_stream[k], plan, x, offset));
  note("encode32", compare<std::uint32_t>(twin.encode32[e], target.encode32[e], plan, x, offset));
  note("decode32", compare<float>(twin.decode32[d], target.decode32[d], plan,
                                  random_codes<std::uint32_t>(n, random), offset));
  note("to_bf16", compare<std::uint16_t>(twin.to_bf16[k], target.to_bf16[k], plan, x, offset));
  if (plan.bits <= 16) {
    note("encode16", compare<std::uint16_t>(twin.encode16[e], target.encode16[e], plan, x, offset));
    note("decode16", compare<float>(twin.decode16[d], target.decode16[d], plan,
                                    random_codes<std::uint16_t>(n, random), offset));
  }
  if (plan.bits <= 8) {
    note("encode8", compare<std::uint8_t>(twin.encode8[e], target.encode8[e], plan, x, offset));
    note("decode8", compare<float>(twin.decode8[d], target.decode8[d], plan,
                                   random_codes<std::uint8_t>(n, random), offset));
    if (plan.kind == Kind::kInt) {
      note("to_int8", compare<std::int8_t>(twin.to_int8[k], target.to_int8[k], plan, x, offset));
    }
  }
  return text;
}

TEST(TargetRuns, EveryLengthStaysInsideItsOutput) {
  Random random(5);
  for (const Format& format : sample_formats()) {
    const Plan plan = make_plan(format);
    for (const std::size_t n : lengths()) {
      const std::vector<float> x = tensor_like(n, random);
      for (const Target* target : vector_targets()) {
        ASSERT_EQ(compare_all(*target, plan, x, n % 17, random), "")
            << target->name << " " << formats::name(format) << " length " << n;
      }
    }
  }
}

TEST(TargetRuns, EveryAlignmentOfTheOutput) {
  Random random(6);
  const Plan plan = make_plan(formats::posit(8, 1));
  for (std::size_t offset = 0; offset < 33; ++offset) {
    for (const std::size_t n : {0u, 1u, 7u, 8u, 15u, 16u, 17u, 31u, 100u}) {
      const std::vector<float> x = tensor_like(n, random);
      for (const Target* target : vector_targets()) {
        ASSERT_EQ(compare_all(*target, plan, x, offset, random), "")
            << target->name << " offset " << offset << " length " << n;
      }
    }
  }
}

TEST(TargetRuns, InPlace) {
  Random random(7);
  for (const Format& format : sample_formats()) {
    const Plan plan = make_plan(format);
    const auto k = static_cast<std::size_t>(plan.kind);
    for (const std::size_t n : lengths()) {
      const std::vector<float> x = tensor_like(n, random);
      std::vector<float> expected(n);
      scalar_target().quantize[k](plan, x.data(), expected.data(), n, 3, 1 / 3.0f);
      for (const Target* target : all_targets()) {
        std::vector<float> y = x;
        target->quantize[k](plan, y.data(), y.data(), n, 3, 1 / 3.0f);
        ASSERT_EQ((mismatch<float, float>(expected, y, x)), "")
            << target->name << " " << formats::name(format) << " length " << n;
      }
    }
  }
}

}  // namespace
}  // namespace posittune::kernels
