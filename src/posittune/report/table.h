#pragma once

// Aligned tables for the console.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace posittune::report {

enum class Align { kLeft, kRight };

struct Column {
  std::string title;
  Align align = Align::kLeft;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // Missing cells are blank; cells beyond the columns are dropped. Cells are made printable (a
  // layer may be named anything).
  void add_row(std::vector<std::string> cells);
  std::size_t rows() const { return rows_.size(); }

  // Titles, then the rows; two spaces between columns, none at the end of a line, each line ends in
  // \n. Widths are columns of a terminal.
  std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace posittune::report
