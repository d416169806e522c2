#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <string>

#include "bindings.h"
#include "errors.h"
#include "posittune/base/version.h"

namespace posittune::python {
namespace nb = nanobind;

formats::Format to_format(nb::handle object) {
  if (nb::isinstance<formats::Format>(object)) return nb::cast<formats::Format>(object);
  if (nb::isinstance<nb::str>(object))
    return unwrap(formats::parse_format(nb::cast<nb::str>(object).c_str()));
  throw nb::type_error("a format is a posittune.Format or the name of one");
}

namespace {

template <class T>
nb::object own(std::vector<T> values) {
  auto* moved = new std::vector<T>(std::move(values));
  const nb::capsule owner(moved, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::cast(nb::ndarray<nb::numpy, T, nb::ndim<1>>(moved->data(), {moved->size()}, owner));
}

}  // namespace

nb::object to_numpy(std::vector<double> values) { return own(std::move(values)); }
nb::object to_numpy(std::vector<float> values) { return own(std::move(values)); }
nb::object to_numpy(std::vector<std::uint8_t> values) { return own(std::move(values)); }
nb::object to_numpy(std::vector<std::uint16_t> values) { return own(std::move(values)); }
nb::object to_numpy(std::vector<std::uint32_t> values) { return own(std::move(values)); }

}  // namespace posittune::python

NB_MODULE(_core, module) {
  namespace python = posittune::python;
  module.doc() = "The native part of posittune.";
  python::bind_errors(module);
  python::bind_formats(module);
  python::bind_arrays(module);
  python::bind_session(module);
  python::bind_reports(module);
  python::bind_cuda(module);
}
