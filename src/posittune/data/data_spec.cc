#include "posittune/data/data_spec.h"

namespace posittune::data {
namespace {

constexpr std::string_view kResizes[] = {"none", "stretch", "letterbox", "center_crop"};

template <class Enum, std::size_t n>
std::optional<Enum> find(const std::string_view (&names)[n], std::string_view name) {
  for (std::size_t i = 0; i < n; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return {};
}

}  // namespace

std::string_view name(Resize resize) { return kResizes[static_cast<std::size_t>(resize)]; }
std::optional<Resize> resize_mode(std::string_view name) { return find<Resize>(kResizes, name); }

}  // namespace posittune::data
