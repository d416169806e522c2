// pack and unpack on exact-size heap arrays, so that the sanitizer sees a read or write of one byte
// too many; every target equals the scalar twin.

#include "fuzz.h"
#include "posittune/kernels/arrays.h"

namespace posittune::fuzz {
namespace {

using kernels::packed_bytes;

template <class Code>
std::vector<std::uint8_t> pack(const std::vector<Code>& codes, int bits, const char* target) {
  std::vector<std::uint8_t> packed(packed_bytes(codes.size(), bits), 0xa5);
  require(kernels::pack<Code>(codes, bits, packed, {.threads = 1}).ok(), "pack succeeds", target);
  return packed;
}

template <class Code>
std::vector<Code> unpack(const std::vector<std::uint8_t>& packed, int bits, std::size_t count,
                         const char* target) {
  std::vector<Code> codes(count, static_cast<Code>(-1));
  require(kernels::unpack<Code>(packed, bits, codes, {.threads = 1}).ok(), "unpack succeeds",
          target);
  return codes;
}

template <class Code>
void check(Bytes bytes, int bits, std::size_t count) {
  const auto raw = bytes.array<Code>(count);
  auto codes = raw;
  for (Code& code : codes) code &= static_cast<Code>((std::uint64_t{1} << bits) - 1);
  // Any bytes are packed codes; only the unused bits of the last byte do not come back.
  auto stream = bytes.array<std::uint8_t>(packed_bytes(count, bits));
  for (std::size_t i = 0; i < stream.size(); ++i)
    stream[i] ^= static_cast<std::uint8_t>(raw[i % count]);
  auto canonical = stream;
  if (const std::size_t used = count % 8 * static_cast<std::size_t>(bits) % 8; used != 0) {
    canonical.back() &= static_cast<std::uint8_t>((1 << used) - 1);
  }

  std::vector<std::uint8_t> twin_packed;
  std::vector<Code> twin_codes;
  {
    const kernels::ScopedTarget scope(scalar());
    twin_packed = pack(codes, bits, "scalar");
    twin_codes = unpack<Code>(stream, bits, count, "scalar");
  }
  for_each_target([&](const char* target) {
    const auto packed = pack(codes, bits, target);
    require(same_bits(packed, twin_packed), "pack equals its scalar twin", target);
    require(same_bits(unpack<Code>(packed, bits, count, target), codes), "unpack undoes pack",
            target);
    require(same_bits(pack(raw, bits, target), packed), "bits above the width are ignored", target);
    const auto unpacked = unpack<Code>(stream, bits, count, target);
    require(same_bits(unpacked, twin_codes), "unpack equals its scalar twin", target);
    require(same_bits(pack(unpacked, bits, target), canonical), "pack undoes unpack", target);
  });
}

}  // namespace
}  // namespace posittune::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posittune::fuzz;
  Bytes bytes(data, size);
  const int bits = bytes.between(1, 32);
  const std::size_t count = bytes.take<std::uint16_t>() % 600;
  if (bits <= 8) check<std::uint8_t>(bytes, bits, count);
  if (bits <= 16) check<std::uint16_t>(bytes, bits, count);
  check<std::uint32_t>(bytes, bits, count);
  return 0;
}
