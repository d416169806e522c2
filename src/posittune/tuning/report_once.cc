#include "posittune/tuning/report_once.h"

#include <algorithm>
#include <set>

#include "posittune/base/hash.h"
#include "posittune/records/entries.h"
#include "posittune/records/journal.h"

namespace posittune::tuning {

Status claim_report(records::Journal& journal, const std::vector<Plan>& plans) {
  const std::string key = sha256_hex("report split of this search");
  std::set<std::string> wanted;
  for (const Plan& plan : plans) wanted.insert(sha256_hex(quant::to_yaml(plan.recipe)));
  auto found = journal.find(key);
  if (!found) return found.error();
  if (!*found) {
    const records::ReportEntry read{.recipes = {wanted.begin(), wanted.end()}};
    return journal.put(key, "report", records::entry_text(read));
  }
  const auto before = records::entry_from<records::ReportEntry>(**found);
  if (!before) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "the journal does not say which recipes the report split was read for",
                 .where = before.error().where};
  }
  const std::set<std::string> read(before->recipes.begin(), before->recipes.end());
  if (std::ranges::includes(read, wanted)) return success();
  return Error{.kind = ErrorKind::kUsage,
               .what = "the report split was already read for this search, for other recipes",
               .expected = "the same choices and budgets as then",
               .hint =
                   "compare recipes on the search split with `no_report`; what is chosen after a "
                   "look at the report is no longer "
                   "measured on untouched data (a new search starts where `runs` names another "
                   "folder)"};
}

}  // namespace posittune::tuning
