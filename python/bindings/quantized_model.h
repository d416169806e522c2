#pragma once

// session/quantized_model.h: a model's numbers under a recipe.

#include <nanobind/nanobind.h>

#include "posittune/session/quantized_model.h"

namespace posittune::python {

// A dict that python/posittune/quantized.py makes dataclasses of:
//   layers: names of weights, by layer
//   weights: by name, (compensated, group, runs); a run of rows is (format, codes: rows x cols,
//     scales, exponents: rows x blocks or None)
//   input_scales: by layer, a list of numbers
//   corrections: by layer, an array
nanobind::dict to_python(session::QuantizedModel model);

}  // namespace posittune::python
