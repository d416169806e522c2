#pragma once

// How well the scores of a cheap tier foretell those of a dearer one.

#include <span>

#include "posittune/records/sensitivity.h"

namespace posittune::sensitivity {

// tier[i] and reference[i] score the same (layer, format); what one of them has more is left out,
// and so is a pair that is not finite. Of the record, the names are left empty and these are
// filled:
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
