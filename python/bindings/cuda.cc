// cuda/parameters.h: formats as the bytes that the library posittune_cuda takes.

#include <nanobind/nanobind.h>

#include "bindings.h"
#include "errors.h"
#include "posittune/cuda/parameters.h"

namespace posittune::python {
namespace nb = nanobind;

namespace {

nb::bytes device_parameters(nb::handle format, bool saturate) {
  const formats::Format plain = to_format(format);
  if (plain.block != 0) {
    throw Failed(Error{.kind = ErrorKind::kUnsupported,
                       .what = "formats with blocks have no kernels for devices",
                       .where = formats::name(plain),
                       .expected = "a format without blocks",
                       .found = formats::name(plain)});
  }
  const cuda::Parameters p = cuda::parameters_of(saturate ? formats::saturating(plain) : plain);
  return nb::bytes(&p, sizeof p);
}

}  // namespace

void bind_cuda(nb::module_& module) {
  module.def("_device_parameters", &device_parameters);
  // As posittune_cuda_abi() of the library gives it.
  module.attr("_device_abi") = static_cast<int>(sizeof(cuda::Parameters)) + (cuda::kAbi << 16);
}

}  // namespace posittune::python
