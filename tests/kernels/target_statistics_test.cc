// Sums, extremes and histograms of every vector target against the scalar twin, to the bit.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/kernels/inputs.h"
#include "tests/kernels/mismatch.h"
#include "tests/kernels/test_targets.h"

namespace posittune::kernels {
namespace {

std::string compare(const Moments& expected, const Moments& found) {
  const auto differ = [](const char* name, const auto& a, const auto& b) {
    const std::string want = show_bits(a), got = show_bits(b);
    return want == got ? std::string() : name + (": expected " + want + ", found " + got) + "; ";
  };
  return differ("sum_abs", expected.sum_abs, found.sum_abs) +
         differ("sum_squares", expected.sum_squares, found.sum_squares) +
         differ("absmax", expected.absmax, found.absmax) +
         differ("zeros", expected.zeros, found.zeros) +
         differ("nonfinite", expected.nonfinite, found.nonfinite);
}

std::vector<std::size_t> lengths() {
  std::vector<std::size_t> all;
  for (std::size_t n = 0; n <= 70; ++n) all.push_back(n);
  for (const std::size_t n : {1000u, 4095u, 4096u}) all.push_back(n);
  return all;
}

// An array of each sort for each length: `check` gets it and may fail.
template <class Check>
void for_inputs(Random& random, Check check) {
  for (const std::size_t n : lengths()) {
    ASSERT_NO_FATAL_FAILURE(check(tensor_like(n, random)));
    ASSERT_NO_FATAL_FAILURE(check(random_patterns(n, random)));
    ASSERT_NO_FATAL_FAILURE(check(std::vector<float>(n, -0.0f)));
    ASSERT_NO_FATAL_FAILURE(check(std::vector<float>(n, 0x1.fffffep127f)));
    ASSERT_NO_FATAL_FAILURE(check(std::vector<float>(n, 0x1p-149f)));
  }
}

TEST(TargetStatistics, Moments) {
  Random random(15);
  for_inputs(random, [](const std::vector<float>& x) {
    const Moments expected = scalar_target().moments(x.data(), x.size());
    for (const Target* target : vector_targets()) {
      ASSERT_EQ(compare(expected, target->moments(x.data(), x.size())), "")
          << target->name << " length " << x.size();
    }
  });
}

TEST(TargetStatistics, SquaredError) {
  Random random(16);
  for_inputs(random, [&random](const std::vector<float>& x) {
    const std::size_t n = x.size();
    // Rounded values, infinities where a float format overflows, and unrelated ones.
    std::vector<float> y = x, w(n);
    for (std::size_t i = 0; i < n; ++i) {
      const auto kind = random() % 8;
      y[i] = kind == 0 ? 1e30f : kind == 1 && i % 16 == 3 ? INFINITY : x[i] * 1.01f;
      w[i] = kind == 2 ? 0.0f : std::ldexp(1.1f, static_cast<int>(random() % 40) - 20);
    }
    for (const float* weights : {static_cast<const float*>(nullptr), std::as_const(w).data()}) {
      std::vector<double> expected(kSumLanes, 0.25);
      scalar_target().add_squared_errors(x.data(), y.data(), weights, n, expected.data());
      for (const Target* target : vector_targets()) {
        // Whole, and in two calls.
        for (const std::size_t first : {n, n / 2 / kSumLanes * kSumLanes}) {
          std::vector<double> found(kSumLanes, 0.25);
          target->add_squared_errors(x.data(), y.data(), weights, first, found.data());
          target->add_squared_errors(x.data() + first, y.data() + first,
                                     weights == nullptr ? nullptr : weights + first, n - first,
                                     found.data());
          ASSERT_EQ(mismatch<double>(expected, found), "")
              << target->name << " length " << n << (weights == nullptr ? "" : " weighted");
        }
      }
    }
  });
}

TEST(TargetStatistics, HistogramAddsToTheBins) {
  Random random(17);
  for_inputs(random, [](const std::vector<float>& x) {
    std::vector<std::uint64_t> expected(kHistogramBins, 5);
    scalar_target().histogram(x.data(), x.size(), expected.data());
    for (const Target* target : vector_targets()) {
      std::vector<std::uint64_t> bins(kHistogramBins, 5);
      target->histogram(x.data(), x.size(), bins.data());
      ASSERT_EQ(mismatch<std::uint64_t>(expected, bins), "")
          << target->name << " length " << x.size();
    }
  });
}

}  // namespace
}  // namespace posittune::kernels
