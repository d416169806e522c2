#include "posittune/evaluation/item_losses.h"

namespace posittune::evaluation {
namespace {

std::string items_key(const std::string& key) { return records::trial_key({{"items of", key}}); }

}  // namespace

Status put_items(records::Journal& journal, const std::string& key,
                 std::span<const metrics::ItemDivergence> losses) {
  records::ItemsEntry entry;
  for (const metrics::ItemDivergence& item : losses) {
    entry.sums.push_back(item.sum);
    entry.counts.push_back(item.count);
  }
  return journal.put(items_key(key), "items", records::entry_text(entry));
}

Result<records::ItemsEntry> find_items(const records::Journal& journal, const std::string& key) {
  auto found = journal.find(items_key(key));
  if (!found) return found.error();
  if (!*found) return records::ItemsEntry{};
  return records::entry_from<records::ItemsEntry>(**found);
}

}  // namespace posittune::evaluation
