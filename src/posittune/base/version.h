#pragma once

namespace posittune {

// Set from the project's version in CMakeLists.txt.
#ifndef POSITTUNE_VERSION
#define POSITTUNE_VERSION "unknown"
#endif
inline constexpr const char* kVersion = POSITTUNE_VERSION;

}  // namespace posittune
