// The rounding kernels on any format, shape, scales and float patterns: no crash, no touch outside
// the arrays, and the same bits from every target.

#include <optional>

#include "fuzz.h"
#include "posittune/formats/block.h"
#include "posittune/formats/codec.h"
#include "posittune/formats/format.h"
#include "posittune/kernels/arrays.h"

namespace posittune::fuzz {
namespace {

using formats::Format;
using kernels::Scales;
using kernels::Shape;

Format choose_format(Bytes& bytes) {
  switch (bytes.between(0, 5)) {
    case 0:
      return formats::integer(bytes.between(2, formats::kMaxIntBits));
    case 1: {
      const auto known = formats::known_formats();
      return known[bytes.take<std::uint8_t>() % known.size()];
    }
    case 2: {
      const auto blocks = formats::known_blocks();
      return blocks[bytes.take<std::uint8_t>() % blocks.size()];
    }
    case 3: {
      const int exponent = bytes.between(1, 8), mantissa = bytes.between(0, 23);
      const auto any =
          formats::parse_format("fp" + std::to_string(1 + exponent + mantissa) + "_e" +
                                std::to_string(exponent) + "m" + std::to_string(mantissa));
      if (any.ok()) return *any;
      [[fallthrough]];
    }
    default: {
      const int n = bytes.between(2, formats::kMaxPositBits);
      Format posit = formats::posit(n, bytes.between(0, formats::kMaxPositEs));
      if (bytes.between(0, 3) == 0) posit.variant = formats::kPositFlush;
      return posit;
    }
  }
}

struct Case {
  Format format;
  Shape shape;
  std::vector<float> x, scales;
  std::size_t group = 0;

  Scales scale() const { return {scales, group}; }
  std::size_t exponents() const {
    return format.block == 0 ? 0 : shape.rows * ((shape.cols + format.block - 1) / format.block);
  }
};

std::vector<float> floats(const std::vector<std::uint32_t>& patterns) {
  std::vector<float> values(patterns.size());
  if (!values.empty()) std::memcpy(values.data(), patterns.data(), 4 * patterns.size());
  return values;
}

Case choose_case(Bytes& bytes) {
  Case c{.format = choose_format(bytes), .shape = {}, .x = {}, .scales = {}};
  c.shape.rows = static_cast<std::size_t>(bytes.between(0, 5));
  c.shape.cols = static_cast<std::size_t>(bytes.between(0, 100));
  std::size_t count = 1;
  switch (bytes.between(0, 3)) {
    case 0:
      count = c.shape.rows;
      break;
    case 1:
      c.group = static_cast<std::size_t>(bytes.between(1, 3)) *
                (c.format.block != 0 ? c.format.block : 11u);
      count = c.shape.rows * ((c.shape.cols + c.group - 1) / c.group);
      break;
    default:
      break;
  }
  const bool wild = bytes.between(0, 7) == 0;  // any pattern: most are refused
  for (std::size_t i = 0; i < count; ++i) {
    const auto pattern = bytes.take<std::uint32_t>();
    // Otherwise positive and normal, in [2^-126, 2^127).
    const std::uint32_t usable = 0x0080'0000 + pattern % 0x7e80'0000;
    c.scales.push_back(floats({wild ? pattern : usable})[0]);
  }
  c.x = floats(bytes.array<std::uint32_t>(c.shape.size()));
  return c;
}

// What one target makes of a case; empty where it reports an error.
struct Outcome {
  std::optional<std::vector<float>> quantized, in_place, decoded;
  std::optional<std::vector<std::uint32_t>> codes;
  std::optional<std::vector<std::uint8_t>> exponents, narrow;
  std::optional<std::vector<std::uint16_t>> half, bf16;
  std::optional<std::vector<std::int8_t>> int8;
};

constexpr kernels::Options kOneThread{.threads = 1};

template <class T, class Run>
std::optional<std::vector<T>> output(std::size_t count, Run run) {
  std::vector<T> values(count);
  if (!run(std::span<T>(values)).ok()) return {};
  return values;
}

template <class Code>
std::optional<std::vector<Code>> encode(const Case& c, std::vector<std::uint8_t>& exponents) {
  exponents.assign(c.exponents(), 0);
  return output<Code>(c.x.size(), [&](std::span<Code> y) {
    return kernels::encode<Code>(c.format, c.x, c.shape, c.scale(), y, exponents, kOneThread);
  });
}

template <class Code>
std::optional<std::vector<float>> decode(const Case& c, const std::vector<Code>& codes,
                                         const std::vector<std::uint8_t>& exponents) {
  return output<float>(c.x.size(), [&](std::span<float> y) {
    return kernels::decode<Code>(c.format, codes, c.shape, c.scale(), y, exponents, kOneThread);
  });
}

Outcome run(const Case& c) {
  Outcome o;
  o.quantized = output<float>(c.x.size(), [&](std::span<float> y) {
    return kernels::quantize(c.format, c.x, c.shape, c.scale(), y, kOneThread);
  });
  o.in_place = c.x;
  if (!kernels::quantize(c.format, *o.in_place, c.shape, c.scale(), *o.in_place, kOneThread).ok()) {
    o.in_place.reset();
  }
  std::vector<std::uint8_t> exponents;
  o.codes = encode<std::uint32_t>(c, exponents);
  o.half = encode<std::uint16_t>(c, exponents);
  o.narrow = encode<std::uint8_t>(c, exponents);
  o.exponents = exponents;
  if (o.narrow) {
    o.decoded = decode<std::uint8_t>(c, *o.narrow, exponents);
  } else if (o.codes) {
    o.decoded = decode<std::uint32_t>(c, *o.codes, exponents);
  }
  o.bf16 = output<std::uint16_t>(c.x.size(), [&](std::span<std::uint16_t> y) {
    return kernels::to_bf16(c.format, c.x, c.shape, c.scale(), y, kOneThread);
  });
  o.int8 = output<std::int8_t>(c.x.size(), [&](std::span<std::int8_t> y) {
    return kernels::to_int8(c.format, c.x, c.shape, c.scale(), y, kOneThread);
  });
  return o;
}

template <class T>
void require_same(const std::optional<std::vector<T>>& a, const std::optional<std::vector<T>>& b,
                  const char* what, const std::string& where) {
  require(a.has_value() == b.has_value() && (!a || same_bits(*a, *b)), what, where);
}

void compare(const Outcome& o, const Outcome& twin, const std::string& where) {
  require_same(o.quantized, twin.quantized, "quantize equals its scalar twin", where);
  require_same(o.in_place, twin.quantized, "quantize in place equals its scalar twin", where);
  require_same(o.codes, twin.codes, "encode to 32 bits equals its scalar twin", where);
  require_same(o.half, twin.half, "encode to 16 bits equals its scalar twin", where);
  require_same(o.narrow, twin.narrow, "encode to 8 bits equals its scalar twin", where);
  require_same(o.exponents, twin.exponents, "shared exponents equal the scalar twin's", where);
  require_same(o.decoded, twin.decoded, "decode equals its scalar twin", where);
  require_same(o.bf16, twin.bf16, "to_bf16 equals its scalar twin", where);
  require_same(o.int8, twin.int8, "to_int8 equals its scalar twin", where);
}

// Codes of any bytes, not only those that encode makes.
void check_decode(const Case& c, Bytes bytes) {
  auto codes = bytes.array<std::uint32_t>(c.x.size());
  auto exponents = bytes.array<std::uint8_t>(c.exponents());
  for (std::size_t i = 0; i < exponents.size(); ++i) {
    exponents[i] ^= static_cast<std::uint8_t>(codes.empty() ? 0 : codes[i % codes.size()] >> 24);
  }
  std::vector<std::uint8_t> narrow(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    codes[i] &= static_cast<std::uint32_t>(formats::code_count(c.format) - 1);
    narrow[i] = static_cast<std::uint8_t>(codes[i]);
  }
  const auto any = [&] {
    return c.format.bits <= 8 ? decode<std::uint8_t>(c, narrow, exponents)
                              : decode<std::uint32_t>(c, codes, exponents);
  };
  std::optional<std::vector<float>> twin;
  {
    const kernels::ScopedTarget scope(scalar());
    twin = any();
  }
  for_each_target([&](const std::string& target) {
    require_same(any(), twin, "decode of any codes equals its scalar twin",
                 formats::name(c.format) + " on " + target);
  });
}

}  // namespace
}  // namespace posittune::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posittune::fuzz;
  Bytes bytes(data, size);
  const Bytes whole = bytes;
  const Case c = choose_case(bytes);
  Outcome twin;
  {
    const posittune::kernels::ScopedTarget scope(scalar());
    twin = run(c);
  }
  for_each_target([&](const std::string& target) {
    compare(run(c), twin, posittune::formats::name(c.format) + " on " + target);
  });
  check_decode(c, whole);
  return 0;
}
