#pragma once

// What the bindings share: one function for each public header.

#include <nanobind/nanobind.h>

#include <cstdint>
#include <vector>

#include "posittune/formats/format.h"

namespace posittune::python {

void bind_formats(nanobind::module_& module);  // posittune/formats.h
void bind_arrays(nanobind::module_& module);   // posittune/arrays.h
void bind_session(nanobind::module_& module);  // posittune/session.h
void bind_reports(nanobind::module_& module);  // posittune/session/run_report.h
void bind_cuda(nanobind::module_& module);     // posittune/cuda/parameters.h

// A Format, or the name of one.
formats::Format to_format(nanobind::handle object);

// NumPy arrays that own `values`.
nanobind::object to_numpy(std::vector<double> values);
nanobind::object to_numpy(std::vector<float> values);
nanobind::object to_numpy(std::vector<std::uint8_t> values);
nanobind::object to_numpy(std::vector<std::uint16_t> values);
nanobind::object to_numpy(std::vector<std::uint32_t> values);

}  // namespace posittune::python
