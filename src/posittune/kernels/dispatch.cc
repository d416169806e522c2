#include "posittune/kernels/dispatch.h"

#include <atomic>
#include <cstdlib>

namespace posittune::kernels {
namespace {

std::atomic<const Target*> active{nullptr};

#ifdef POSITTUNE_SIMD
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"); }
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512cd");
}
#endif

constexpr TargetEntry kTargets[] = {
#ifdef POSITTUNE_SIMD
    {"avx512", has_avx512, avx512_target},
    {"avx2", has_avx2, avx2_target},
#endif
    {"scalar", [] { return true; }, scalar_target},
};

const Target* best_target() {
  for (const TargetEntry& entry : kTargets) {
    if (entry.supported()) return &entry.table();
  }
  return &scalar_target();
}

}  // namespace

std::span<const TargetEntry> targets() { return kTargets; }

Result<const Target*> choose_target() {
  const char* forced = std::getenv(kTargetVariable);
  if (forced == nullptr || *forced == '\0') return best_target();
  std::string names;
  for (const TargetEntry& entry : kTargets) {
    names += (names.empty() ? "" : ", ") + std::string(entry.name);
    if (std::string_view(forced) != entry.name) continue;
    if (entry.supported()) return &entry.table();
    return Error{
        .kind = ErrorKind::kUnsupported,
        .what = "this processor cannot run the kernels it was told to use",
        .where = kTargetVariable,
        .found = forced,
        .hint = "unset the variable to take the best one, " + std::string(best_target()->name)};
  }
  return Error{.kind = ErrorKind::kUsage,
               .what = "unknown instruction set",
               .where = kTargetVariable,
               .expected = "one of " + names,
               .found = forced};
}

const Target& active_target() {
  const Target* target = active.load(std::memory_order_acquire);
  if (target == nullptr) {
    const auto chosen = choose_target();
    target = chosen.ok() ? *chosen : best_target();
    active.store(target, std::memory_order_release);
  }
  return *target;
}

ScopedTarget::ScopedTarget(const Target& target) : previous_(&active_target()) {
  active.store(&target, std::memory_order_release);
}
ScopedTarget::~ScopedTarget() { active.store(previous_, std::memory_order_release); }

}  // namespace posittune::kernels
