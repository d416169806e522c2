#include "posittune/records/machine.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace posittune::records {
namespace {

using nlohmann::json;

TEST(Machine, RatesWhereTheyWereTimed) {
  const json document = json::parse(
      json_text({.version = "1",
                 .threads = 2,
                 .kernels = "avx2",
                 .targets = {{"avx2", true}},
                 .products = {{"int8", true, true, true, 500}, {"bf16", false, false, false, 0}},
                 .kernel_variable = "K",
                 .product_variable = "P"}));
  EXPECT_EQ(document["targets"], json::parse(R"([{"name": "avx2", "supported": true}])"));
  EXPECT_EQ(document["products"],
            json::parse(R"([{"name": "int8", "works": true, "used": true, "gflops": 500.0},
                            {"name": "bf16", "works": false, "used": false}])"));
  EXPECT_EQ(document["forced"], false);
  EXPECT_EQ(document["products_forced"], false);
}

}  // namespace
}  // namespace posittune::records
