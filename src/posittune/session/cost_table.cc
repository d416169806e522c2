#include "posittune/session/cost_table.h"

#include <cmath>
#include <filesystem>

#include "posittune/base/files.h"
#include "posittune/session/rtl_folder.h"

namespace posittune::session {
namespace {

// Whether a file is the table that comes with the project, under whatever name.
bool is_shipped(const std::string& path, const std::optional<std::string>& costs) {
  std::error_code ignored;
  return costs && std::filesystem::equivalent(path, *costs, ignored);
}

Result<cost::Table> chosen_table(const TableChoice& choice) {
  const TableSource source = choice.source;
  if (source == TableSource::kPlaceholder) return cost::Table::placeholder();
  const auto costs = rtl_costs();
  const bool own = source == TableSource::kFile;
  if (!costs && source == TableSource::kAny) return cost::Table::placeholder();
  if (!costs && !own) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "no table of synthesised units",
                 .where = "`table=rtl`",
                 .expected = "rtl/syn/costs.csv in this folder or above the executable",
                 .hint = "set POSITTUNE_RTL to the project's rtl folder"};
  }
  const std::string path = own ? choice.file : *costs;
  auto text = read_file(path);
  if (!text) return of_field(text.error(), "table");
  return is_shipped(path, costs) ? cost::Table::from_project(*text, path, *rtl_folder())
                                 : cost::Table::from_csv(*text, path);
}

Status check_energy(const std::optional<double>& pj_per_bit, const char* field) {
  if (!pj_per_bit || (std::isfinite(*pj_per_bit) && *pj_per_bit >= 0)) return success();
  return Error{.kind = ErrorKind::kUsage,
               .what = "not an energy",
               .where = std::string("`") + field + "`",
               .expected = "a number of pJ",
               .found = std::to_string(*pj_per_bit)};
}

}  // namespace

Result<cost::Table> open_table(const TableChoice& choice) {
  if (const Status ok = check_energy(choice.memory_pj_per_bit, "memory_pj_per_bit"); !ok)
    return ok.error();
  if (const Status ok = check_energy(choice.activation_pj_per_bit, "activation_pj_per_bit"); !ok)
    return ok.error();
  auto table = chosen_table(choice);
  if (!table) return table.error();
  if (const Status ok = table->prefer(choice.accumulator, choice.pipeline); !ok) return ok.error();
  return table;
}

std::optional<Fallback> fallback_table(const TableChoice& choice, const cost::Table& table,
                                       const Error& error) {
  if (choice.source != TableSource::kAny || table.is_placeholder() || !cost::is_missing_unit(error))
    return std::nullopt;
  Fallback fallback{
      cost::Table::placeholder(),
      error.what + "; all costs are of the built-in model instead (`table=rtl`: an error)"};
  if (!fallback.table.prefer(choice.accumulator, choice.pipeline)) return std::nullopt;
  return fallback;
}

cost::Memory memory_for(const TableChoice& choice, const cost::Table& table) {
  cost::Memory memory = cost::memory_of(table);
  if (choice.memory_pj_per_bit) memory.weight_pj_per_bit = *choice.memory_pj_per_bit;
  if (choice.activation_pj_per_bit) memory.activation_pj_per_bit = *choice.activation_pj_per_bit;
  return memory;
}

}  // namespace posittune::session
