// Exponent and fraction to a posit: the rounding stage behind posit_round and float_to_posit.
//
//   | sign_i | regime of r | e | fraction |   with r*2^ES + e = exponent_i, cut to N bits
//
// Round to nearest, ties to even on this bit string (posit standard 2022, section 4.1); saturates: the
// result is never zero nor NaR. For a negative number the fields are those of the bits themselves
// (see posit_decode), so the same limits hold for both signs: all ones, and one.
//
// Parameters  N 4..32, ES 0..4
//             EXP    bits of exponent_i, two's complement; at least ceil(log2(N * 2^ES)) + 1
//             KEEP   derived: fraction bits; one past the longest fraction
// Ports       fraction_i, and sticky_i: something nonzero was cut off below it
// Latency     combinational.

module posit_encode #(
    parameter int N = 8,
    parameter int ES = 1,
    parameter int EXP = 7,
    parameter int KEEP = (N - 2 - ES > 1) ? N - 2 - ES : 1
) (
    input  logic            sign_i,
    input  logic [ EXP-1:0] exponent_i,
    input  logic [KEEP-1:0] fraction_i,
    input  logic            sticky_i,
    output logic [   N-1:0] posit_o
);

  localparam int Regime = EXP - ES;
  localparam int Text = 2 + ES + KEEP;          // shortest regime, exponent, fraction
  localparam int Amount = $clog2(N - 2);        // a longer regime shifts the text by 0..N-3

  logic signed [Regime-1:0] regime;
  assign regime = exponent_i[EXP-1:ES];

  // ---- the bit string: a regime of r ones, or of ~r more zeros, shifts the text down
  logic first;                          // the bit after the sign
  logic [Amount-1:0] amount;
  logic signed [Text+N-4:0] text;       // N-3 places below, so that no bit is lost
  logic [N-2:0] body;
  logic guard, sticky;

  assign first = ~regime[Regime-1];
  assign amount = Amount'(regime) ^ {Amount{~first}};
  generate
    if (ES > 0) begin : g_exponent
      assign text = $signed({first, ~first, exponent_i[ES-1:0], fraction_i, {(N - 3) {1'b0}}}) >>> amount;
    end else begin : g_no_exponent
      assign text = $signed({first, ~first, fraction_i, {(N - 3) {1'b0}}}) >>> amount;
    end
  endgenerate
  assign body = text[Text+N-4-:N-1];
  assign guard = text[Text-3];
  assign sticky = sticky_i | (|text[Text-4:0]);

  // ---- round and saturate. In raw bits both signs meet the same limits: all ones, and one.
  logic all_ones, least, up;
  logic [N-2:0] rounded;
  assign all_ones = regime >= $signed(Regime'(N - 2));
  assign least = regime <= -$signed(Regime'(N - 1));
  assign up = guard & (sticky | body[0]);
  always_comb begin
    if (all_ones) rounded = '1;
    else if (least) rounded = (N - 1)'(1);
    else rounded = body + {{(N - 2) {1'b0}}, up};
    posit_o = {sign_i, rounded};
  end

endmodule
