#pragma once

// Families of formats: one table. A new family is a file with its operations (family.h), and an
// enumerator and a line here.

#include <array>
#include <cstddef>
#include <cstdint>

namespace posittune::formats {

struct FamilyOps;

enum class Family : std::uint8_t { kFloat, kInt, kPosit, kCount };

// The operations, each in its family's file.
extern const FamilyOps kFloatOps, kIntOps, kPositOps;

struct FamilyEntry {
  Family family = Family::kCount;
  const FamilyOps* ops = nullptr;
};
// In the order of Family.
inline constexpr std::array<FamilyEntry, static_cast<std::size_t>(Family::kCount)> kFamilies = {
    {{Family::kFloat, &kFloatOps}, {Family::kInt, &kIntOps}, {Family::kPosit, &kPositOps}}};

constexpr bool families_are_complete() {
  for (std::size_t i = 0; i < kFamilies.size(); ++i) {
    if (static_cast<std::size_t>(kFamilies[i].family) != i) return false;
  }
  return true;
}
static_assert(families_are_complete(), "a family has no line, or not in the order of Family");

}  // namespace posittune::formats
