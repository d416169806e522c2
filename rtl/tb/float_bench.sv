// All formats and depths of float_mac for float_mac_tb.cc: unit 4*i + p has the format of entry i
// and PIPELINE p; the entries are those of rtl/syn/designs.py. Otherwise as int_bench.

module float_bench #(
    parameter int UNITS = 28
) (
    input  logic                clk_i,
    input  logic                rst_i,
    input  logic [   UNITS-1:0] valid_i,
    output logic [   UNITS-1:0] ready_o,
    input  logic [   UNITS-1:0] clear_i,
    input  logic [   UNITS-1:0] last_i,
    input  logic [32*UNITS-1:0] a_i,
    input  logic [32*UNITS-1:0] b_i,
    output logic [   UNITS-1:0] valid_o,
    input  logic [   UNITS-1:0] ready_i,
    output logic [32*UNITS-1:0] acc_o
);

  // fp8_e4m3, fp8_e5m2, fp6_e2m3, fp4_e2m1, bf16, fp16, fp32
  localparam int Exp[7] = '{4, 5, 2, 2, 8, 5, 8};
  localparam int Man[7] = '{3, 2, 3, 1, 7, 10, 23};
  localparam int Subnormal[7] = '{1, 1, 1, 1, 0, 1, 0};
  localparam int Specials[7] = '{1, 2, 0, 0, 2, 2, 2};

  generate
    for (genvar u = 0; u < UNITS; u++) begin : g_unit
      localparam int F = u / 4;
      localparam int Bits = 1 + Exp[F] + Man[F];
      float_mac #(.EXP(Exp[F]), .MAN(Man[F]), .SUBNORMAL(Subnormal[F]), .SPECIALS(Specials[F]), .PIPELINE(u % 4)) u_mac (
          .clk_i, .rst_i, .valid_i(valid_i[u]), .ready_o(ready_o[u]), .clear_i(clear_i[u]), .last_i(last_i[u]),
          .a_i(a_i[32*u+:Bits]), .b_i(b_i[32*u+:Bits]),
          .valid_o(valid_o[u]), .ready_i(ready_i[u]), .acc_o(acc_o[32*u+:32]));
    end
  endgenerate

endmodule
