#pragma once

// Agreement: how well the scores of a cheap tier predict those of a more expensive one.

#include <span>

#include "posittune/records/sensitivity.h"

namespace posittune::sensitivity {

// The agreement of tier[i] and reference[i], which score the same (layer, format). If one is
// longer, its rest is left out, as are pairs that are not finite. The names of the record stay
// empty; it gets:
//   pairs      how many are left.
//   spearman   the correlation of their ranks, equal scores sharing the average of their ranks.
//              reference: C. Spearman, "The Proof and Measurement of Association between Two
//              Things", 1904.
//   r2_log     of the least squares line log(reference) = a + b log(tier), over the pairs in which
//              both are positive. It is the square of their correlation.
//   ratio      median of reference / tier over the same pairs, the mean of the middle two when
//              their number is even.
// NaN where there are fewer than 3 pairs; the first two also where either side is constant.
records::AgreementRecord agreement(std::span<const double> tier, std::span<const double> reference);

}  // namespace posittune::sensitivity
