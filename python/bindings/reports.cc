// session/run_report.h: reports of run folders.

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "errors.h"
#include "posittune/session/run_report.h"

namespace posittune::python {
namespace nb = nanobind;

void bind_reports(nb::module_& module) {
  module.def(
      "_report",
      [](const std::vector<std::string>& run_folders, const std::string& format) {
        const session::ReportFormat of = unwrap(session::parse_report_format(format));
        const nb::gil_scoped_release unlocked;
        return unwrap(session::report_text(run_folders, of));
      },
      nb::arg("run_folders"), nb::arg("format"));
}

}  // namespace posittune::python
