#include "posittune/hardware/package.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "posittune/base/files.h"
#include "posittune/formats/format.h"
#include "posittune/hardware/text.h"

namespace posittune::hardware {
namespace {

namespace fs = std::filesystem;

std::string without_comments(const std::string& text) {
  std::istringstream lines(text);
  std::string line, code;
  while (std::getline(lines, line)) code += line.substr(0, line.find("//")) + "\n";
  return code;
}

// name -> code, of all .sv files of a folder.
std::map<std::string, std::string> read_sources(const std::string& folder) {
  std::map<std::string, std::string> sources;
  std::error_code failed;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failed)) {
    if (entry.path().extension() != ".sv") continue;
    std::ifstream file(entry.path());
    std::ostringstream text;
    text << file.rdbuf();
    sources[entry.path().stem().string()] = without_comments(text.str());
  }
  return sources;
}

void visit(const std::map<std::string, std::string>& sources, const std::string& module,
           std::set<std::string>& seen, std::vector<std::string>& order) {
  if (!seen.insert(module).second) return;
  for (const auto& [other, ignored] : sources) {
    const bool used =
        std::regex_search(sources.at(module), std::regex("\\b" + other + "(::|\\s*#\\(|\\s+u_)"));
    if (other != module && used) visit(sources, other, seen, order);
  }
  order.push_back(module);
}

std::string hex(unsigned __int128 value, int bits) {
  std::string text;
  for (int place = (bits + 3) / 4 - 1; place >= 0; --place)
    text += hex_digit(static_cast<unsigned>(value >> (4 * place)));
  return text;
}

std::string vectors_text(const Unit& unit, const Vectors& vectors) {
  const int a = unit.weight.bits, b = unit.activation.bits;
  std::string text;
  for (const Operands& pair : vectors.pairs) {
    unsigned __int128 word = pair.last ? 1 : 0;
    word = word << 1 | (pair.clear ? 1U : 0U);
    word = (word << a | pair.a) << b | pair.b;
    text += hex(word, a + b + 2) + "\n";
  }
  return text;
}

// NaR is one more bit on top: a digit of its own where the accumulator fills its digits.
std::string sums_text(const Unit& unit, const Vectors& vectors) {
  std::string text;
  const int rest = unit.accumulator_bits % 4;
  for (std::size_t i = 0; i < vectors.sums.size(); ++i) {
    std::string sum = vectors.sums[i];
    if (rest == 0) {
      sum.insert(sum.begin(), vectors.nars[i] ? '1' : '0');
    } else if (vectors.nars[i]) {
      const unsigned top =
          static_cast<unsigned>(sum[0] <= '9' ? sum[0] - '0' : sum[0] - 'a' + 10) | 1U << rest;
      sum[0] = hex_digit(top);
    }
    text += sum + "\n";
  }
  return text;
}

std::string parameters_text(const Unit& unit, const char* before, const char* between) {
  std::string text;
  for (const auto& [name, value] : unit.parameters)
    text += before + name + between + std::to_string(value);
  return text;
}

// `mapping`: the text of syn/map.ys, which the project's own flow runs as well.
std::string script_text(const Unit& unit, const std::vector<std::string>& files,
                        const std::string& mapping, const std::string& liberty) {
  std::string text = "# Yosys: yosys synth.ys. The cells: " + liberty + "\n";
  for (const std::string& file : files) text += "read_verilog -sv src/" + file + "\n";
  text += "chparam" + parameters_text(unit, " -set ", " ") + " " + unit.module +
          "\nsynth -flatten -top " + unit.module + "\n";
  std::istringstream lines(mapping);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) text += replaced(line, "@LIBERTY@", liberty) + "\n";
  }
  return text + "opt_clean -purge\nstat -liberty " + liberty +
         "\nwrite_verilog -noattr netlist.v\n";
}

std::string readme_text(const Unit& unit, const Vectors& vectors) {
  return "# " + unit.module + " for " + formats::name(unit.weight) + " x " +
         formats::name(unit.activation) + "\n\n" +
         "Multiply-accumulate, one pair a cycle. Parameters:" + parameters_text(unit, " ", "=") +
         ".\nPorts and behaviour: the head of src/" + unit.module +
         ".sv. Accumulator: " + std::to_string(unit.accumulator_bits) + " bits" +
         (unit.has_nar ? ", exact; bit 0 weighs 2^" + std::to_string(unit.lsb)
          : unit.activation.family == formats::Family::kInt ? ", two's complement"
                                                            : ", fp32") +
         ".\n\n| file | what |\n|---|---|\n| filelist.f | sources in order |\n| synth.ys | `yosys "
         "synth.ys` writes netlist.v |\n"
         "| tb.sv | self-checking bench: `verilator --binary --timing -Wno-fatal -f filelist.f "
         "tb.sv --top-module tb && obj_dir/Vtb` |\n| vectors.hex | " +
         std::to_string(vectors.pairs.size()) + " pairs: last, clear, a, b |\n| sums.hex | " +
         std::to_string(vectors.sums.size()) + " sums: NaR, accumulator |\n";
}

Error cannot_write(const fs::path& folder, const std::error_code& code) {
  const bool full = code == std::errc::no_space_on_device || code == std::errc::file_too_large ||
                    code == std::error_code(EDQUOT, std::generic_category());
  return {.kind = full ? ErrorKind::kResource : ErrorKind::kInput,
          .what = "cannot write the folder",
          .where = folder.string(),
          .found = code.message()};
}

// What goes into a folder beside the copied sources.
struct Contents {
  std::vector<std::string> files;  // of rtl/src
  std::string script;
};

Status write_all(const Unit& unit, const Vectors& vectors, const fs::path& rtl,
                 const Contents& contents, const fs::path& to) {
  std::error_code failed;
  fs::create_directories(to / "src", failed);
  if (failed) return cannot_write(to, failed);
  for (const std::string& file : contents.files) {
    const auto text = read_file((rtl / "src" / file).string());
    if (!text) return text.error();
    if (const Status written = write_file((to / "src" / file).string(), *text); !written) {
      return written.error();
    }
  }
  std::string list;
  for (const std::string& file : contents.files) list += "src/" + file + "\n";
  const std::pair<const char*, std::string> texts[] = {{"filelist.f", list},
                                                       {"synth.ys", contents.script},
                                                       {"tb.sv", test_bench(unit, vectors)},
                                                       {"vectors.hex", vectors_text(unit, vectors)},
                                                       {"sums.hex", sums_text(unit, vectors)},
                                                       {"README.md", readme_text(unit, vectors)}};
  for (const auto& [name, text] : texts) {
    if (const Status written = write_file((to / name).string(), text); !written)
      return written.error();
  }
  return success();
}

}  // namespace

Result<std::vector<std::string>> source_files(const std::string& folder,
                                              const std::string& module) {
  const auto sources = read_sources(folder);
  if (!sources.contains(module)) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "no source of " + module,
                 .where = folder,
                 .expected = module + ".sv"};
  }
  std::set<std::string> seen;
  std::vector<std::string> order;
  visit(sources, module, seen, order);
  std::stable_partition(order.begin(), order.end(),
                        [](const std::string& name) { return name.ends_with("_pkg"); });
  for (std::string& name : order) name += ".sv";
  return order;
}

Status write_package(const Unit& unit, const Vectors& vectors, const std::string& rtl,
                     const std::string& liberty, const std::string& to) {
  if (to.empty())
    return Error{.kind = ErrorKind::kUsage,
                 .what = "no folder to write",
                 .where = "`output`",
                 .expected = "the name of a new folder",
                 .found = "an empty name"};
  auto files = source_files(rtl + "/src", unit.module);
  if (!files) return files.error();
  const fs::path map = fs::path(rtl) / "syn" / "map.ys";
  std::ifstream mapping(map);
  std::ostringstream commands;
  if (!(commands << mapping.rdbuf()))
    return Error{.kind = ErrorKind::kInput,
                 .what = "no commands to map the unit to cells",
                 .where = map.string(),
                 .expected = "the project's file"};
  fs::path target = fs::path(to).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();
  std::error_code failed;
  if (fs::exists(fs::symlink_status(target, failed))) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the folder is there already",
                 .where = "`output`, " + to,
                 .hint = "name a new one"};
  }
  fs::path temporary = target;
  temporary += ".tmp" + std::to_string(::getpid());
  Status done = write_all(unit, vectors, rtl,
                          {*files, script_text(unit, *files, commands.str(), liberty)}, temporary);
  if (done) {
    fs::rename(temporary, target, failed);
    if (failed) done = cannot_write(to, failed);
  }
  if (!done) fs::remove_all(temporary, failed);
  return done;
}

}  // namespace posittune::hardware
