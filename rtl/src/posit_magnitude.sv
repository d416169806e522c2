// Sign, exponent and significand of a posit: for converters, which need a magnitude.
//
// Parameters  N 4..32, ES 0..4; FRAC, EXP derived as in posit_decode
// Ports       code_i
//             sign_o, exponent_o (two's complement), significand_o = {1, fraction}:
//                 value = (-1)^sign * 2^exponent * significand / 2^FRAC
//             zero_o, nar_o   then the others mean nothing
// Latency     combinational.

module posit_magnitude #(
    parameter int N = 8,
    parameter int ES = 1,
    parameter int FRAC = (N - 3 - ES > 0) ? N - 3 - ES : 0,
    parameter int EXP = $clog2(N - 1) + 1 + ES
) (
    input  logic [N-1:0]    code_i,
    output logic            sign_o,
    output logic [EXP-1:0]  exponent_o,
    output logic [FRAC:0]   significand_o,  // the leading one and the fraction
    output logic            zero_o,
    output logic            nar_o
);

  logic [N-1:0] magnitude;
  logic [FRAC+1:0] sig;
  logic [EXP-1:0] biased;
  logic nar, unused;

  assign sign_o = code_i[N-1];
  assign magnitude = sign_o ? ~code_i + N'(1) : code_i;  // NaR stays NaR
  posit_decode #(.N(N), .ES(ES)) u_decode (
      .code_i(magnitude), .sig_o(sig), .exp_o(biased), .nar_o(nar));

  assign nar_o = nar;
  assign zero_o = ~(|code_i);
  assign exponent_o = {~biased[EXP-1], biased[EXP-2:0]};
  assign significand_o = sig[FRAC:0];
  assign unused = sig[FRAC+1];

endmodule
