#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

#include "posittune/engine/gemm.h"
#include "posittune/engine/path_speed.h"
#include "posittune/engine/settings.h"
#include "posittune/formats/codec.h"
#include "posittune/kernels/arrays.h"

namespace posittune::engine {
namespace {

// The int8 kernels without VNNI go through saturating int16 sums: not exact, so not used.
bool has_vnni() { return __builtin_cpu_supports("avx512vnni") != 0; }
// Without these instructions oneDNN would only imitate bf16, slower than fp32.
bool has_bf16() { return __builtin_cpu_supports("avx512bf16") != 0; }

constexpr std::size_t kM = 5, kN = 19, kK = 67;

// A product of odd sizes with the largest int8 values, against plain sums.
template <class T, class Encode, class Gemm>
bool self_test(Encode encode, Gemm gemm) {
  std::vector<T> x(kM * kK), w(kN * kK);
  std::vector<int> xi(x.size()), wi(w.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = encode(xi[i] = i % 3 == 0 ? -127 : static_cast<int>(i * 37 % 255) - 127);
  for (std::size_t i = 0; i < w.size(); ++i)
    w[i] = encode(wi[i] = i % 5 == 0 ? 127 : static_cast<int>(i * 91 % 255) - 127);
  std::vector<float> y(kM * kN);
  const std::array<float, 1> one = {1.0F};
  if (!gemm({kM, kN, kK}, x.data(), w.data(), y.data(), Unscale{one, one}, 1)) return false;
  for (std::size_t i = 0; i < kM; ++i) {
    for (std::size_t j = 0; j < kN; ++j) {
      int sum = 0;  // below 2^21: exact in fp32 in every order
      for (std::size_t k = 0; k < kK; ++k) sum += xi[i * kK + k] * wi[j * kK + k];
      if (y[i * kN + j] != static_cast<float>(sum)) return false;
    }
  }
  return true;
}

std::uint16_t bf16_of(int value) {
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(static_cast<float>(value)) >> 16);
}

}  // namespace

std::string_view name(Path path) {
  constexpr std::array<std::string_view, 4> names = {"int8", "bf16", "fp32", "quire"};
  return names[static_cast<std::size_t>(path)];
}

bool path_works(Path path) {
  static const bool int8 =
      has_vnni() &&
      self_test<std::int8_t>([](int v) { return static_cast<std::int8_t>(v); }, gemm_int8);
  static const bool bf16 = has_bf16() && self_test<std::uint16_t>(bf16_of, gemm_bf16);
  return path == Path::kInt8 ? int8 : path == Path::kBf16 ? bf16 : true;
}

Result<Path> most_preferred_path() {
  const char* text = std::getenv(kPathVariable);
  if (text == nullptr || *text == '\0') return Path::kInt8;
  for (const Path path : {Path::kInt8, Path::kBf16, Path::kFp32}) {
    if (std::string_view(text) == name(path)) return path;
  }
  return Error{.kind = ErrorKind::kUsage,
               .what = "unknown path of multiplication",
               .where = kPathVariable,
               .expected = "fp32, bf16 or int8",
               .found = text};
}

bool path_is_forced() {
  const char* text = std::getenv(kPathVariable);
  return text != nullptr && *text != '\0';
}

std::vector<Path> path_order() {
  const auto first = most_preferred_path();
  if (!path_is_forced() || !first.ok()) return order_by_speed(path_times());
  std::vector<Path> order;
  for (const Path path : {Path::kInt8, Path::kBf16, Path::kFp32}) {
    if (path >= *first && path_works(path)) order.push_back(path);
  }
  return order;
}

std::string product_paths() {
  const std::vector<Path> order = path_order();
  const Path bf16 =
      *std::find_if(order.begin(), order.end(), [](Path path) { return path != Path::kInt8; });
  return "int8 formats: " + std::string(name(order.front())) +
         ", bf16 formats: " + std::string(name(bf16));
}

namespace {

// Products of grid values, and sums of a million of them, are ordinary floats: bf16 x bf16 or
// posit<8,4> x posit<8,4> (2^192) are not, and scales often put the largest values there.
bool products_fit(const formats::Format& weight, const formats::Format& activation) {
  constexpr int kTerms = 20;
  const formats::FloatRange w = formats::float_range(weight), a = formats::float_range(activation);
  return std::log2(w.high) + std::log2(a.high) + kTerms <=
             std::numeric_limits<float>::max_exponent - 1 &&
         std::log2(w.low) + std::log2(a.low) >= std::numeric_limits<float>::min_exponent - 1;
}

}  // namespace

Path choose_path(const std::optional<formats::Format>& weight,
                 const std::optional<formats::Format>& activation, bool scale_per_group,
                 quant::Accumulate accumulate, std::span<const Path> order) {
  if (accumulate == quant::Accumulate::kQuire) return Path::kQuire;
  if (!weight || !activation || scale_per_group) return Path::kFp32;
  const auto small_int = [](const formats::Format& format) {
    return format.family == formats::Family::kInt && format.bits <= 8 && format.block == 0 &&
           format.variant == 0;
  };
  const auto exact = [&](Path path) {
    if (path == Path::kInt8) return small_int(*weight) && small_int(*activation);
    if (path != Path::kBf16) return true;
    return kernels::exact_in_bf16(*weight) && kernels::exact_in_bf16(*activation) &&
           products_fit(*weight, *activation);
  };
  const auto found = std::find_if(order.begin(), order.end(), exact);
  return found == order.end() ? Path::kFp32 : *found;
}

Path choose_path(const std::optional<formats::Format>& weight,
                 const std::optional<formats::Format>& activation, bool scale_per_group,
                 quant::Accumulate accumulate) {
  return choose_path(weight, activation, scale_per_group, accumulate, path_order());
}

}  // namespace posittune::engine
