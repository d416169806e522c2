#pragma once

// Costs of MAC units by a stated model, for use until synthesised units are measured. docs/costs.md
// explains it; it is no synthesis.
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

// Parts, by the bits that they work on. p and q are significands of the factors: with the hidden
// bit for floats and posits, with the sign for ints.
PartCost integer_multiplier(int p, int q);
PartCost integer_adder(int width);
PartCost float_multiplier(int p, int q);  // exponents added, product normalised and rounded
PartCost float_adder(int width);          // aligned, added, normalised, rounded; width >= 16
PartCost quire_shifter(int width);  // moves a product to its place in a fixed-point accumulator
PartCost posit_decoder(int bits);   // to sign, exponent and significand

// Bits of a fixed-point accumulator that holds 2^14 products exactly: for posit<n,es> the
// 4 (n-2) 2^es + 2 + 14 of the synthesised units.
int quire_width(const formats::Format& weight, const formats::Format& activation);

// The units of a pair: ints have one ("int"), floats and posits two, each with both kinds of
// accumulator ("fp32", "quire"); MX sums 32 products exactly, then adds them to an fp32.
std::vector<MacCost> placeholder_macs(const formats::Format& weight,
                                      const formats::Format& activation);

// The formats that --table-csv writes all pairs of.
std::vector<formats::Format> placeholder_formats();

// One line: model and sources.
std::string placeholder_source();

}  // namespace posittune::cost
