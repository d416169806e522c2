#include "posittune/data/tensor_cast.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "posittune/base/digits.h"
#include "posittune/base/half.h"

namespace posittune::data {
namespace {

struct Bool {
  std::uint8_t value;
};

// Calls body(T{}) with the C++ type of `type`.
template <class Body>
auto with_type(ElementType type, Body body) {
  switch (type) {
    case ElementType::kF32:
      return body(float{});
    case ElementType::kF64:
      return body(double{});
    case ElementType::kF16:
      return body(Half{});
    case ElementType::kI8:
      return body(std::int8_t{});
    case ElementType::kI16:
      return body(std::int16_t{});
    case ElementType::kI32:
      return body(std::int32_t{});
    case ElementType::kI64:
      return body(std::int64_t{});
    case ElementType::kU8:
      return body(std::uint8_t{});
    case ElementType::kBool:
      break;
  }
  return body(Bool{});
}

template <class T>
constexpr bool kFloating = std::is_floating_point_v<T> || std::is_same_v<T, Half>;

// The widest type of a kind: every number of T is one of it.
template <class T>
auto widen(T x) {
  if constexpr (kFloating<T>) {
    return static_cast<double>(static_cast<std::conditional_t<sizeof(T) == 2, float, T>>(x));
  } else if constexpr (std::is_same_v<T, Bool>) {
    return std::int64_t{x.value != 0};
  } else {
    return std::int64_t{x};
  }
}

template <class To>
std::optional<To> to_integer(std::int64_t x) {
  if constexpr (std::is_same_v<To, Bool>) {
    return x == 0 || x == 1 ? std::optional(Bool{static_cast<std::uint8_t>(x)}) : std::nullopt;
  } else {
    using Limits = std::numeric_limits<To>;
    return x >= Limits::min() && x <= Limits::max() ? std::optional(static_cast<To>(x))
                                                    : std::nullopt;
  }
}

template <class To>
To to_floating(double x) {
  if constexpr (sizeof(To) == 2) {
    // Through float: double rounding cannot hurt an exact number, and rounding to the nearest
    // asks for float at most.
    return Half(static_cast<float>(x));
  } else {
    return static_cast<To>(x);
  }
}

// 2^63 itself is no int64.
bool fits_int64(double x) { return x >= -0x1p63 && x < 0x1p63 && x == std::floor(x); }

template <class To, class From>
std::optional<To> exact(From from) {
  const auto x = widen(from);
  if constexpr (!kFloating<To>) {
    if constexpr (kFloating<From>) {
      return fits_int64(x) ? to_integer<To>(static_cast<std::int64_t>(x)) : std::nullopt;
    } else {
      return to_integer<To>(x);
    }
  } else if constexpr (kFloating<From>) {
    const To to = to_floating<To>(x);
    return std::isnan(x) || widen(to) == x ? std::optional(to) : std::nullopt;
  } else {
    const double wide = static_cast<double>(x);
    const To to = to_floating<To>(wide);
    return fits_int64(wide) && static_cast<std::int64_t>(wide) == x && widen(to) == wide
               ? std::optional(to)
               : std::nullopt;
  }
}

template <class To, class From>
std::optional<To> rounded(From from) {
  if constexpr (kFloating<To> && kFloating<From>) {
    return to_floating<To>(widen(from));
  } else {
    return exact<To>(from);
  }
}

template <class T>
T load(const std::byte* at) {
  T x;
  std::memcpy(&x, at, sizeof x);
  return x;
}

std::string number_text(double x) { return digits(x); }
std::string number_text(std::int64_t x) { return std::to_string(x); }

Error cannot_hold(const std::string& where, std::size_t index, const std::string& number,
                  ElementType from, ElementType to) {
  return {.kind = ErrorKind::kInput,
          .what = "a number does not fit the type of the model's input",
          .where = where + ", element " + std::to_string(index),
          .expected = "numbers that are exact in " + std::string(name(to)),
          .found = number + " (" + std::string(name(from)) + ")",
          .hint = "convert the array: x.astype('" + std::string(name(to)) + "')"};
}

template <bool kRound>
Result<Tensor> cast(Tensor tensor, ElementType type, const std::string& where) {
  if (tensor.type == type) return tensor;
  Tensor out{type, tensor.shape, {}};
  const std::size_t count = tensor.size();
  out.bytes.resize(count * element_bytes(type));
  auto convert = [&](auto from, auto to) -> Result<Tensor> {
    using From = decltype(from);
    using To = decltype(to);
    for (std::size_t i = 0; i < count; ++i) {
      const From x = load<From>(tensor.bytes.data() + i * sizeof(From));
      const std::optional<To> y = kRound ? rounded<To>(x) : exact<To>(x);
      if (!y) return cannot_hold(where, i, number_text(widen(x)), tensor.type, type);
      std::memcpy(out.bytes.data() + i * sizeof(To), &*y, sizeof(To));
    }
    return std::move(out);
  };
  return with_type(tensor.type, [&](auto from) {
    return with_type(type, [&](auto to) { return convert(from, to); });
  });
}

}  // namespace

Result<Tensor> cast_exact(Tensor tensor, ElementType type, const std::string& where) {
  return cast<false>(std::move(tensor), type, where);
}

Result<Tensor> cast_rounded(Tensor tensor, ElementType type, const std::string& where) {
  return cast<true>(std::move(tensor), type, where);
}

std::optional<std::size_t> find_not_finite(const Tensor& tensor) {
  return with_type(tensor.type, [&](auto kind) -> std::optional<std::size_t> {
    using T = decltype(kind);
    if constexpr (kFloating<T>) {
      const std::size_t count = tensor.size();
      const std::byte* at = tensor.bytes.data();
      for (std::size_t i = 0; i < count; ++i) {
        if (!std::isfinite(widen(load<T>(at + i * sizeof(T))))) return i;
      }
    }
    return {};
  });
}

bool is_nan(const Tensor& tensor, std::size_t index) {
  return with_type(tensor.type, [&](auto kind) {
    using T = decltype(kind);
    if constexpr (kFloating<T>) {
      return std::isnan(widen(load<T>(tensor.bytes.data() + index * sizeof(T))));
    }
    return false;
  });
}

Tensor rows_of(const Tensor& tensor, std::size_t first, std::size_t count) {
  const std::size_t row = tensor.bytes.size() / tensor.shape.front();
  Tensor out{tensor.type, tensor.shape, {}};
  out.shape.front() = count;
  const auto begin = tensor.bytes.begin() + static_cast<std::ptrdiff_t>(first * row);
  out.bytes.assign(begin, begin + static_cast<std::ptrdiff_t>(count * row));
  return out;
}

}  // namespace posittune::data
