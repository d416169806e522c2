#include "posittune/records/search.h"

#include <gtest/gtest.h>

#include "tests/records/examples.h"

namespace posittune::records {
namespace {

TEST(SearchRecord, CsvHasALineForEachMetric) {
  EXPECT_EQ(
      csv_text(small_search().rows),
      "recipe,method,budget,bits_per_weight,bytes,activation_bits,mac_bits,energy,area,predicted_"
      "loss,search_loss,"
      "optimality_gap,metric,value,low,high,delta,delta_low,delta_high,noise,nonfinite\n"
      "search-4.5.yaml,search,bits "
      "4.5,4.5,1024,32,144,1e+06,250,0.25,0.3125,1e-10,kl,0.5,0.25,0.75,,,,false,2\n"
      "search-4.5.yaml,search,bits "
      "4.5,4.5,1024,32,144,1e+06,250,0.25,0.3125,1e-10,perplexity,20,19,21,0.5,0.25,0.75,true,2\n");
}

}  // namespace
}  // namespace posittune::records
