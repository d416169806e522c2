// A binary floating-point code to sign, normalised significand and exponent.
//
// Parameters  EXP, MAN   bits of exponent (2..8) and fraction
//             SUBNORMAL  1: subnormals count; 0: they read as zero
//             SPECIALS   2: all-ones exponent is infinity or NaN (IEEE 754)
//                        1: only the code of all ones is NaN, there is no infinity (OCP fp8_e4m3)
//                        0: neither (OCP fp6, fp4)
// Ports       code_i     sign, exponent, fraction
//             sig_o      hidden bit and fraction, topmost bit set; 0 for zero
//             exp_o      signed, biased: value = sig * 2^(exp - BIAS - MAN), BIAS = 2^(EXP-1)-1
//             inf_o, nan_o  then sig_o and exp_o may be anything
// Latency     combinational.

module float_decode #(
    parameter int EXP = 8,
    parameter int MAN = 7,
    parameter int SUBNORMAL = 0,
    parameter int SPECIALS = 2
) (
    input  logic [EXP+MAN:0]        code_i,
    output logic                    sign_o,
    output logic [MAN:0]            sig_o,
    output logic signed [EXP+1:0]   exp_o,
    output logic                    inf_o,
    output logic                    nan_o
);

  logic [EXP-1:0] exponent;
  logic [MAN-1:0] fraction;
  logic normal, all_ones;
  assign {sign_o, exponent, fraction} = code_i;
  assign normal = |exponent;
  assign all_ones = &exponent;

  generate
    if (SUBNORMAL != 0) begin : g_subnormal
      localparam int CountBits = $clog2(MAN + 2);
      logic [CountBits-1:0] count;
      always_comb begin
        count = CountBits'(MAN + 1);
        for (int i = 0; i < MAN; i++) begin
          if (fraction[i]) count = CountBits'(MAN - i);
        end
        if (normal) count = '0;
      end
      assign sig_o = {normal, fraction} << count;
      assign exp_o = $signed({2'b0, exponent[EXP-1:1], exponent[0] | ~normal}) - $signed((EXP + 2)'(count));
    end else begin : g_flush
      assign sig_o = {1'b1, fraction} & {(MAN + 1) {normal}};
      assign exp_o = $signed({2'b0, exponent});
    end
  endgenerate

  generate
    if (SPECIALS == 2) begin : g_ieee
      assign inf_o = all_ones & ~(|fraction);
      assign nan_o = all_ones & (|fraction);
    end else if (SPECIALS == 1) begin : g_nan
      assign inf_o = 1'b0;
      assign nan_o = all_ones & (&fraction);
    end else begin : g_none
      assign inf_o = 1'b0;
      assign nan_o = 1'b0;
      logic unused;
      assign unused = all_ones;
    end
  endgenerate

endmodule
