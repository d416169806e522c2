#include "posittune/tuning/report_once.h"

#include <algorithm>
#include <set>

#include "posittune/base/hash.h"
#include "posittune/records/journal.h"

namespace posittune::tuning {

Status claim_report(records::Journal& journal, const std::vector<Plan>& plans) {
  const std::string key = sha256_hex("report split of this search");
  std::set<std::string> wanted;
  for (const Plan& plan : plans) wanted.insert(sha256_hex(quant::to_yaml(plan.recipe)));
  auto found = journal.find(key);
  if (!found) return found.error();
  if (!*found) return journal.put(key, "report", {{"recipes", wanted}});
  std::set<std::string> read;
  try {
    read = (**found).at("recipes").get<std::set<std::string>>();
  } catch (const nlohmann::json::exception&) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "the journal does not say which recipes the report split was read for"};
  }
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
