// posit to a symmetric two's complement integer: round to nearest even, saturating at +-(2^(BITS-1)-1).
// NaR gives -2^(BITS-1), the code that no number uses.
//
// Parameters  N 4..32, ES 0..4; BITS 4..32
// Ports       posit_i, int_o
// Latency     combinational.

module posit_to_int #(
    parameter int N = 16,
    parameter int ES = 1,
    parameter int BITS = 8
) (
    input  logic [   N-1:0] posit_i,
    output logic [BITS-1:0] int_o
);

  localparam int Frac = (N - 3 - ES > 0) ? N - 3 - ES : 0;
  localparam int Exp = $clog2(N - 1) + 1 + ES;
  localparam int Shift = $clog2(BITS + 1);
  localparam int Text = BITS + 1 + Frac;  // value * 2 (down to one half), and fraction bits below

  generate
    if (N < posit_pkg::MinBits || N > posit_pkg::MaxBits) begin : g_bad_n
      $error("posit_to_int: N must be 4..32");
    end
    if (ES < 0 || ES > posit_pkg::MaxEs) begin : g_bad_es
      $error("posit_to_int: ES must be 0..4");
    end
    if (BITS < 4 || BITS > 32) begin : g_bad_bits
      $error("posit_to_int: BITS must be 4..32");
    end
  endgenerate

  logic sign, zero, nar;
  logic [Exp-1:0] exponent;
  logic [Frac:0] significand;
  posit_magnitude #(.N(N), .ES(ES)) u_magnitude (
      .code_i(posit_i), .sign_o(sign), .exponent_o(exponent), .significand_o(significand),
      .zero_o(zero), .nar_o(nar));

  logic signed [Exp+7:0] wide;   // exponent + 1: shift of the significand from one half upwards
  logic below_half, too_large, up;
  logic [Shift-1:0] shift;
  logic [Text-1:0] text;
  logic [BITS-1:0] truncated, magnitude;

  assign wide = {{8{exponent[Exp-1]}}, exponent} + 1;
  assign below_half = wide < 0;
  assign too_large = wide >= $signed((Exp + 8)'(BITS));
  assign shift = Shift'(wide);
  assign text = {{BITS{1'b0}}, significand} << shift;
  assign truncated = text[Text-1-:BITS];
  generate
    if (Frac > 0) begin : g_rest
      assign up = text[Frac] & ((|text[Frac-1:0]) | truncated[0]);
    end else begin : g_no_rest
      assign up = text[Frac] & truncated[0];
    end
  endgenerate

  always_comb begin
    magnitude = truncated + {{(BITS - 1) {1'b0}}, up};
    if (too_large || magnitude[BITS-1]) magnitude = {1'b0, {(BITS - 1) {1'b1}}};
    if (below_half || zero) magnitude = '0;
    if (nar) int_o = {1'b1, {(BITS - 1) {1'b0}}};
    else int_o = sign ? ~magnitude + BITS'(1) : magnitude;
  end

endmodule
