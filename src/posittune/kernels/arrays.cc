#include "posittune/kernels/arrays.h"

#include <algorithm>

#include "posittune/base/threads.h"
#include "posittune/kernels/dispatch.h"
#include "posittune/kernels/runs.h"

namespace posittune::kernels {
namespace {

using formats::Format;

// Arrays whose input and output together exceed this are written past the caches, as memcpy does:
// otherwise each line of y would be read before it is overwritten.
constexpr std::size_t kStreamBytes = std::size_t{32} << 20;

std::size_t index(Kind kind) { return static_cast<std::size_t>(kind); }
std::size_t block_of(const Format& format) { return format.block; }
std::size_t exponent_count(const Format& format, Shape shape) {
  const std::size_t block = block_of(format);
  return block == 0 ? 0 : shape.rows * ((shape.cols + block - 1) / block);
}

template <class Out>
Status check(const Format& format, std::span<const float> x, Shape shape, const Scales& scales,
             std::span<Out> out) {
  if (Status s = check_scales(scales, shape, block_of(format)); !s) return s;
  if (Status s = check_length("x", x.data(), x.size(), shape.size()); !s) return s;
  return check_length("output", out.data(), out.size(), shape.size());
}

Status check_codes(const Format& format, std::size_t code_bytes, std::size_t exponents,
                   Shape shape) {
  if (format.bits > 8 * code_bytes) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "codes of " + formats::name(format) + " do not fit the array type",
                 .where = "codes",
                 .expected = "at least " + std::to_string(format.bits) + " bits",
                 .found = std::to_string(8 * code_bytes)};
  }
  if (format.block != 0 && code_bytes > 1) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "codes of block formats are bytes",
                 .where = "codes",
                 .expected = "8 bits",
                 .found = std::to_string(8 * code_bytes)};
  }
  if (exponents != exponent_count(format, shape)) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "number of shared exponents does not match the shape",
                 .where = "exponents",
                 .expected = std::to_string(exponent_count(format, shape)),
                 .found = std::to_string(exponents)};
  }
  return success();
}

// The entry of a target's table for a code type.
template <class Code>
auto encode_entry(const Target& t, Kind kind) {
  if constexpr (sizeof(Code) == 1)
    return t.encode8[index(kind)];
  else if constexpr (sizeof(Code) == 2)
    return t.encode16[index(kind)];
  else
    return t.encode32[index(kind)];
}
template <class Code>
auto decode_entry(const Target& t, Kind kind) {
  if constexpr (sizeof(Code) == 1)
    return t.decode8[index(kind)];
  else if constexpr (sizeof(Code) == 2)
    return t.decode16[index(kind)];
  else
    return t.decode32[index(kind)];
}
template <class Code>
auto pack_entry(const Target& t) {
  if constexpr (sizeof(Code) == 1)
    return t.pack8;
  else if constexpr (sizeof(Code) == 2)
    return t.pack16;
  else
    return t.pack32;
}
template <class Code>
auto unpack_entry(const Target& t) {
  if constexpr (sizeof(Code) == 1)
    return t.unpack8;
  else if constexpr (sizeof(Code) == 2)
    return t.unpack16;
  else
    return t.unpack32;
}

// Position of a run's first block in an array of shared exponents.
std::size_t exponent_index(const Format& format, Shape shape, const Run& run) {
  const std::size_t block = block_of(format);
  return run.row * ((shape.cols + block - 1) / block) + run.col / block;
}

Status check_pack(std::size_t count, int bits, int code_bits, std::size_t bytes) {
  if (bits < 1 || bits > code_bits) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "cannot pack codes of this width",
                 .where = "bits",
                 .expected = "1 to " + std::to_string(code_bits),
                 .found = std::to_string(bits)};
  }
  return check_length("packed bytes", &bytes, bytes, packed_bytes(count, bits));
}

// Codes per task of pack and unpack: a multiple of 8, so that tasks begin at whole bytes.
constexpr std::size_t kPackTask = 64 * 1024;

template <class Body>
void for_pack_tasks(std::size_t count, int bits, int threads, Body body) {
  parallel_for((count + kPackTask - 1) / kPackTask, threads, [&](std::size_t task) {
    const std::size_t first = task * kPackTask;
    body(first, std::min(kPackTask, count - first), first / 8 * static_cast<std::size_t>(bits));
  });
}

}  // namespace

Status quantize(const Format& format, std::span<const float> x, Shape shape, const Scales& scales,
                std::span<float> y, Options options) {
  if (Status s = check(format, x, shape, scales, y); !s) return s;
  const Plan plan = make_plan(format);
  const Target& target = active_target();
  const bool stream = x.data() != y.data() && 2 * x.size_bytes() > kStreamBytes;
  const auto run_of =
      stream ? target.quantize_stream[index(plan.kind)] : target.quantize[index(plan.kind)];
  const auto entry = format.block != 0 ? target.block_quantize : run_of;
  for_each_run(scales, shape, block_of(format), options.threads, [&](const Run& run) {
    entry(plan, x.data() + run.first, y.data() + run.first, run.count, run.scale, run.inverse);
  });
  return success();
}

template <class Code>
Status encode(const Format& format, std::span<const float> x, Shape shape, const Scales& scales,
              std::span<Code> codes, std::span<std::uint8_t> exponents, Options options) {
  if (Status s = check(format, x, shape, scales, codes); !s) return s;
  if (Status s = check_codes(format, sizeof(Code), exponents.size(), shape); !s) return s;
  const Plan plan = make_plan(format);
  const Target& target = active_target();
  if constexpr (sizeof(Code) == 1) {
    if (format.block != 0) {
      for_each_run(scales, shape, block_of(format), options.threads, [&](const Run& run) {
        target.block_encode(plan, x.data() + run.first, codes.data() + run.first,
                            exponents.data() + exponent_index(format, shape, run), run.count,
                            run.scale);
      });
      return success();
    }
  }
  const auto entry = encode_entry<Code>(target, plan.encode_kind);
  for_each_run(scales, shape, 0, options.threads, [&](const Run& run) {
    entry(plan, x.data() + run.first, codes.data() + run.first, run.count, run.scale, run.inverse);
  });
  return success();
}

template <class Code>
Status decode(const Format& format, std::span<const Code> codes, Shape shape, const Scales& scales,
              std::span<float> y, std::span<const std::uint8_t> exponents, Options options) {
  if (Status s = check_scales(scales, shape, block_of(format)); !s) return s;
  if (Status s = check_length("codes", codes.data(), codes.size(), shape.size()); !s) return s;
  if (Status s = check_length("output", y.data(), y.size(), shape.size()); !s) return s;
  if (Status s = check_codes(format, sizeof(Code), exponents.size(), shape); !s) return s;
  const Plan plan = make_plan(format);
  const Target& target = active_target();
  if constexpr (sizeof(Code) == 1) {
    if (format.block != 0) {
      for_each_run(scales, shape, block_of(format), options.threads, [&](const Run& run) {
        target.block_decode(plan, codes.data() + run.first,
                            exponents.data() + exponent_index(format, shape, run),
                            y.data() + run.first, run.count, run.inverse);
      });
      return success();
    }
  }
  const auto entry = decode_entry<Code>(target, plan.decode_kind);
  for_each_run(scales, shape, 0, options.threads, [&](const Run& run) {
    entry(plan, codes.data() + run.first, y.data() + run.first, run.count, run.inverse);
  });
  return success();
}

bool exact_in_bf16(const Format& format) {
  const formats::Traits t = formats::traits(format);
  const formats::FloatRange range = formats::float_range(format);
  // bf16 has fp32's exponents and 8 significand bits; its smallest subnormal is 2^-133.
  const bool in_range = range.low >= 0x1p-126f || formats::plain(format) == formats::bf16();
  return format.block == 0 && t.significand_bits <= 8 && in_range;
}

Status to_bf16(const Format& format, std::span<const float> x, Shape shape, const Scales& scales,
               std::span<std::uint16_t> y, Options options) {
  if (Status s = check(format, x, shape, scales, y); !s) return s;
  if (!exact_in_bf16(format)) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "values of " + formats::name(format) + " are not exact in bf16",
                 .expected = "at most 8 significand bits and no shared block scale",
                 .found = std::to_string(formats::traits(format).significand_bits) + " bits"};
  }
  const Plan plan = make_plan(format);
  const auto entry = active_target().to_bf16[index(plan.kind)];
  for_each_run(scales, shape, 0, options.threads, [&](const Run& run) {
    entry(plan, x.data() + run.first, y.data() + run.first, run.count, run.scale, run.inverse);
  });
  return success();
}

Status to_int8(const Format& format, std::span<const float> x, Shape shape, const Scales& scales,
               std::span<std::int8_t> y, Options options) {
  if (Status s = check(format, x, shape, scales, y); !s) return s;
  if (format.family != formats::Family::kInt || format.bits > 8 || format.block != 0 ||
      format.variant != 0) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "values of " + formats::name(format) + " are not 8-bit integers",
                 .expected = "int2 to int8"};
  }
  const Plan plan = make_plan(format);
  const auto entry = active_target().to_int8[index(plan.kind)];
  for_each_run(scales, shape, 0, options.threads, [&](const Run& run) {
    entry(plan, x.data() + run.first, y.data() + run.first, run.count, run.scale, run.inverse);
  });
  return success();
}

std::size_t packed_bytes(std::size_t count, int bits) {
  // count * bits / 8 without overflow
  const auto width = static_cast<std::size_t>(bits);
  return count / 8 * width + (count % 8 * width + 7) / 8;
}

template <class Code>
Status pack(std::span<const Code> codes, int bits, std::span<std::uint8_t> out, Options options) {
  if (Status s = check_pack(codes.size(), bits, 8 * sizeof(Code), out.size()); !s) return s;
  const auto entry = pack_entry<Code>(active_target());
  for_pack_tasks(codes.size(), bits, options.threads,
                 [&](std::size_t first, std::size_t count, std::size_t byte) {
                   entry(codes.data() + first, count, bits, out.data() + byte);
                 });
  return success();
}

template <class Code>
Status unpack(std::span<const std::uint8_t> in, int bits, std::span<Code> codes, Options options) {
  if (Status s = check_pack(codes.size(), bits, 8 * sizeof(Code), in.size()); !s) return s;
  const auto entry = unpack_entry<Code>(active_target());
  for_pack_tasks(codes.size(), bits, options.threads,
                 [&](std::size_t first, std::size_t count, std::size_t byte) {
                   entry(in.data() + byte, count, bits, codes.data() + first);
                 });
  return success();
}

#define POSITTUNE_INSTANTIATE(Code)                                                   \
  template Status encode(const Format&, std::span<const float>, Shape, const Scales&, \
                         std::span<Code>, std::span<std::uint8_t>, Options);          \
  template Status decode(const Format&, std::span<const Code>, Shape, const Scales&,  \
                         std::span<float>, std::span<const std::uint8_t>, Options);   \
  template Status pack(std::span<const Code>, int, std::span<std::uint8_t>, Options); \
  template Status unpack(std::span<const std::uint8_t>, int, std::span<Code>, Options);
POSITTUNE_INSTANTIATE(std::uint8_t)
POSITTUNE_INSTANTIATE(std::uint16_t)
POSITTUNE_INSTANTIATE(std::uint32_t)
#undef POSITTUNE_INSTANTIATE

}  // namespace posittune::kernels
