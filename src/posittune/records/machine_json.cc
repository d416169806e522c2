#include "posittune/records/json_fields.h"
#include "posittune/records/machine.h"

namespace posittune::records {

std::string json_text(const Machine& machine) {
  nlohmann::ordered_json document = {{"version", machine.version},
                                     {"threads", machine.threads},
                                     {"kernels", machine.kernels},
                                     {"forced", machine.forced}};
  for (const MachineTarget& target : machine.targets)
    document["targets"].push_back({{"name", target.name}, {"supported", target.supported}});
  document["products_forced"] = machine.products_forced;
  for (const MachinePath& path : machine.products) {
    document["products"].push_back(
        {{"name", path.name}, {"works", path.works}, {"used", path.used}});
    if (path.gflops > 0) document["products"].back()["gflops"] = path.gflops;
  }
  return document_text(document);
}

}  // namespace posittune::records
