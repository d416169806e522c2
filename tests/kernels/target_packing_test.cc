// pack and unpack of every vector target against the scalar twin, to the bit.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "posittune/kernels/arrays.h"
#include "tests/kernels/inputs.h"
#include "tests/kernels/mismatch.h"
#include "tests/kernels/test_targets.h"

namespace posittune::kernels {
namespace {

template <class Code>
struct Entries {
  Target::Pack<Code> pack;
  Target::Unpack<Code> unpack;
};
template <class Code>
Entries<Code> entries(const Target& t) {
  if constexpr (sizeof(Code) == 1)
    return {t.pack8, t.unpack8};
  else if constexpr (sizeof(Code) == 2)
    return {t.pack16, t.unpack16};
  else
    return {t.pack32, t.unpack32};
}

template <class Code>
std::vector<Code> random_codes(std::size_t n, Random& random) {
  std::vector<Code> codes(n);
  for (Code& code : codes) code = static_cast<Code>(random());
  return codes;
}

// Bits above `bits` of the codes are ignored; bytes beyond the packed ones stay as they are. Inputs
// are allocated to size, so that ASan sees a read outside.
template <class Code>
void compare(std::size_t n, int bits, Random& random) {
  const std::size_t bytes = packed_bytes(n, bits);
  const std::vector<Code> codes = random_codes<Code>(n, random);
  const std::vector<std::uint8_t> in = random_codes<std::uint8_t>(bytes, random);
  std::vector<std::uint8_t> packed(bytes + 32, 0xa5);
  std::vector<Code> unpacked(n + 32, 0x5a);
  entries<Code>(scalar_target()).pack(codes.data(), n, bits, packed.data());
  entries<Code>(scalar_target()).unpack(in.data(), n, bits, unpacked.data());
  for (const Target* target : vector_targets()) {
    std::vector<std::uint8_t> found(bytes + 32, 0xa5);
    std::vector<Code> found_codes(n + 32, 0x5a);
    entries<Code>(*target).pack(codes.data(), n, bits, found.data());
    entries<Code>(*target).unpack(in.data(), n, bits, found_codes.data());
    const std::string where = std::string(target->name) + " " + std::to_string(n) + " codes of " +
                              std::to_string(bits) + " bits";
    ASSERT_EQ(mismatch<std::uint8_t>(packed, found), "") << "pack " << where;
    ASSERT_EQ(mismatch<Code>(unpacked, found_codes), "") << "unpack " << where;
  }
}

template <class Code>
void compare_all(Random& random) {
  for (int bits = 1; bits <= static_cast<int>(8 * sizeof(Code)); ++bits) {
    for (std::size_t n = 0; n <= 70; ++n) {
      ASSERT_NO_FATAL_FAILURE(compare<Code>(n, bits, random));
    }
    for (const std::size_t n : {127u, 1000u, 4099u}) {
      ASSERT_NO_FATAL_FAILURE(compare<Code>(n, bits, random));
    }
  }
}

TEST(TargetPacking, Bytes) {
  Random random(11);
  compare_all<std::uint8_t>(random);
}
TEST(TargetPacking, HalfWords) {
  Random random(12);
  compare_all<std::uint16_t>(random);
}
TEST(TargetPacking, Words) {
  Random random(13);
  compare_all<std::uint32_t>(random);
}

// The twin against the definition: code i at bits [i*bits, (i+1)*bits), unused bits zero.
TEST(TargetPacking, TheTwinIsTheDefinition) {
  Random random(14);
  for (int bits = 1; bits <= 32; ++bits) {
    for (const std::size_t n : {0u, 1u, 7u, 8u, 9u, 61u}) {
      const std::vector<std::uint32_t> codes = random_codes<std::uint32_t>(n, random);
      std::vector<std::uint8_t> packed(packed_bytes(n, bits), 0xff), expected(packed.size(), 0);
      scalar_target().pack32(codes.data(), n, bits, packed.data());
      for (std::size_t i = 0; i < n * static_cast<std::size_t>(bits); ++i) {
        const std::size_t width = static_cast<std::size_t>(bits);
        const auto bit = codes[i / width] >> (i % width) & 1;
        expected[i / 8] = static_cast<std::uint8_t>(expected[i / 8] | bit << (i % 8));
      }
      ASSERT_EQ(mismatch<std::uint8_t>(expected, packed), "") << n << " codes of " << bits;
    }
  }
}

}  // namespace
}  // namespace posittune::kernels
