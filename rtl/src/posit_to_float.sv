// posit to an IEEE 754 binary format: fp32 (8, 23), bf16 (8, 7), fp16 (5, 10).
//
// Round to nearest even, with subnormals; overflow gives infinity; NaR gives the quiet NaN 0.1..1.10..0.
//
// Parameters  N 4..32, ES 0..4 of the posit; EXP, MAN: exponent and fraction bits of the float
// Ports       posit_i, float_o
// Latency     combinational.

module posit_to_float #(
    parameter int N = 16,
    parameter int ES = 1,
    parameter int EXP = 8,
    parameter int MAN = 23
) (
    input  logic [      N-1:0] posit_i,
    output logic [EXP+MAN:0]   float_o
);

  localparam int Frac = (N - 3 - ES > 0) ? N - 3 - ES : 0;
  localparam int PositExp = $clog2(N - 1) + 1 + ES;
  localparam int Wide = ((PositExp > EXP) ? PositExp : EXP) + 2;  // exponent + bias, signed
  localparam int Bias = (1 << (EXP - 1)) - 1;
  localparam int Text = MAN + 2 + Frac;  // leading one, MAN bits, the rest; what falls off is sticky

  generate
    if (N < posit_pkg::MinBits || N > posit_pkg::MaxBits) begin : g_bad_n
      $error("posit_to_float: N must be 4..32");
    end
    if (ES < 0 || ES > posit_pkg::MaxEs) begin : g_bad_es
      $error("posit_to_float: ES must be 0..4");
    end
    if (!((EXP == 8 && (MAN == 23 || MAN == 7)) || (EXP == 5 && MAN == 10))) begin : g_bad_format
      $error("posit_to_float: EXP, MAN must be 8, 23 (fp32), 8, 7 (bf16) or 5, 10 (fp16)");
    end
  endgenerate

  logic sign, zero, nar;
  logic [PositExp-1:0] exponent;
  logic [Frac:0] significand;
  posit_magnitude #(.N(N), .ES(ES)) u_magnitude (
      .code_i(posit_i), .sign_o(sign), .exponent_o(exponent), .significand_o(significand),
      .zero_o(zero), .nar_o(nar));

  logic signed [Wide-1:0] biased;
  logic subnormal, overflow, up;
  logic [Wide-1:0] down;
  logic [Text-1:0] text, moved;
  logic [EXP+MAN-1:0] truncated, magnitude;

  assign biased = {{(Wide - PositExp) {exponent[PositExp-1]}}, exponent} + Wide'(Bias);
  assign subnormal = biased <= 0;
  assign overflow = biased >= $signed(Wide'((1 << EXP) - 1));
  assign down = subnormal ? Wide'(1) - biased : '0;
  assign text = {significand, {(MAN + 1) {1'b0}}};
  assign moved = text >> down;  // where bits fall off below, the bit that rounds is zero

  // Exponent and fraction are one number: rounding up carries into the exponent as it should.
  assign truncated = {subnormal ? {EXP{1'b0}} : biased[EXP-1:0], moved[Text-2-:MAN]};
  generate
    if (Frac > 0) begin : g_rest
      assign up = moved[Text-2-MAN] & ((|moved[Text-3-MAN:0]) | truncated[0]);
    end else begin : g_no_rest
      assign up = moved[Text-2-MAN] & truncated[0];
    end
  endgenerate
  assign magnitude = truncated + {{(EXP + MAN - 1) {1'b0}}, up};

  always_comb begin
    if (nar) float_o = {1'b0, {EXP{1'b1}}, 1'b1, {(MAN - 1) {1'b0}}};
    else if (zero) float_o = '0;
    else if (overflow) float_o = {sign, {EXP{1'b1}}, {MAN{1'b0}}};
    else float_o = {sign, magnitude};
  end

endmodule
