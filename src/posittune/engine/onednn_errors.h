#pragma once

// Failures of oneDNN: an end of memory becomes std::bad_alloc, so that the engine can tell it from
// a missing kernel.

#include <dnnl.hpp>
#include <new>
#include <stdexcept>

#include "posittune/base/memory.h"

namespace posittune::engine {

// Whether memory ended: oneDNN reports other codes too when no memory is left for a primitive's
// code.
inline bool is_memory(const dnnl::error& error) {
  return error.status == dnnl_out_of_memory || memory_ended(error.what());
}

// Requires success of a C call, else throws, so that a product that was not computed is never used.
inline void require(dnnl_status_t status) {
  if (status == dnnl_success) return;
  if (status == dnnl_out_of_memory || memory_ended("")) throw std::bad_alloc();
  throw std::runtime_error("oneDNN refused a product, status " +
                           std::to_string(static_cast<int>(status)));
}

}  // namespace posittune::engine
