#include "bindings.h"

namespace posittune::python {
void bind_session(nanobind::module_&) {}
}  // namespace posittune::python
