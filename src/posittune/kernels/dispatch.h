#pragma once

// Dispatch: which instruction set the kernels use.

#include <span>
#include <string>
#include <string_view>

#include "posittune/base/result.h"
#include "posittune/kernels/target.h"

namespace posittune::kernels {

// The environment variable that forces a target: "scalar", "avx2" or "avx512".
inline constexpr const char* kTargetVariable = "POSITTUNE_SIMD";

// A target by name. Call table() only where supported().
struct TargetEntry {
  const char* name;
  bool (*supported)();
  const Target& (*table)();
};

// Targets of this build, best first; the last is "scalar".
std::span<const TargetEntry> targets();

// The target in use: the best supported one, or the forced one. A forced name that does not exist
// or that this processor lacks is an error (kUsage, kUnsupported) when asked for here; the kernels
// then run as if it were not set.
Result<const Target*> choose_target();
const Target& active_target();

// Replaces the active target until the object dies, for tests. Not for concurrent use.
class ScopedTarget {
 public:
  explicit ScopedTarget(const Target& target);
  ~ScopedTarget();
  ScopedTarget(const ScopedTarget&) = delete;
  ScopedTarget& operator=(const ScopedTarget&) = delete;

 private:
  const Target* previous_;
};

}  // namespace posittune::kernels
