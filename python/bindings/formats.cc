// formats.h: formats by name, their cards, values and codes.

#include "posittune/formats.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/operators.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <functional>

#include "bindings.h"
#include "errors.h"

namespace posittune::python {
namespace nb = nanobind;
using namespace nb::literals;
using formats::Format;

namespace {

Format parse(const std::string& text) { return unwrap(formats::parse_format(text)); }

std::uint32_t known_code(const Format& format, std::uint64_t code) {
  if (code >= formats::code_count(format)) {
    throw Failed(Error{.kind = ErrorKind::kUsage,
                       .what = "no such code",
                       .where = formats::name(format),
                       .expected = "0 to " + std::to_string(formats::code_count(format) - 1),
                       .found = std::to_string(code)});
  }
  return static_cast<std::uint32_t>(code);
}

nb::object values(const Format& format) {
  if (format.bits > 16) {
    throw Failed(Error{.kind = ErrorKind::kUsage,
                       .what = "too many codes for a table of values",
                       .where = formats::name(format),
                       .expected = "at most 16 bits",
                       .found = std::to_string(format.bits)});
  }
  return to_numpy(formats::value_table(format));
}

}  // namespace

void bind_formats(nb::module_& module) {
  nb::class_<Format>(module, "Format",
                     "A number format: a grid of values and a code for each.\n\n"
                     "Formats are equal when their canonical names are.")
      .def(
          "__init__", [](Format* self, const std::string& name) { new (self) Format(parse(name)); },
          "name"_a,
          "Any spelling, case-insensitive: \"posit<8,1>\", \"p8e1\", \"int8\", \"fp8_e4m3\",\n"
          "\"mxfp6\" ... UsageError with the nearest known names otherwise.")
      .def_prop_ro(
          "name", [](const Format& f) { return formats::name(f); }, "The canonical spelling.")
      .def_prop_ro(
          "bits", [](const Format& f) { return int{f.bits}; },
          "Width of one code in bits, sign included.")
      .def_prop_ro(
          "block", [](const Format& f) { return int{f.block}; },
          "Elements that share one E8M0 scale (OCP MX: 32); 0 for none.")
      .def_prop_ro(
          "max", [](const Format& f) { return formats::traits(f).max; },
          "The largest finite value, before a scale.")
      .def_prop_ro(
          "min", [](const Format& f) { return formats::traits(f).min; },
          "The smallest positive value: minpos of a posit, the smallest subnormal.")
      .def_prop_ro(
          "epsilon", [](const Format& f) { return formats::traits(f).epsilon; },
          "Distance from 1 to the next larger value; 0 where 1 is the largest.")
      .def_prop_ro(
          "significand_bits", [](const Format& f) { return formats::traits(f).significand_bits; },
          "Most bits, the hidden one included, that any value needs.")
      .def_prop_ro(
          "nan_code", [](const Format& f) { return formats::traits(f).nan_code; },
          "The code of NaN (posit: NaR); None for formats without one.")
      .def_prop_ro(
          "has_infinity", [](const Format& f) { return formats::traits(f).has_infinity; },
          "Whether it has codes of infinities.")
      .def_prop_ro(
          "standard", [](const Format& f) { return formats::traits(f).standard; },
          "Whether a standard document defines it.")
      .def_prop_ro(
          "source", [](const Format& f) { return formats::traits(f).source; },
          "The document that defines it.")
      .def(
          "encode", [](const Format& f, double x) { return formats::encode(f, x); }, "x"_a,
          "The code nearest to x: to nearest, ties to even (posit standard 2022, 4.1).\n\n"
          "Of a block format, on the element grid, before the shared scale.")
      .def(
          "decode",
          [](const Format& f, std::uint64_t code) {
            return formats::decode(f, known_code(f, code));
          },
          "code"_a, "The value of a code, exact; NaN for NaN and NaR.")
      .def(
          "round", [](const Format& f, double x) { return formats::round(f, x); }, "x"_a,
          "decode(encode(x)), except that NaN stays NaN in formats without a code for it.")
      .def("values", &values, nb::sig("def values(self) -> numpy.typing.NDArray[numpy.float64]"),
           "All values in the order of their codes: float64 of 2**bits elements, at most 16 bits.")
      .def(
          "accuracy",
          [](const Format& f, std::size_t most) {
            std::vector<double> x, decimals;
            for (const auto& point : formats::decimal_accuracy(f, most)) {
              x.push_back(point.x);
              decimals.push_back(point.decimals);
            }
            return nb::make_tuple(to_numpy(std::move(x)), to_numpy(std::move(decimals)));
          },
          "points"_a = 4096,
          nb::sig(
              "def accuracy(self, points: int = 4096) -> "
              "tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]"),
          "Decimal accuracy -log10(|log10(round(x) / x)|) in the worst place of each gap between\n"
          "neighbouring positive values, as (x, decimals), two float64 arrays.\n\n"
          "Source: Gustafson, Beating Floating Point at its Own Game, 2017.")
      .def("__repr__", [](const Format& f) { return "Format('" + formats::name(f) + "')"; })
      .def("__str__", [](const Format& f) { return formats::name(f); })
      .def(
          "__eq__",
          [](const Format& a, nb::handle b) {
            return nb::isinstance<Format>(b) && a == nb::cast<Format>(b);
          },
          nb::arg("other").none())
      .def("__hash__", [](const Format& f) { return std::hash<std::string>()(formats::name(f)); })
      .def("__reduce__", [](const Format& f) {
        return nb::make_tuple(nb::type<Format>(), nb::make_tuple(formats::name(f)));
      });
  module.def("formats", &formats::known_formats,
             "Every named format, and the common posits and ints.");
}

}  // namespace posittune::python
