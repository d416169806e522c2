// Vectors without a simulator; tests/rtl_syn/package_test.py runs them.

#include "posittune/hardware/vectors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "posittune/formats/codec.h"
#include "tests/hardware/units.h"

namespace posittune::hardware {
namespace {

// Products and sums of these are exact in double.
double sum_of(const Vectors& vectors, const formats::Format& format, std::size_t& pair) {
  double sum = 0;
  while (true) {
    const Operands& each = vectors.pairs[pair++];
    sum += formats::decode(format, each.a) * formats::decode(format, each.b);
    if (each.last) return sum;
  }
}

TEST(Vectors, SumsOfPosits) {
  const Unit of = unit("posit<6,1>", "posit<6,1>");
  const Vectors vectors = make_vectors(of, 3000, 5);
  ASSERT_GT(vectors.sums.size(), 50U);
  std::size_t pair = 0;
  int nars = 0;
  for (std::size_t s = 0; s < vectors.sums.size(); ++s) {
    const double expected = sum_of(vectors, of.weight, pair);
    ASSERT_EQ(vectors.nars[s], std::isnan(expected));
    nars += vectors.nars[s] ? 1 : 0;
    if (vectors.nars[s]) continue;
    const auto up = static_cast<int>(64 - vectors.sums[s].size() * 4);
    const auto code =
        static_cast<std::int64_t>(std::stoull(vectors.sums[s], nullptr, 16) << up) >> up;
    ASSERT_EQ(std::ldexp(static_cast<double>(code), of.lsb), expected) << s;
  }
  EXPECT_GT(nars, 0);
  EXPECT_EQ(pair, vectors.pairs.size());
}

TEST(Vectors, TheSameForTheSameSeed) {
  const Unit of = unit("bf16", "bf16");
  EXPECT_EQ(make_vectors(of, 500, 1).sums, make_vectors(of, 500, 1).sums);
  EXPECT_NE(make_vectors(of, 500, 1).sums, make_vectors(of, 500, 2).sums);
  EXPECT_EQ(make_vectors(of, 1, 1).sums.size(), 1U);
}

}  // namespace
}  // namespace posittune::hardware
