// Which targets there are, which one is chosen, and how it is forced.

#include "posittune/kernels/dispatch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "tests/kernels/test_targets.h"

namespace posittune::kernels {
namespace {

#ifdef POSITTUNE_SIMD
constexpr bool kSimd = true;
#else
constexpr bool kSimd = false;
#endif

// Sets the variable for one test; nullptr unsets it.
class ScopedVariable {
 public:
  explicit ScopedVariable(const char* value) {
    const char* old = std::getenv(kTargetVariable);
    was_set_ = old != nullptr;
    if (was_set_) old_ = old;
    set(value);
  }
  ~ScopedVariable() { set(was_set_ ? old_.c_str() : nullptr); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  static void set(const char* value) {
    if (value == nullptr) {
      ::unsetenv(kTargetVariable);
    } else {
      ::setenv(kTargetVariable, value, 1);
    }
  }
  bool was_set_;
  std::string old_;
};

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const TargetEntry& entry : targets()) all.push_back(entry.name);
  return all;
}

// The kernel's list of what the processor can do: another source than the library's.
std::vector<std::string> processor_flags() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with("flags")) continue;
    std::istringstream words(line);
    return {std::istream_iterator<std::string>(words), {}};
  }
  return {};
}

bool has_all(const std::vector<std::string>& flags, std::initializer_list<const char*> wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const char* flag) {
    return std::find(flags.begin(), flags.end(), flag) != flags.end();
  });
}

TEST(Dispatch, TargetsOfThisBuildBestFirst) {
  EXPECT_EQ(names(), kSimd ? std::vector<std::string>({"avx512", "avx2", "scalar"})
                           : std::vector<std::string>({"scalar"}));
  EXPECT_TRUE(targets().back().supported());
  for (const TargetEntry& entry : targets()) {
    EXPECT_STREQ(entry.supported() ? entry.table().name : entry.name, entry.name);
  }
}

// The other tests of this folder run over vector_targets(): here is what that means on this
// machine.
TEST(Dispatch, TheTestsCoverWhatTheProcessorHas) {
  const auto flags = processor_flags();
  if (kSimd && flags.empty()) GTEST_SKIP() << "no /proc/cpuinfo with flags";
  std::vector<std::string> expected, found;
  const bool avx2 = kSimd && has_all(flags, {"avx2", "bmi2"});
  if (avx2 && has_all(flags, {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"})) {
    expected.push_back("avx512");
  }
  if (avx2) expected.insert(expected.end(), {"avx2", "avx512-emulated"});
  for (const Target* target : vector_targets()) found.push_back(target->name);
  EXPECT_EQ(found, expected);
  for (const std::string& name : found) std::printf("compared with the twin: %s\n", name.c_str());
}

TEST(Dispatch, WithoutTheVariableTheBestSupportedRuns) {
  const TargetEntry* best = nullptr;
  for (const TargetEntry& entry : targets()) {
    if (best == nullptr && entry.supported()) best = &entry;
  }
  for (const char* unset : {static_cast<const char*>(nullptr), ""}) {
    const ScopedVariable variable(unset);
    const auto chosen = choose_target();
    ASSERT_TRUE(chosen.ok());
    EXPECT_STREQ((*chosen)->name, best->name);
  }
}

TEST(Dispatch, TheVariableForcesEachTarget) {
  for (const TargetEntry& entry : targets()) {
    const ScopedVariable variable(entry.name);
    const auto chosen = choose_target();
    if (entry.supported()) {
      ASSERT_TRUE(chosen.ok()) << chosen.error().message();
      EXPECT_STREQ((*chosen)->name, entry.name);
    } else {
      ASSERT_FALSE(chosen.ok()) << entry.name;
      EXPECT_EQ(chosen.error().kind, ErrorKind::kUnsupported);
      EXPECT_EQ(chosen.error().where, kTargetVariable);
      EXPECT_EQ(chosen.error().found, entry.name);
      EXPECT_NE(chosen.error().hint, "");
    }
  }
}

TEST(Dispatch, AnUnknownNameIsAUsageErrorThatListsTheKnown) {
  for (const char* name : {"avx9000", "AVX2", "scalar ", "avx"}) {
    const ScopedVariable variable(name);
    const auto chosen = choose_target();
    ASSERT_FALSE(chosen.ok()) << name;
    EXPECT_EQ(chosen.error().kind, ErrorKind::kUsage);
    EXPECT_EQ(chosen.error().found, name);
    for (const std::string& known : names()) {
      EXPECT_NE(chosen.error().expected.find(known), std::string::npos) << known;
    }
  }
}

// active_target() decides once per process, so each case needs a process of its own.
[[noreturn]] void exit_with_active(const char* variable, const std::string& expected) {
  ::setenv(kTargetVariable, variable, 1);
  std::fprintf(stderr, "runs %s", active_target().name);
  std::exit(active_target().name == expected ? 0 : 1);
}

TEST(DispatchDeathTest, TheVariableDecidesWhatAProcessRuns) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";  // a fresh process, not a fork of this one
  std::string best;
  for (const TargetEntry& entry : targets()) {
    if (!entry.supported()) continue;
    if (best.empty()) best = entry.name;
    EXPECT_EXIT(exit_with_active(entry.name, entry.name), testing::ExitedWithCode(0), entry.name);
  }
  EXPECT_EXIT(exit_with_active("avx9000", best), testing::ExitedWithCode(0), best);
  for (const TargetEntry& entry : targets()) {
    if (entry.supported()) continue;
    EXPECT_EXIT(exit_with_active(entry.name, best), testing::ExitedWithCode(0), best);
  }
}

TEST(Dispatch, ScopedTargetReplacesAndRestores) {
  const Target& before = active_target();
  for (const Target* target : all_targets()) {
    const ScopedTarget outer(*target);
    EXPECT_EQ(&active_target(), target);
    {
      const ScopedTarget inner(scalar_target());
      EXPECT_EQ(&active_target(), &scalar_target());
    }
    EXPECT_EQ(&active_target(), target);
  }
  EXPECT_EQ(&active_target(), &before);
}

}  // namespace
}  // namespace posittune::kernels
