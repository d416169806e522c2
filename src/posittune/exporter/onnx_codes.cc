#include "posittune/exporter/onnx_codes.h"

#include <algorithm>

#include "posittune/kernels/arrays.h"

namespace posittune::exporter {
namespace {

using onnx::TensorProto;

template <class T>
std::string narrowed(const std::vector<std::uint32_t>& codes) {
  std::string bytes(codes.size() * sizeof(T), '\0');
  char* at = bytes.data();
  for (const std::uint32_t code : codes) {
    const T narrow = static_cast<T>(code);
    std::copy_n(reinterpret_cast<const char*>(&narrow), sizeof(T), at);
    at += sizeof(T);
  }
  return bytes;
}

// What keeps a runtime from computing the rest when it loads: none folds DequantizeLinear.
std::string to_int32(OnnxGraph& graph, const std::string& stored, int data_type, LutStyle style) {
  if (style == LutStyle::kFoldable || data_type != TensorProto::UINT8)
    return graph.cast(stored, TensorProto::INT32);
  const std::string zero = graph.constant("zero", TensorProto::UINT8, std::string(1, '\0'), {});
  const std::string codes = graph.add("DequantizeLinear", {stored, graph.scalar(1), zero});
  return graph.cast(codes, TensorProto::INT32);
}

// Eight codes of n bits are n bytes. Code j of them starts in byte j n / 8 at bit j n % 8 and
// reaches into the next byte, or, of more than 8 bits, into the next two:
//   code = (byte + 256 next + 65536 third) / 2^(j n % 8) mod 2^n
std::string unpacked(OnnxGraph& graph, const std::string& bytes, const PlacedCodes& placed) {
  const int n = placed.bits, pieces = n > 8 ? 3 : 2;
  std::vector<std::int64_t> at[3];
  std::vector<std::int32_t> shift;
  for (int j = 0; j < 8; ++j) {
    for (int piece = 0; piece < pieces; ++piece)
      at[piece].push_back(std::min(j * n / 8 + piece, n - 1));
    shift.push_back(1 << (j * n % 8));
  }
  const std::string rows = graph.reshape(bytes, {-1, n});
  std::string sum;
  for (int piece = 0; piece < pieces; ++piece) {
    std::string part =
        graph.add("Gather", {rows, graph.constant("byte", at[piece], {8})}, {{"axis", 1}});
    if (piece > 0) {
      const std::vector<std::int32_t> factor = {1 << (8 * piece)};
      part = graph.add("Mul", {part, graph.constant("factor", factor, {1})});
    }
    sum = sum.empty() ? part : graph.add("Add", {sum, part});
  }
  const std::string shifted = graph.add("Div", {sum, graph.constant("shift", shift, {8})});
  const std::vector<std::int32_t> modulus = {1 << n};
  std::string codes = graph.add("Mod", {shifted, graph.constant("modulus", modulus, {1})});
  if (placed.codes.size() % 8 != 0) {
    const auto end = static_cast<std::int64_t>(placed.codes.size());
    codes = graph.add("Slice", {graph.reshape(codes, {-1}),
                                graph.constant("begin", std::vector<std::int64_t>{0}, {1}),
                                graph.constant("end", std::vector<std::int64_t>{end}, {1})});
  }
  return graph.reshape(codes, placed.dims);
}

}  // namespace

Result<std::string> add_codes(OnnxGraph& graph, const PlacedCodes& placed, LutStyle style) {
  const int bits = placed.bits;
  if (bits == 8) {
    const std::string stored = graph.constant("codes", TensorProto::UINT8,
                                              narrowed<std::uint8_t>(placed.codes), placed.dims);
    return to_int32(graph, stored, TensorProto::UINT8, style);
  }
  if (bits == 16) {
    const std::string stored = graph.constant("codes", TensorProto::UINT16,
                                              narrowed<std::uint16_t>(placed.codes), placed.dims);
    return to_int32(graph, stored, TensorProto::UINT16, style);
  }
  const std::size_t padded = (placed.codes.size() + 7) / 8 * 8;
  std::string bytes(kernels::packed_bytes(padded, bits), '\0');
  const std::span out(reinterpret_cast<std::uint8_t*>(bytes.data()),
                      kernels::packed_bytes(placed.codes.size(), bits));
  if (const Status done = kernels::pack<std::uint32_t>(placed.codes, bits, out); !done)
    return done.error();
  // Viewers and runtimes know 4-bit tensors, where the opset has them.
  if (bits == 4 && graph.opset() >= 21 && style == LutStyle::kFoldable) {
    bytes.resize((placed.codes.size() + 1) / 2);
    return graph.cast(graph.constant("codes", kUint4, std::move(bytes), placed.dims),
                      TensorProto::INT32);
  }
  const auto size = static_cast<std::int64_t>(bytes.size());
  const std::string stored = graph.constant("codes", TensorProto::UINT8, std::move(bytes), {size});
  return unpacked(graph, to_int32(graph, stored, TensorProto::UINT8, style), placed);
}

}  // namespace posittune::exporter
