// Packages without a simulator; tests/rtl_syn/package_test.py runs what they make.

#include "posittune/hardware/package.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/hardware/units.h"

namespace posittune::hardware {
namespace {

namespace fs = std::filesystem;

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
