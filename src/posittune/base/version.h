#pragma once

namespace posittune {

// POSITTUNE_VERSION is the project's version, which CMakeLists.txt sets.
#ifndef POSITTUNE_VERSION
#define POSITTUNE_VERSION "unknown"
#endif
inline constexpr const char* kVersion = POSITTUNE_VERSION;

}  // namespace posittune
