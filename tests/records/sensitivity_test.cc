#include "posittune/records/sensitivity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/records/examples.h"

namespace posittune::records {
namespace {

using nlohmann::json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Sensitivity, JsonText) { EXPECT_EQ(json_text(small_sensitivity()), kSensitivityText); }

TEST(Sensitivity, NameThatIsNotUtf8) {
  Sensitivity sensitivity = small_sensitivity();
  sensitivity.rows[0].layer = "a\xff";
  EXPECT_EQ(json::parse(json_text(sensitivity))["rows"][0]["layer"], "a\xef\xbf\xbd");
}

TEST(Sensitivity, CsvText) {
  SensitivityRow activations;
  activations.layer = "say \"x\"\n";
  activations.format = "int8";
  activations.scale = "absmax";
  activations.granularity = "tensor";
  activations.what = "a";
  activations.tier = "proxy";
  activations.score = 1e-30;
  activations.low = std::nan("");
  activations.high = kInfinity;
  EXPECT_EQ(csv_text(std::vector{small_sensitivity_row(), activations}),
            "layer,weight,format,scale,granularity,what,tier,score,low,high,error,signal,bits,"
            "parameters,units,stopped\n"
            "/h.0/mlp,h.0.mlp.weight,\"posit<8,1>\",rms_pow2,channel,wa,exact,0.5,0.25,0.75,1.5,"
            "12,8200,1024,64,tight\n"
            "\"say \"\"x\"\"\n\",,int8,absmax,tensor,a,proxy,1e-30,NaN,Infinity,0,0,0,0,0,\n");
}

TEST(Sensitivity, ChannelsCsvText) {
  EXPECT_EQ(csv_text(small_sensitivity().channels),
            "layer,weight,format,scale,granularity,first,count,tier,score,low,high,error\n"
            "/h.0/mlp,h.0.mlp.weight,int4,mse,channel,8,4,proxy,0.125,-1,1,0.0625\n");
}

TEST(Sensitivity, CsvWithoutRows) {
  EXPECT_EQ(csv_text(std::vector<ChannelRow>{}),
            "layer,weight,format,scale,granularity,first,count,tier,score,low,high,error\n");
}

}  // namespace
}  // namespace posittune::records
