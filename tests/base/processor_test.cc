#include "posittune/base/processor.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace posittune {
namespace {

// Whatever it says is what the system shows, or that it shows nothing.
TEST(Processor, IsWhatTheSystemShows) {
  std::ifstream file("/proc/cpuinfo");
  std::ostringstream all;
  all << file.rdbuf();
  const std::string shown = processor(), name = shown.substr(0, shown.find(" (family "));
  if (all.str().find("model name\t: ") == std::string::npos) {
    EXPECT_EQ(shown, "unknown");
    return;
  }
  EXPECT_NE(all.str().find("model name\t: " + name + "\n"), std::string::npos) << shown;
  EXPECT_EQ(processor(), shown);
}

}  // namespace
}  // namespace posittune
