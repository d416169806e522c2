#pragma once

// Placeholder costs of MAC units: a published model for formats without synthesised units, which
// docs/costs.md explains.
//
// Energies, and the areas of integer parts: M. Horowitz, "Computing's energy problem (and what we
// can do about it)", ISSCC 2014, 45 nm, 0.9 V. Areas of what floats and posits need beyond
// integers: ratios of whole MACs that one flow synthesised for OSU018 (180 nm), int8 : posit<8,1> :
// bf16 : posit<16,1> = 33.0 : 50.2 : 74.4 : 146 thousand um2; see the .cc for why not Horowitz's
// float areas.

#include <string>
#include <vector>

#include "posittune/cost/table.h"
#include "posittune/formats/format.h"

namespace posittune::cost {

struct PartCost {
  double area_um2 = 0, energy_pj = 0;
};

// Parts by their widths in bits. p and q are significands of the factors: with the hidden bit for
// floats and posits, with the sign for ints.
PartCost integer_multiplier(int p, int q);
PartCost integer_adder(int width);
PartCost float_multiplier(int p, int q);  // exponents added, product normalised and rounded
PartCost float_adder(int width);          // aligned, added, normalised, rounded; width >= 16
PartCost quire_shifter(int width);  // moves a product to its place in a fixed-point accumulator
PartCost posit_decoder(int bits);   // gives sign, exponent, significand

// The width of a fixed-point accumulator that holds 2^14 products exactly: for posit<n,es> 4 (n-2)
// 2^es + 2 + 14 bits, as in the synthesised units.
int quire_width(const formats::Format& weight, const formats::Format& activation);

// The units of a pair: ints have one ("int"), floats and posits two, one for each kind of
// accumulator ("fp32", "quire"); MX sums 32 products exactly, then adds the sum to an fp32.
std::vector<MacCost> placeholder_macs(const formats::Format& weight,
                                      const formats::Format& activation);

// The formats whose pairs a table without a model lists (`posittune cost --table-csv`).
std::vector<formats::Format> placeholder_formats();

// The source of the placeholder in one line: model and publications.
std::string placeholder_source();

}  // namespace posittune::cost
