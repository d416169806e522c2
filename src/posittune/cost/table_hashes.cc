#include "posittune/cost/table_hashes.h"

#include <algorithm>
#include <sstream>

#include "posittune/base/hash.h"

namespace posittune::cost {
namespace {

constexpr std::string_view kMark = "written by rtl/syn/flow.py", kHeadHash = "# head sha256: ";
constexpr const char* kWriteAgain = "rtl/syn/flow.py writes it again";

// Calls `take` with each line, without its end.
template <class Take>
void for_lines(std::string_view text, Take take) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    take(text.substr(at, end - at));
    at = end + 1;
  }
}

// SHA-256 of the lines that `wanted` picks.
template <class Wanted>
std::string lines_hash(std::string_view text, Wanted wanted) {
  Sha256 hash;
  for_lines(text, [&](std::string_view line) {
    if (wanted(line)) hash.update(line).update(std::string_view("\n"));
  });
  return hash.hex();
}

bool is_comment(std::string_view line) { return line.starts_with('#'); }

// A recorded hash against what it is of; `part` names both.
Status check_hash(std::string_view text, const std::string& where, const char* part,
                  const std::string& found, bool needed) {
  const std::string name = std::string(part) + " sha256", recorded = comment_value(text, name);
  if (recorded == found || (recorded.empty() && !needed)) return success();
  Error error{.kind = ErrorKind::kInput,
              .what = "",
              .where = where,
              .expected = "",
              .found = found,
              .hint = kWriteAgain};
  if (recorded.empty()) {
    error.what = "the table is the project's own and records no hash of its " + std::string(part) +
                 ": it was edited by hand";
    error.expected = "a line \"# " + name + ": " + found + "\"";
    error.found = "no such line";
    error.hint +=
        "; a table of your own is named with `table=FILE` and begins without the line that says "
        "who wrote it";
    return error;
  }
  constexpr std::size_t kMaxEcho = 64;  // a hash
  error.what = "the " + std::string(part) +
               " of the table are not those that its recorded hash is for: it was edited by hand";
  error.expected = name + " " + recorded.substr(0, kMaxEcho);
  if (!needed) error.hint += "; for a table of your own, leave out the line \"# " + name + "\"";
  return error;
}

Error stale(const std::string& where, const std::string& expected, const std::string& found) {
  return {.kind = ErrorKind::kInput,
          .what = "the table is stale: the units or the flow changed since it was made",
          .where = where,
          .expected = expected,
          .found = found,
          .hint = std::string(kWriteAgain) + "; `table=placeholder` does without"};
}

}  // namespace

std::string comment_value(std::string_view text, std::string_view name) {
  const std::string start = "# " + std::string(name) + ": ";
  std::string value;
  for_lines(text, [&](std::string_view line) {
    if (!value.empty() || !line.starts_with(start)) return;
    line.remove_prefix(start.size());
    const auto first = line.find_first_not_of(" \t\r");
    if (first != std::string_view::npos)
      value = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
  });
  return value;
}

bool is_project_table(std::string_view text) {
  return text.substr(0, text.find('\n')).find(kMark) != std::string_view::npos;
}

Status check_hashes(std::string_view text, const std::string& where, bool project) {
  if (project && !is_project_table(text)) {
    return Error{
        .kind = ErrorKind::kInput,
        .what = "the project's table does not begin as it was written: it was edited by hand",
        .where = where + ", line 1",
        .expected = "a comment with \"" + std::string(kMark) + "\"",
        .found = "another line",
        .hint = std::string(kWriteAgain) + "; a table of your own goes elsewhere: `table=FILE`"};
  }
  const std::string rows =
      lines_hash(text, [](std::string_view line) { return !is_comment(line); });
  if (const Status ok = check_hash(text, where, "rows", rows, project); !ok || !project) return ok;
  const std::string head = lines_hash(
      text, [](std::string_view line) { return is_comment(line) && !line.starts_with(kHeadHash); });
  return check_hash(text, where, "head", head, true);
}

Status check_sources(std::string_view text, const std::string& where,
                     const std::string& rtl_folder) {
  const std::string recorded = comment_value(text, "sources sha256");
  std::istringstream names(comment_value(text, "sources"));
  if (recorded.empty() || names.peek() == std::istringstream::traits_type::eof()) {
    return stale(where, "the lines \"# sources\" and \"# sources sha256\"",
                 "a table of an older flow");
  }
  Sha256 hash;
  std::string name;
  while (names >> name) {
    const auto digits = sha256_file(rtl_folder + "/" + name);
    if (!digits) return stale(where, name, "no such file in " + rtl_folder);
    hash.update(std::string_view(name))
        .update(std::string_view("\0", 1))
        .update(std::string_view(*digits));
  }
  if (const std::string found = hash.hex(); found != recorded)
    return stale(where, "sources sha256 " + recorded, found);
  return success();
}

}  // namespace posittune::cost
