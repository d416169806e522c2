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

  // Adds a row. Missing cells are blank; cells beyond the columns are dropped. Cells are made
  // printable (names of layers may hold any bytes).
  void add_row(std::vector<std::string> cells);
  std::size_t rows() const { return rows_.size(); }

  // The text: titles, then the rows. Columns are two spaces apart, no line ends in spaces, and each
  // line ends in "\n".
  // Widths are columns of a terminal.
  std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace posittune::report
