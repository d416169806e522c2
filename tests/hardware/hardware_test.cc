// Units, vectors and packages, without a simulator; tests/rtl_syn/package_test.py runs what they
// make.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "posittune/formats/codec.h"
#include "posittune/hardware/package.h"

namespace posittune::hardware {
namespace {

namespace fs = std::filesystem;

Unit unit(const char* weight, const char* activation, int pipeline = 0) {
  auto made =
      unit_for(*formats::parse_format(weight), *formats::parse_format(activation), pipeline);
  EXPECT_TRUE(made.ok()) << weight << " " << activation;
  return *made;
}

TEST(Unit, ModulesAndWidths) {
  const Unit posit = unit("posit<8,1>", "posit<8,1>");
  EXPECT_EQ(posit.module, "posit_mac");
  EXPECT_EQ(posit.accumulator_bits, 64);
  EXPECT_EQ(posit.lsb, -24);
  EXPECT_EQ(unit("posit<5,1>", "posit<8,1>").module, "posit_mac_mixed");
  EXPECT_EQ(unit("posit<5,1>", "posit<8,1>").accumulator_bits, 64);
  EXPECT_EQ(unit("int8", "int8").module, "int_mac");
  EXPECT_EQ(unit("int4", "int8").parameters.front(), std::pair(std::string("A_N"), 4));
  EXPECT_EQ(unit("int16", "int5").module, "int_mac");
  EXPECT_EQ(unit("bf16", "bf16", 3).parameters.back(), std::pair(std::string("PIPELINE"), 3));
}

TEST(Unit, WhatThereIsNot) {
  const auto error = [](const char* weight, const char* activation, int pipeline) {
    return unit_for(*formats::parse_format(weight), *formats::parse_format(activation), pipeline)
        .error();
  };
  for (const auto& [weight, activation] : {std::pair{"posit<3,0>", "posit<3,0>"},
                                           {"posit<8,1>", "posit<6,1>"},
                                           {"posit<6,0>", "posit<8,1>"},
                                           {"int8", "posit<8,1>"},
                                           {"mxfp8", "mxfp8"},
                                           {"fp8_e3m4", "fp8_e3m4"},
                                           {"posit<8,1>ftz", "posit<8,1>ftz"}}) {
    EXPECT_EQ(error(weight, activation, 0).kind, ErrorKind::kUnsupported) << weight;
    EXPECT_NE(error(weight, activation, 0).hint.find("nearest"), std::string::npos);
  }
  EXPECT_NE(error("posit<3,0>", "posit<3,0>", 0).hint.find("posit<4,0>"), std::string::npos);
  EXPECT_NE(error("posit<6,0>", "posit<8,1>", 0).hint.find("posit<6,1> x posit<8,1>"),
            std::string::npos);
  EXPECT_NE(error("posit<6,0>", "posit<8,1>", 0).hint.find("posit<6,0> x posit<8,0>"),
            std::string::npos);
  EXPECT_NE(error("int3", "int8", 0).hint.find("int4 x int8"), std::string::npos);
  EXPECT_EQ(error("int8", "int8", 4).kind, ErrorKind::kUsage);
}

// Products and sums of these are exact in double.
double sum_of(const Vectors& vectors, const formats::Format& format, std::size_t& pair) {
  double sum = 0;
  while (true) {
    const Operands& each = vectors.pairs[pair++];
    sum += formats::decode(format, each.a) * formats::decode(format, each.b);
    if (each.last) return sum;
  }
}

TEST(Vectors, SumsOfPosits) {
  const Unit of = unit("posit<6,1>", "posit<6,1>");
  const Vectors vectors = make_vectors(of, 3000, 5);
  ASSERT_GT(vectors.sums.size(), 50U);
  std::size_t pair = 0;
  int nars = 0;
  for (std::size_t s = 0; s < vectors.sums.size(); ++s) {
    const double expected = sum_of(vectors, of.weight, pair);
    ASSERT_EQ(vectors.nars[s], std::isnan(expected));
    nars += vectors.nars[s] ? 1 : 0;
    if (vectors.nars[s]) continue;
    const auto up = static_cast<int>(64 - vectors.sums[s].size() * 4);
    const auto code =
        static_cast<std::int64_t>(std::stoull(vectors.sums[s], nullptr, 16) << up) >> up;
    ASSERT_EQ(std::ldexp(static_cast<double>(code), of.lsb), expected) << s;
  }
  EXPECT_GT(nars, 0);
  EXPECT_EQ(pair, vectors.pairs.size());
}

TEST(Vectors, TheSameForTheSameSeed) {
  const Unit of = unit("bf16", "bf16");
  EXPECT_EQ(make_vectors(of, 500, 1).sums, make_vectors(of, 500, 1).sums);
  EXPECT_NE(make_vectors(of, 500, 1).sums, make_vectors(of, 500, 2).sums);
  EXPECT_EQ(make_vectors(of, 1, 1).sums.size(), 1U);
}

class PackageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("posittune-hardware-" + std::to_string(::getpid()));
    fs::create_directories(folder_ / "src");
    fs::create_directories(folder_ / "syn");
    std::ofstream(folder_ / "syn/map.ys") << "# not copied\nmap_to @LIBERTY@ twice @LIBERTY@\n";
    std::ofstream(folder_ / "src/int_mac.sv")
        << "// like posit_mac #(\nmodule int_mac; part_a #(1) u_a(); endmodule\n";
    std::ofstream(folder_ / "src/part_a.sv")
        << "module part_a; localparam int W = some_pkg::W; endmodule\n";
    std::ofstream(folder_ / "src/some_pkg.sv") << "package some_pkg; endpackage\n";
    std::ofstream(folder_ / "src/posit_mac.sv") << "module posit_mac; endmodule\n";
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string at(const char* name) const { return (folder_ / name).string(); }

  fs::path folder_;
};

TEST_F(PackageTest, OnlyWhatIsUsedInOrder) {
  EXPECT_EQ(*source_files(at("src"), "int_mac"),
            (std::vector<std::string>{"some_pkg.sv", "part_a.sv", "int_mac.sv"}));
  EXPECT_EQ(source_files(at("src"), "float_mac").error().kind, ErrorKind::kInput);
}

TEST_F(PackageTest, WholeOrNotAtAll) {
  const Unit of = unit("int8", "int8");
  const Vectors vectors = make_vectors(of, 10, 1);
  ASSERT_TRUE(write_package(of, vectors, folder_.string(), kLiberty, at("out")).ok());
  for (const char* file : {"filelist.f", "synth.ys", "tb.sv", "vectors.hex", "sums.hex",
                           "README.md", "src/int_mac.sv"})
    EXPECT_TRUE(fs::exists(folder_ / "out" / file)) << file;
  EXPECT_EQ(write_package(of, vectors, folder_.string(), kLiberty, at("out")).error().kind,
            ErrorKind::kUsage);
  EXPECT_FALSE(write_package(of, vectors, at("nothing"), kLiberty, at("other")).ok());
  EXPECT_FALSE(write_package(of, vectors, folder_.string(), kLiberty, at("src/int_mac.sv/x")).ok());
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder_)) ++entries;
  EXPECT_EQ(entries, 3U);  // src, syn, out
  EXPECT_EQ(write_package(of, vectors, folder_.string(), kLiberty, "").error().kind,
            ErrorKind::kUsage);
}

// The commands of the flow, with the library that was asked for.
TEST_F(PackageTest, ScriptOfTheFlow) {
  const Unit of = unit("int4", "int8");
  ASSERT_TRUE(
      write_package(of, make_vectors(of, 10, 1), folder_.string(), "/cells/mine.lib", at("out"))
          .ok());
  std::ifstream file(folder_ / "out/synth.ys");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_NE(text.find("chparam -set A_N 4 -set N 8"), std::string::npos) << text;
  EXPECT_NE(text.find("\nmap_to /cells/mine.lib twice /cells/mine.lib\n"), std::string::npos)
      << text;
  EXPECT_EQ(text.find("not copied"), std::string::npos);
  fs::remove(folder_ / "syn/map.ys");
  EXPECT_EQ(write_package(of, make_vectors(of, 10, 1), folder_.string(), kLiberty, at("other"))
                .error()
                .kind,
            ErrorKind::kInput);
}

}  // namespace
}  // namespace posittune::hardware
