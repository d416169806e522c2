// The test bench that goes with a unit.

#include <string>
#include <utility>

#include "posittune/formats/format.h"
#include "posittune/hardware/package.h"
#include "posittune/hardware/text.h"

namespace posittune::hardware {
namespace {

const char* const kBench =
    R"sv(// Self-checking test bench of @MODULE@ for @FORMATS@; needs vectors.hex and sums.hex beside it.
// Run: verilator --binary --timing -Wno-fatal -f filelist.f tb.sv --top-module tb && obj_dir/Vtb
module tb;
  localparam int Pairs = @PAIRS@, Sums = @SUMS@;
  logic [@PAIR_MSB@:0] pairs[Pairs];  // last, clear, a, b
  logic [@SUM_MSB@:0] sums[Sums];    // nar, acc
  logic clk = 0, rst = 1, valid = 0, ready = 0, clear, last, in_ready, out_valid, nar;
  logic [@A_MSB@:0] a;
  logic [@B_MSB@:0] b;
  logic [@ACC_MSB@:0] acc;
  int given = 0, taken = 0, random = 1;

  @MODULE@ #(@PARAMETERS@) dut (
      .clk_i(clk), .rst_i(rst), .valid_i(valid), .ready_o(in_ready), .clear_i(clear), .last_i(last), .a_i(a), .b_i(b),
      .valid_o(out_valid), .ready_i(ready), .acc_o(acc)@NAR_PORT@);
@NO_NAR@
  always #5 clk = ~clk;
  assign {last, clear, a, b} = pairs[given < Pairs ? given : 0];

  always @(posedge clk) begin
    if (!rst && out_valid && ready) begin
      if (nar !== sums[taken][@SUM_MSB@] || (!nar && acc !== sums[taken][@ACC_MSB@:0]))
        $fatal(1, "FAIL: sum %0d is %h, expected %h (NaR %b, %b)", taken, acc, sums[taken][@ACC_MSB@:0], nar, sums[taken][@SUM_MSB@]);
      taken <= taken + 1;
      if (taken + 1 == Sums) begin
        $display("PASS: %0d sums of %0d pairs", Sums, Pairs);
        $finish;
      end
    end
    if (!rst && valid && in_ready) given <= given + 1;
  end

  // A pair that is offered stays until it is taken.
  always @(negedge clk) begin
    random = random * 1103515245 + 12345;
    valid = given < Pairs && ((valid && !in_ready) || random[17:16] != 0);
    ready = random[21:20] != 0;
  end

  initial begin
    $readmemh("vectors.hex", pairs);
    $readmemh("sums.hex", sums);
    repeat (3) @(negedge clk);
    rst = 0;
    repeat (20 * Pairs + 100) @(negedge clk);
    $fatal(1, "FAIL: %0d of %0d sums came", taken, Sums);
  end
endmodule
)sv";

}  // namespace

std::string test_bench(const Unit& unit, const Vectors& vectors) {
  std::string parameters;
  for (const auto& [name, value] : unit.parameters)
    parameters += (parameters.empty() ? "." : ", .") + name + "(" + std::to_string(value) + ")";
  const int a = unit.weight.bits, b = unit.activation.bits, acc = unit.accumulator_bits;
  std::string text = kBench;
  const std::pair<const char*, std::string> fields[] = {
      {"@MODULE@", unit.module},
      {"@FORMATS@", formats::name(unit.weight) + " x " + formats::name(unit.activation)},
      {"@PAIRS@", std::to_string(vectors.pairs.size())},
      {"@SUMS@", std::to_string(vectors.sums.size())},
      {"@PAIR_MSB@", std::to_string(a + b + 1)},
      {"@SUM_MSB@", std::to_string(acc)},
      {"@A_MSB@", std::to_string(a - 1)},
      {"@B_MSB@", std::to_string(b - 1)},
      {"@ACC_MSB@", std::to_string(acc - 1)},
      {"@PARAMETERS@", parameters},
      {"@NAR_PORT@", unit.has_nar ? ", .nar_o(nar)" : ""},
      {"@NO_NAR@", unit.has_nar ? "" : "  assign nar = 1'b0;\n"}};
  for (const auto& [what, with] : fields) text = replaced(std::move(text), what, with);
  return text;
}

}  // namespace posittune::hardware
