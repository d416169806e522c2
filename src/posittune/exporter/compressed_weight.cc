#include "posittune/exporter/compressed_weight.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "posittune/exporter/archive_tensors.h"
#include "posittune/kernels/arrays.h"

namespace posittune::exporter {
namespace {

bool is_int(const formats::Format& format) {
  return format.family == formats::Family::kInt && format.block == 0 && format.variant == 0 &&
         format.bits <= 8;
}

// The package has one exponent for a block: a scale has to be a power of two, and leave it in
// range.
bool folds(const CodeGroup& group) {
  if (group.scales.size() != 1 || !powers_of_two(group.scales)) return false;
  const int shift = std::ilogb(group.scales.front());
  for (const std::uint8_t exponent : group.exponents) {
    const int folded = exponent - shift;
    // Below 2^-126 the package's bfloat16 has subnormals, which not every device keeps.
    if (folded < 1 || folded > 254) return false;
  }
  return true;
}

std::string bytes_of(const std::vector<std::uint8_t>& bytes) {
  return std::string(bytes.begin(), bytes.end());
}

// Codes of a signed integer plus 2^(bits - 1), each row packed into whole words of 32 bits.
Result<std::string> packed_words(const CodeGroup& group, std::size_t cols) {
  auto codes = unpacked(group, cols);
  if (!codes) return codes.error();
  const std::uint32_t sign = std::uint32_t{1} << (group.bits - 1);
  for (std::uint32_t& code : *codes) code ^= sign;
  const std::size_t words = (cols * static_cast<std::size_t>(group.bits) + 31) / 32;
  std::string text;
  std::vector<std::uint8_t> row(kernels::packed_bytes(cols, group.bits));
  for (std::size_t r = 0; r < group.rows.size(); ++r) {
    const auto mine = std::span(std::as_const(*codes)).subspan(r * cols, cols);
    if (const Status ok = kernels::pack<std::uint32_t>(mine, group.bits, row); !ok)
      return ok.error();
    text.append(row.begin(), row.end());
    text.append(words * 4 - row.size(), '\0');
  }
  return text;
}

// 1 / scale, by which the package multiplies, as the kernels do.
std::string inverse_scales(const CodeGroup& group) {
  std::vector<float> inverse = group.scales;
  for (float& scale : inverse) scale = 1.0F / scale;
  return to_bytes(inverse);
}

std::string folded_exponents(const CodeGroup& group) {
  const int shift = std::ilogb(group.scales.front());
  std::string bytes;
  for (const std::uint8_t exponent : group.exponents) bytes += static_cast<char>(exponent - shift);
  return bytes;
}

std::string shape_bytes(const CodedWeight& weight) {
  std::string bytes;
  for (const std::uint64_t size : {weight.rows, weight.cols}) {
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>(size >> (8 * i) & 0xff);
  }
  return bytes;
}

}  // namespace

std::optional<CompressedScheme> compressed_scheme(const CodedWeight& weight, bool int8_tokens) {
  if (weight.groups.size() != 1 || weight.groups.front().formats.size() != 1) return {};
  const CodeGroup& group = weight.groups.front();
  const formats::Format& format = group.formats.front();
  CompressedScheme scheme{.format = "",
                          .type = is_int(format) ? "int" : "float",
                          .bits = format.bits,
                          .strategy = "group",
                          .group = weight.group};
  if (format.block > 0) {
    const bool fp4 = format == formats::mx(formats::minifloat(2, 1));
    const bool fp8 = format == formats::mx(formats::minifloat(4, 3));
    if ((!fp4 && !fp8) || weight.cols % kBlock != 0 || !folds(group)) return {};
    scheme.format = fp4 ? "mxfp4-pack-quantized" : "mxfp8-quantized";
    scheme.group = kBlock;
    scheme.blocks = true;
    return scheme;
  }
  if (weight.group > 0 && weight.cols % weight.group != 0) return {};
  if (weight.group == 0 || group.scales.size() == 1) {
    scheme.strategy = group.scales.size() == 1 ? "tensor" : "channel";
    scheme.group = 0;
  }
  scheme.int8_tokens = int8_tokens && format == formats::integer(8);
  if (is_int(format)) {
    scheme.format = scheme.int8_tokens ? "int-quantized" : "pack-quantized";
  } else if (format == formats::minifloat(4, 3)) {
    scheme.format = "float-quantized";
  } else {
    return {};
  }
  return scheme;
}

Result<std::vector<StoredTensor>> compressed_tensors(const std::string& module,
                                                     const CodedWeight& weight,
                                                     const CompressedScheme& scheme) {
  const CodeGroup& group = weight.groups.front();
  const std::uint64_t rows = weight.rows, cols = weight.cols;
  const auto bits = static_cast<std::uint64_t>(group.bits);
  const auto codes = [&group] { return bytes_of(group.packed); };
  std::vector<StoredTensor> made;
  if (scheme.format == "pack-quantized") {
    made.push_back(
        {module + ".weight_packed", "I32", {rows, (cols * bits + 31) / 32}, [&group, cols] {
           return packed_words(group, cols);
         }});
    made.push_back(
        {module + ".weight_shape", "I64", {2}, [&weight] { return shape_bytes(weight); }});
  } else if (scheme.format == "mxfp4-pack-quantized") {
    made.push_back({module + ".weight_packed", "U8", {rows, cols / 2}, codes});
  } else {
    made.push_back(
        {module + ".weight", scheme.type == "int" ? "I8" : "F8_E4M3", {rows, cols}, codes});
  }
  if (scheme.blocks) {
    made.push_back({module + ".weight_scale", "U8", {rows, cols / kBlock}, [&group] {
                      return folded_exponents(group);
                    }});
    return made;
  }
  std::vector<std::uint64_t> shape = {1};
  if (scheme.strategy != "tensor") shape = {rows, group.scales.size() / weight.rows};
  made.push_back(
      {module + ".weight_scale", "F32", shape, [&group] { return inverse_scales(group); }});
  return made;
}

}  // namespace posittune::exporter
