// A fixed-point sum to the nearest posit, ties to even on the bit string (posit standard 2022,
// section 4.1): saturates at maxpos and minpos, a nonzero sum never gives zero nor NaR.
//
// As in posit_decode, nothing is negated. Let p be the place of the first bit from the top that
// differs from the sign s, and f the bits below it. The sum is (1 + f) * 2^p for s = 0 and
// (-2 + f) * 2^p for s = 1, and the bits of the posit, negative or not, are
//
//   | s | regime of r | e | f |    with r*2^ES + e = (s ? ~p : p)
//
// cut to N bits. Two's complement negation keeps distances and the parity of ties, so rounding this
// string rounds the value. A sum of -1 unit has no bit that differs: a zero below the last bit is.
//
// Parameters  N 4..32, ES 0..4
//             WIDTH   bits of the sum, sign included
//             LSB     bit 0 of the sum weighs 2^LSB
// Ports       sum_i, nar_i   two's complement sum; NaR
//             posit_o        posit<N,ES>
// Latency     combinational.

module posit_round #(
    parameter int N = 8,
    parameter int ES = 1,
    parameter int LSB = -2 * (N - 2) * (1 << ES),
    parameter int WIDTH = 2 * (N - 2) * (1 << ES) - LSB + 2 + posit_pkg::DefaultGuard
) (
    input  logic [WIDTH-1:0] sum_i,
    input  logic             nar_i,
    output logic [    N-1:0] posit_o
);

  localparam int Count = $clog2(WIDTH);         // bits of a number 0..WIDTH-1
  localparam int Room = 1 << Count;             // normaliser: WIDTH-1 bits and at least one zero
  localparam int Top = WIDTH - 2 + LSB;         // weight of the bit after the sign
  // p = Top - count, LSB - 1 <= p <= Top: Exp bits hold it with its sign.
  // The regime must also hold +-(N-1), the limits of saturation.
  localparam int Reach = (Top + 1 > 1 - LSB) ? Top + 1 : 1 - LSB;
  localparam int Limit = N * (1 << ES);
  localparam int Exp = $clog2((Reach > Limit) ? Reach : Limit) + 1;
  // One fraction bit past the longest fraction; below it a sticky bit is enough.
  localparam int Keep = (N - 2 - ES > 1) ? N - 2 - ES : 1;

  generate
    if (N < posit_pkg::MinBits || N > posit_pkg::MaxBits) begin : g_bad_n
      $error("posit_round: N must be 4..32");
    end
    if (ES < 0 || ES > posit_pkg::MaxEs) begin : g_bad_es
      $error("posit_round: ES must be 0..4");
    end
    if (WIDTH < 4) begin : g_bad_width
      $error("posit_round: WIDTH must be at least 4");
    end
  endgenerate

  // ---- normalise: shift out the copies of the sign, counting them
  logic sign, zero;
  logic [Room-1:0] work;
  logic [Count-1:0] count;

  assign sign = sum_i[WIDTH-1];
  assign zero = ~(|sum_i);

  always_comb begin
    work = '0;
    work[Room-1-:WIDTH-1] = sum_i[WIDTH-2:0];
    count = '0;
    for (int i = Count - 1; i >= 0; i--) begin
      if ((work >> (Room - (1 << i))) == ({Room{sign}} >> (Room - (1 << i)))) begin
        count[i] = 1'b1;
        work = work << (1 << i);
      end
    end
  end

  // ---- fraction, below the bit that differs
  logic [Keep-1:0] fraction;
  logic rest;
  generate
    if (Room - 1 > Keep) begin : g_long
      assign fraction = work[Room-2-:Keep];
      assign rest = |work[Room-2-Keep:0];
    end else begin : g_short
      assign fraction = {work[Room-2:0], {(Keep - Room + 1) {1'b0}}};
      assign rest = 1'b0;
    end
  endgenerate

  // ---- exponent, as the bits of the code show it
  logic [Exp-1:0] exponent;
  logic [N-1:0] rounded;
  assign exponent = (Exp'(Top) - Exp'(count)) ^ {Exp{sign}};
  posit_encode #(.N(N), .ES(ES), .EXP(Exp)) u_encode (
      .sign_i(sign), .exponent_i(exponent), .fraction_i(fraction), .sticky_i(rest),
      .posit_o(rounded));

  always_comb begin
    if (nar_i) posit_o = {1'b1, {(N - 1) {1'b0}}};
    else if (zero) posit_o = '0;
    else posit_o = rounded;
  end

endmodule
