#pragma once

// Packages: a folder with one MAC unit, ready to synthesise and to test.

#include <cstddef>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/hardware/unit.h"
#include "posittune/hardware/vectors.h"

namespace posittune::hardware {

// The source files in `folder` (rtl/src) that a module needs: packages first, each module before
// those that use it. kInput when the module is missing.
Result<std::vector<std::string>> source_files(const std::string& folder, const std::string& module);

// A test bench (SystemVerilog, for any simulator with timing): reads vectors.hex and sums.hex,
// gives the pairs with gaps and back-pressure, compares, and ends with "PASS" or a fatal error.
std::string test_bench(const Unit& unit, const Vectors& vectors);

// The cell library that rtl/syn maps to, where Debian's qflow-tech-osu018 installs it.
inline constexpr const char* kLiberty = "/usr/share/qflow/tech/osu018/osu018_stdcells.lib";

// Writes the folder `to`: src/*.sv, filelist.f, synth.ys, tb.sv, vectors.hex, sums.hex, README.md;
// whole or not at all. `rtl`: the folder with src/ and syn/map.ys; `liberty`: the cell library that
// synth.ys names, which need not be there. kUsage when `to` exists or is empty; kInput, kResource
// when it cannot be written.
Status write_package(const Unit& unit, const Vectors& vectors, const std::string& rtl,
                     const std::string& liberty, const std::string& to);

}  // namespace posittune::hardware
