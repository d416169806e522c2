#pragma once

// Metrics that Python computes.

#include <nanobind/nanobind.h>

#include <functional>
#include <vector>

#include "posittune/metrics/custom_metric.h"

namespace posittune::python {

// Runs a call with the interpreter's lock. False where Python raised, which the job then raises.
using Guarded = std::function<bool(const std::function<void()>& call)>;

// Custom metrics from objects of posittune/metrics.py. They are called without the lock.
std::vector<metrics::CustomMetric> to_metrics(const nanobind::list& objects,
                                              const Guarded& guarded);

}  // namespace posittune::python
