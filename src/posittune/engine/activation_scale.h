#pragma once

// The scale of a static activation, from what calibration saw of it.

#include <functional>
#include <span>

#include "posittune/base/result.h"
#include "posittune/engine/input_statistics.h"
#include "posittune/engine/settings.h"
#include "posittune/quant/recipe.h"

namespace posittune::engine {

// The scale of a static activation: from the statistics, and for the rules that search, the
// estimated error of all data: that of the largest values as it is, that of the others as the
// sample shows it. (MX blocks share a scale with their neighbours: there, the sample alone.)
Result<float> static_scale(const quant::ActivationSetting& setting,
                           const InputStatistics& statistics, int threads);

// Sum of squared differences at the layer's output, of the sample quantized with each candidate.
using ErrorOfCandidate = std::function<Result<double>(const ActivationQuantizer& candidate)>;

// The same by the error at the output: of the powers of two near where absmax fits or rms is at the
// centre (further out as long as the last is the best), for the rules that are not of powers of two
// of real scales around the best. The candidates of absmax and rms_pow2 take part. Not promised to
// be the least: that error is known at the candidates only.
Result<float> output_scale(const quant::ActivationSetting& setting,
                           const InputStatistics& statistics, const ErrorOfCandidate& error);

// Whether errors of one scale are below those of another beyond noise: their mean difference by
// more than its standard error. By token or image that neither was chosen for; fewer than two tell
// nothing.
bool surely_less(std::span<const double> errors, std::span<const double> others);

}  // namespace posittune::engine
