// arrays.h: formats on arrays. What is here takes flat, contiguous arrays and says how they are cut
// into rows; python/posittune/arrays.py makes these of any array.

#include "posittune/arrays.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include "bindings.h"
#include "errors.h"

namespace posittune::python {
namespace nb = nanobind;
using namespace nb::literals;
using kernels::Shape;

namespace {

template <class T>
using Flat = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <class T>
std::span<T> span(const Flat<T>& array) {
  return {array.data(), array.size()};
}

kernels::Scales scales_of(const Flat<const float>& values, std::size_t group) {
  return {span(values), group};
}

void quantize(nb::handle format, const Flat<const float>& x, std::size_t rows, std::size_t cols,
              const Flat<const float>& scales, std::size_t group, const Flat<float>& y,
              bool saturate, int threads) {
  const formats::Format plain = to_format(format);
  const nb::gil_scoped_release release;
  check(kernels::quantize(saturate ? formats::saturating(plain) : plain, span(x), Shape{rows, cols},
                          scales_of(scales, group), span(y), {.threads = threads}));
}

template <class Code>
void encode(nb::handle format, const Flat<const float>& x, std::size_t rows, std::size_t cols,
            const Flat<const float>& scales, std::size_t group, const Flat<Code>& codes,
            const Flat<std::uint8_t>& exponents, bool saturate, int threads) {
  const formats::Format plain = to_format(format);
  const nb::gil_scoped_release release;
  check(kernels::encode<Code>(saturate ? formats::saturating(plain) : plain, span(x),
                              Shape{rows, cols}, scales_of(scales, group), span(codes),
                              span(exponents), {.threads = threads}));
}

template <class Code>
void decode(nb::handle format, const Flat<const Code>& codes, std::size_t rows, std::size_t cols,
            const Flat<const float>& scales, std::size_t group, const Flat<float>& y,
            const Flat<const std::uint8_t>& exponents, int threads) {
  const formats::Format plain = to_format(format);
  const nb::gil_scoped_release release;
  check(kernels::decode<Code>(plain, span(codes), Shape{rows, cols}, scales_of(scales, group),
                              span(y), span(exponents), {.threads = threads}));
}

template <class Code>
void pack(const Flat<const Code>& codes, int bits, const Flat<std::uint8_t>& out, int threads) {
  const nb::gil_scoped_release release;
  check(kernels::pack<Code>(span(codes), bits, span(out), {.threads = threads}));
}

template <class Code>
void unpack(const Flat<const std::uint8_t>& in, int bits, const Flat<Code>& codes, int threads) {
  const nb::gil_scoped_release release;
  check(kernels::unpack<Code>(span(in), bits, span(codes), {.threads = threads}));
}

template <class Code>
void bind_codes(nb::module_& module) {
  module.def("_encode", &encode<Code>);
  module.def("_decode", &decode<Code>);
  module.def("_pack", &pack<Code>);
  module.def("_unpack", &unpack<Code>);
}

nb::object choose_scales(nb::handle format, const std::string& rule, const Flat<const float>& x,
                         std::size_t rows, std::size_t cols, bool per_row,
                         const Flat<const float>& weights, int threads) {
  const formats::Format plain = to_format(format);
  const quant::ScaleRule of = unwrap(quant::parse_scale_rule(rule));
  std::vector<float> scales;
  {
    const nb::gil_scoped_release release;
    scales = unwrap(quant::choose_scales(plain, of, span(x), Shape{rows, cols}, per_row,
                                         span(weights), {.threads = threads}));
  }
  return to_numpy(std::move(scales));
}

// Of statistics: finite elements, the largest, sums of magnitudes and of squares.
nb::object direct_scales(nb::handle format, const std::string& rule,
                         const Flat<const std::uint64_t>& counts, const Flat<const float>& absmax,
                         const Flat<const double>& sums, const Flat<const double>& squares) {
  const quant::ScaleRule of = unwrap(quant::parse_scale_rule(rule));
  const formats::Format scaled = quant::scaled_format(to_format(format), of);
  const std::size_t n = counts.size();
  if (absmax.size() != n || sums.size() != n || squares.size() != n || quant::entry(of).searches())
    throw nb::value_error("statistics of another number, or a rule that searches");
  std::vector<float> scales;
  for (std::size_t i = 0; i < n; ++i) {
    const kernels::Statistics statistics{.count = counts.data()[i],
                                         .zeros = 0,
                                         .nonfinite = 0,
                                         .absmax = absmax.data()[i],
                                         .sum_abs = sums.data()[i],
                                         .sum_squares = squares.data()[i]};
    scales.push_back(quant::direct_scale(scaled, of, statistics));
  }
  return to_numpy(std::move(scales));
}

nb::dict difference(nb::handle format, const Flat<const float>& x, const Flat<const float>& y,
                    std::size_t rows, std::size_t cols, const Flat<const float>& scales,
                    std::size_t group, int threads) {
  const formats::Format plain = to_format(format);
  kernels::Difference found;
  {
    const nb::gil_scoped_release release;
    found = unwrap(kernels::difference(plain, span(x), span(y), Shape{rows, cols},
                                       scales_of(scales, group), {.threads = threads}));
  }
  nb::dict result;
  result["count"] = found.count;
  result["nonfinite"] = found.nonfinite;
  result["saturated"] = found.saturated;
  result["overflowed"] = found.overflowed;
  result["to_zero"] = found.to_zero;
  result["max_error"] = found.max_error;
  result["sqnr_db"] = found.sqnr_db();
  return result;
}

}  // namespace

void bind_arrays(nb::module_& module) {
  module.def("_quantize", &quantize);
  bind_codes<std::uint8_t>(module);
  bind_codes<std::uint16_t>(module);
  bind_codes<std::uint32_t>(module);
  module.def("_choose_scales", &choose_scales);
  module.def("_direct_scales", &direct_scales);
  module.def("_difference", &difference);
  module.def("_packed_bytes", &kernels::packed_bytes);
  module.def(
      "scale_rules",
      [] {
        std::vector<std::string> names;
        nb::list list;
        for (const std::string_view name : quant::scale_rule_names())
          list.append(nb::str(name.data(), name.size()));
        return list;
      },
      nb::sig("def scale_rules() -> list[str]"), "Names of the rules that choose a scale.");
  module.def("_is_chosen_from_data", [](const std::string& rule) {
    return quant::entry(unwrap(quant::parse_scale_rule(rule))).of_data();
  });
}

}  // namespace posittune::python
