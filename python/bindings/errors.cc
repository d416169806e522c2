#include "errors.h"

#include <nanobind/stl/string.h>

namespace posittune::python {
namespace nb = nanobind;

namespace {

// The pending exception of Python: an instance of the class of the error's kind.
void set_exception(const Error& error) {
  nb::object kinds = nb::module_::import_("posittune.exceptions").attr("KINDS");
  nb::object type = kinds[static_cast<int>(error.kind) - 1];
  nb::object instance = type(error.what, error.where, error.expected, error.found, error.hint);
  PyErr_SetObject(type.ptr(), instance.ptr());
}

}  // namespace

void bind_errors(nb::module_&) {
  nb::register_exception_translator([](const std::exception_ptr& pending, void*) {
    try {
      std::rethrow_exception(pending);
    } catch (const Failed& failed) {
      // Ctrl-C has set KeyboardInterrupt already.
      if (failed.error.kind == ErrorKind::kInterrupted && PyErr_Occurred()) return;
      set_exception(failed.error);
    }
  });
}

}  // namespace posittune::python
