// pack and unpack of arrays.h: round trips, sizes, threads.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <vector>

#include "posittune/kernels/arrays.h"
#include "posittune/kernels/dispatch.h"
#include "tests/kernels/inputs.h"
#include "tests/kernels/mismatch.h"
#include "tests/kernels/test_targets.h"

namespace posittune::kernels {
namespace {

template <class Code>
std::vector<Code> random_codes(std::size_t n, int bits, Random& random) {
  const std::uint32_t mask = bits >= 32 ? ~0u : (1u << bits) - 1;
  std::vector<Code> codes(n);
  for (Code& code : codes) code = static_cast<Code>(random() & mask);
  return codes;
}

template <class Code>
void round_trip(const std::vector<Code>& codes, int bits, int threads) {
  std::vector<std::uint8_t> packed(packed_bytes(codes.size(), bits));
  std::vector<Code> unpacked(codes.size());
  const Options options{.threads = threads};
  ASSERT_TRUE(pack<Code>(codes, bits, packed, options).ok());
  ASSERT_TRUE(unpack<Code>(packed, bits, unpacked, options).ok());
  ASSERT_EQ(mismatch<Code>(codes, unpacked), "")
      << active_target().name << " " << codes.size() << " codes of " << bits << " bits, " << threads
      << " threads";
}

template <class Code>
void round_trips(Random& random) {
  for (int bits = 1; bits <= static_cast<int>(8 * sizeof(Code)); ++bits) {
    for (const std::size_t n : {0u, 1u, 2u, 7u, 8u, 9u, 63u, 64u, 65u, 1001u}) {
      ASSERT_NO_FATAL_FAILURE(round_trip(random_codes<Code>(n, bits, random), bits, 1));
    }
  }
}

TEST(Packing, RoundTripsOfEveryWidth) {
  for (const Target* target : all_targets()) {
    const ScopedTarget scoped(*target);
    Random random(20);
    round_trips<std::uint8_t>(random);
    round_trips<std::uint16_t>(random);
    round_trips<std::uint32_t>(random);
  }
}

// Several tasks of 64 K codes each: the same bytes for every number of threads and target.
TEST(Packing, SameBytesForEveryNumberOfThreadsAndTarget) {
  Random random(21);
  for (const int bits : {1, 3, 6, 8, 11, 16}) {
    const auto codes = random_codes<std::uint16_t>(200'003, bits, random);
    std::vector<std::uint8_t> expected;
    for (const Target* target : all_targets()) {
      const ScopedTarget scoped(*target);
      for (const int threads : {1, 2, 3, 8}) {
        std::vector<std::uint8_t> packed(packed_bytes(codes.size(), bits));
        ASSERT_TRUE(pack<std::uint16_t>(codes, bits, packed, {.threads = threads}).ok());
        if (expected.empty()) expected = packed;
        ASSERT_EQ(mismatch<std::uint8_t>(expected, packed), "") << target->name << " " << threads;
        ASSERT_NO_FATAL_FAILURE(round_trip(codes, bits, threads));
      }
    }
  }
}

TEST(Packing, AnyCodesOfAnyWidth) {
  ASSERT_TRUE(rc::check("unpack(pack(codes)) is codes cut to their width", [] {
    const int bits = *rc::gen::inRange(1, 33);
    const auto codes = *rc::gen::arbitrary<std::vector<std::uint32_t>>();
    std::vector<std::uint8_t> packed(packed_bytes(codes.size(), bits));
    std::vector<std::uint32_t> unpacked(codes.size());
    RC_ASSERT(pack<std::uint32_t>(codes, bits, packed).ok());
    RC_ASSERT(unpack<std::uint32_t>(packed, bits, unpacked).ok());
    const std::uint32_t mask = bits == 32 ? ~0u : (1u << bits) - 1;
    for (std::size_t i = 0; i < codes.size(); ++i) RC_ASSERT(unpacked[i] == (codes[i] & mask));
  }));
}

TEST(Packing, PackedBytesRoundsUpWithoutOverflow) {
  EXPECT_EQ(packed_bytes(0, 5), 0u);
  EXPECT_EQ(packed_bytes(1, 1), 1u);
  EXPECT_EQ(packed_bytes(8, 1), 1u);
  EXPECT_EQ(packed_bytes(9, 1), 2u);
  EXPECT_EQ(packed_bytes(5, 6), 4u);
  EXPECT_EQ(packed_bytes(3, 32), 12u);
  for (std::size_t n = 0; n < 200; ++n) {
    for (int bits = 1; bits <= 32; ++bits) {
      ASSERT_EQ(packed_bytes(n, bits), (n * static_cast<std::size_t>(bits) + 7) / 8);
    }
  }
  // count * bits is beyond 64 bits; the number of bytes is not.
  EXPECT_EQ(packed_bytes(SIZE_MAX / 4, 24), SIZE_MAX / 4 / 8 * 24 + 21);
}

TEST(Packing, ErrorsAreInputErrors) {
  std::vector<std::uint8_t> codes(10), bytes(10);
  const auto is_input = [](const Status& s) { return !s && s.error().kind == ErrorKind::kInput; };
  for (const int bits : {0, -1, 9, 1000}) {
    EXPECT_TRUE(is_input(pack<std::uint8_t>(codes, bits, bytes))) << bits;
    EXPECT_TRUE(is_input(unpack<std::uint8_t>(bytes, bits, codes))) << bits;
  }
  // 10 codes of 6 bits are 8 bytes.
  for (const std::size_t size : {0u, 7u, 9u, 10u}) {
    const std::span<std::uint8_t> out(bytes.data(), size);
    EXPECT_TRUE(is_input(pack<std::uint8_t>(codes, 6, out))) << size;
    EXPECT_TRUE(is_input(unpack<std::uint8_t>(out, 6, codes))) << size;
  }
  EXPECT_TRUE(pack<std::uint8_t>(codes, 6, std::span(bytes).first(8)).ok());
  EXPECT_TRUE(pack<std::uint8_t>({}, 6, {}).ok());
  EXPECT_TRUE(unpack<std::uint8_t>({}, 6, {}).ok());
}

}  // namespace
}  // namespace posittune::kernels
