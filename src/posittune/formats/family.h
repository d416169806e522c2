#pragma once

// FamilyOps: what a family of formats provides. A new family is one file with one FamilyOps, and
// its entry in families.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/formats/codec.h"
#include "posittune/formats/format.h"
#include "posittune/formats/unpacked.h"

namespace posittune::formats {

struct FamilyOps {
  Family family;
  // Reads a name of a format, in lower case and without spaces. None when the name is not one of
  // this family.
  std::optional<Format> (*parse)(std::string_view text);
  std::string (*name)(const Format& format);
  Traits (*traits)(const Format& format);
  Unpacked (*decode)(const Format& format, std::uint32_t code);
  std::uint32_t (*encode)(const Format& format, const Unpacked& value);
  // The tie between the positive finite codes `code` and code + 1.
  double (*boundary_above)(const Format& format, std::uint32_t code);
  // Bit picture of a code, one line.
  std::string (*layout)(const Format& format);
  std::vector<Format> (*known)();

  std::string_view label;      // the family's name: "posit"
  std::string_view nan_label;  // "NaN", "NaR"
  // Tapered: precision falls away from the centre, so that a scale from the mean or rms of the data
  // suits the family better than one from the largest value.
  bool tapered;
  double (*centre)(const Format& format);  // see centre() in codec.h
  // Texts of the card: how values are rounded, and what becomes of values that are too large.
  std::string (*rounding)(const Format& format);
  std::string (*overflow)(const Format& format);
};

const FamilyOps& family_ops(Family family);

// Layout of a format for its card: the fields of a code, one line.
std::string layout(const Format& format);

// The mean of the values of `code` and code + 1: boundary_above of families whose ties lie in the
// middle.
double middle_above(const Format& format, std::uint32_t code);

// Reads a whole unsigned number at the front of `text` and removes it; empty when there is none or
// it has more than 3 digits.
std::optional<int> take_number(std::string_view& text);
// Removes `prefix` from the front of `text`; false when it is not there.
bool take(std::string_view& text, std::string_view prefix);

}  // namespace posittune::formats
