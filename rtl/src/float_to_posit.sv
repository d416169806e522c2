// IEEE 754 binary format to posit: fp32 (8, 23), bf16 (8, 7), fp16 (5, 10).
//
// Rounds once as posit_encode does; infinities and NaN give NaR; both zeros give 0.
//
// Parameters  N 4..32, ES 0..4 of the posit; EXP, MAN: exponent and fraction bits of the float
// Ports       float_i, posit_o
// Latency     combinational.

module float_to_posit #(
    parameter int N = 16,
    parameter int ES = 1,
    parameter int EXP = 8,
    parameter int MAN = 23
) (
    input  logic [EXP+MAN:0] float_i,
    output logic [    N-1:0] posit_o
);

  localparam int Bias = (1 << (EXP - 1)) - 1;
  localparam int Count = $clog2(MAN + 1);
  localparam int Room = 1 << Count;                 // the fraction and zeros
  localparam int Keep = (N - 2 - ES > 1) ? N - 2 - ES : 1;
  localparam int Limit = $clog2(N * (1 << ES)) + 1;
  localparam int Least = $clog2(Bias + MAN + 2) + 1;
  localparam int Wide = ((Limit > Least) ? Limit : Least) + 1;

  generate
    if (N < posit_pkg::MinBits || N > posit_pkg::MaxBits) begin : g_bad_n
      $error("float_to_posit: N must be 4..32");
    end
    if (ES < 0 || ES > posit_pkg::MaxEs) begin : g_bad_es
      $error("float_to_posit: ES must be 0..4");
    end
    if (!((EXP == 8 && (MAN == 23 || MAN == 7)) || (EXP == 5 && MAN == 10))) begin : g_bad_format
      $error("float_to_posit: EXP, MAN must be 8, 23 (fp32), 8, 7 (bf16) or 5, 10 (fp16)");
    end
  endgenerate

  logic sign, special, zero, subnormal;
  logic [EXP-1:0] field;
  logic [MAN-1:0] fraction;
  assign {sign, field, fraction} = float_i;
  assign special = &field;
  assign subnormal = ~(|field);
  assign zero = subnormal & ~(|fraction);

  // ---- a subnormal's leading one is shifted out at the top
  logic [Room-1:0] work;
  logic [Count-1:0] count;
  always_comb begin
    work = '0;
    work[Room-1-:MAN] = fraction;
    count = '0;
    if (subnormal) begin
      for (int i = Count - 1; i >= 0; i--) begin
        if ((work >> (Room - (1 << i))) == '0) begin
          count[i] = 1'b1;
          work = work << (1 << i);
        end
      end
      work = work << 1;
    end
  end

  logic [Wide-1:0] exponent;
  assign exponent = (subnormal ? -{{(Wide - Count) {1'b0}}, count} : {{(Wide - EXP) {1'b0}}, field})
                    - Bias[Wide-1:0];

  logic [Keep-1:0] kept;
  logic rest;
  generate
    if (Room > Keep) begin : g_long
      assign kept = work[Room-1-:Keep];
      assign rest = |work[Room-1-Keep:0];
    end else begin : g_short
      assign kept = {work, {(Keep - Room) {1'b0}}};
      assign rest = 1'b0;
    end
  endgenerate

  logic [N-1:0] magnitude;
  posit_encode #(.N(N), .ES(ES), .EXP(Wide)) u_encode (
      .sign_i(1'b0), .exponent_i(exponent), .fraction_i(kept), .sticky_i(rest), .posit_o(magnitude));

  always_comb begin
    if (special) posit_o = {1'b1, {(N - 1) {1'b0}}};
    else if (zero) posit_o = '0;
    else posit_o = sign ? ~magnitude + {{(N - 1) {1'b0}}, 1'b1} : magnitude;
  end

endmodule
