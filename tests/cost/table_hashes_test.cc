// The project's table of MAC units: what an edited, stripped or stale one is refused for, and a
// person's own is not.

#include "posittune/cost/table_hashes.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "posittune/base/hash.h"
#include "posittune/cost/table.h"

namespace posittune::cost {
namespace {

namespace fs = std::filesystem;

const std::string kRows =
    "unit,weight_format,activation_format,accumulator,pipeline,area_um2,nand2_eq,delay_ns,energy_"
    "pj,leakage_nw\n"
    "int_mac,int8,int8,int,0,400,500,1,0.3,10\n";

std::string without_line(std::string text, const std::string& start) {
  const std::size_t at = text.find(start);
  EXPECT_NE(at, std::string::npos) << start;
  return text.erase(at, text.find('\n', at) + 1 - at);
}

std::string with(std::string text, const std::string& old, const std::string& fresh) {
  const std::size_t at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), fresh);
}

// A folder rtl with two sources, and the table that the flow would write of them.
class ProjectTable : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("posittune-table-" + std::to_string(::getpid()));
    fs::create_directories(folder_ / "src");
    put("src/int_mac.sv", "module int_mac; endmodule\n");
    put("src/stage.sv", "module stage; endmodule\n");
    const auto of = [&](const char* name) {
      return name + std::string(1, '\0') + *sha256_file((folder_ / name).string());
    };
    const std::string head =
        "# MAC units as synthesised, written by rtl/syn/flow.py: do not edit.\n# node: 180 nm at "
        "1.8 V\n"
        "# sources: src/int_mac.sv src/stage.sv\n# sources sha256: " +
        sha256_hex(of("src/int_mac.sv") + of("src/stage.sv")) +
        "\n# rows sha256: " + sha256_hex(kRows) + "\n";
    table_ = head + "# head sha256: " + sha256_hex(head) + "\n" + kRows;
  }
  void TearDown() override { fs::remove_all(folder_); }
  void put(const char* name, const char* text) const { std::ofstream(folder_ / name) << text; }

  // The message of the shipped table's refusal; empty when it is read.
  std::string shipped(const std::string& text) const {
    const auto table = Table::from_project(text, "costs.csv", folder_.string());
    if (table.ok()) return "";
    EXPECT_EQ(table.error().kind, ErrorKind::kInput);
    EXPECT_NE(table.error().where.find("costs.csv"), std::string::npos);
    EXPECT_FALSE(table.error().expected.empty());
    EXPECT_FALSE(table.error().found.empty());
    EXPECT_NE(table.error().hint.find("rtl/syn/flow.py"), std::string::npos);
    return table.error().message();
  }
  // The same of a table that --table names.
  static std::string own(const std::string& text) {
    const auto table = Table::from_csv(text, "mine.csv");
    return table.ok() ? "" : table.error().message();
  }

  fs::path folder_;
  std::string table_;
};

TEST_F(ProjectTable, AsWritten) {
  EXPECT_EQ(shipped(table_), "");
  EXPECT_EQ(own(table_), "");
  EXPECT_TRUE(is_project_table(table_));
  EXPECT_FALSE(is_project_table(kRows));
  EXPECT_FALSE(is_project_table(kRows + "# written by rtl/syn/flow.py\n"));
}

TEST_F(ProjectTable, HashesThatWereTakenOut) {
  for (const char* line : {"# rows sha256", "# head sha256"}) {
    EXPECT_NE(shipped(without_line(table_, line)).find("edited by hand"), std::string::npos)
        << line;
    EXPECT_NE(own(without_line(table_, line)).find("edited by hand"), std::string::npos) << line;
  }
  EXPECT_NE(own(without_line(without_line(table_, "# rows sha256"), "# head sha256"))
                .find("records no hash"),
            std::string::npos);
}

TEST_F(ProjectTable, EditedRowsTitlesAndComments) {
  for (const auto& [old, fresh] : {std::pair{",400,", ",300,"},
                                   {"area_um2", "area"},
                                   {"180 nm", "45 nm"},
                                   {"src/stage.sv", "src/stage2.sv"},
                                   {"do not edit", "edited"}}) {
    EXPECT_NE(shipped(with(table_, old, fresh)).find("edited by hand"), std::string::npos) << old;
    EXPECT_NE(own(with(table_, old, fresh)).find("edited by hand"), std::string::npos) << old;
  }
  EXPECT_NE(shipped("# one more\n" + without_line(table_, "# MAC units")).find("line 1"),
            std::string::npos);
  EXPECT_NE(shipped(kRows).find("edited by hand"), std::string::npos);
}

TEST_F(ProjectTable, StaleSources) {
  put("src/stage.sv", "module stage; wire more; endmodule\n");
  EXPECT_NE(shipped(table_).find("stale"), std::string::npos);
  EXPECT_EQ(own(table_), "");  // a copy elsewhere has no sources beside it
  fs::remove(folder_ / "src/stage.sv");
  EXPECT_NE(shipped(table_).find("src/stage.sv"), std::string::npos);
}

TEST_F(ProjectTable, TablesOfOnesOwnNeedNoHash) {
  EXPECT_EQ(own(kRows), "");
  EXPECT_EQ(own("# my units\n" + kRows), "");
  EXPECT_EQ(own("# my units\n# rows sha256: " + sha256_hex(kRows) + "\n" + kRows), "");
  EXPECT_NE(
      own("# my units\n# rows sha256: " + sha256_hex("") + "\n" + kRows).find("edited by hand"),
      std::string::npos);
}

}  // namespace
}  // namespace posittune::cost
