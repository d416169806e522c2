#include "posittune/model/layer_kind.h"

#include <array>

namespace posittune::model {
namespace {

// In the order of LayerKind.
constexpr std::size_t kKinds = static_cast<std::size_t>(LayerKind::kCount);
constexpr std::array<LayerTraits, kKinds> kTraits = {{
    {LayerKind::kMatMul, "MatMul", 1, 0, 1, Moments::kInput},
    {LayerKind::kConvolution, "Convolution", 1, 0, 1, Moments::kPatches},
    {LayerKind::kTransposedConvolution, "TransposedConvolution", 1, 0, 1, Moments::kPatches},
    {LayerKind::kEmbedding, "Embedding", 0, 1, 0, Moments::kUses},
    {LayerKind::kAttention, "Attention", 2, 0, std::nullopt, Moments::kNone},
}};
constexpr bool complete() {
  for (std::size_t i = 0; i < kKinds; ++i) {
    if (static_cast<std::size_t>(kTraits[i].kind) != i || kTraits[i].name.empty()) return false;
  }
  return true;
}
static_assert(complete(), "a kind of layer has no entry, or not in the order of LayerKind");

}  // namespace

const LayerTraits& traits(LayerKind kind) { return kTraits[static_cast<std::size_t>(kind)]; }

}  // namespace posittune::model
