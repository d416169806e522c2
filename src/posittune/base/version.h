#pragma once

namespace posittune {

// Set from the project's version in CMakeLists.txt.
#ifndef POSITTUNE_VERSION
#define POSITTUNE_VERSION "unknown"
#endif
inline constexpr const char* kVersion = POSITTUNE_VERSION;

// The commit that was built ("+changes" when files differed from it); empty when built from a
// tarball.
const char* commit();

// The fingerprint of a build: 16 hex digits of a hash of the sources that decide results
// (cmake/PosittuneFingerprint.cmake): two builds with the same one measure the same.
const char* fingerprint();

}  // namespace posittune
