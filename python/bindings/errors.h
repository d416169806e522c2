#pragma once

// Errors of the library as exceptions of Python: posittune.exceptions has a class for each kind.

#include <nanobind/nanobind.h>

#include <exception>
#include <utility>

#include "posittune/base/result.h"

namespace posittune::python {

// Thrown through nanobind, which makes the Python exception of it.
struct Failed : std::exception {
  explicit Failed(Error of) : error(std::move(of)) {}
  const char* what() const noexcept override { return error.what.c_str(); }
  Error error;
};

template <class T>
T unwrap(Result<T> result) {
  if (!result) throw Failed(result.error());
  return std::move(*result);
}
inline void check(const Status& status) {
  if (!status) throw Failed(status.error());
}

void bind_errors(nanobind::module_& module);

}  // namespace posittune::python
